// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "commands/child.h"

void inherited_save(struct inherited *inherited)
{
	sigprocmask(SIG_SETMASK, NULL, &inherited->mask);
	sigaction(SIGPIPE, NULL, &inherited->pipe);
	sigaction(SIGCHLD, NULL, &inherited->chld);
	getrlimit(RLIMIT_MEMLOCK, &inherited->memlock);
}

static void child_exec(const struct child *child, char **argv, const struct inherited *inherited)
{
	ssize_t length;
	char byte;
	int error;

	sigaction(SIGPIPE, &inherited->pipe, NULL);
	sigaction(SIGCHLD, &inherited->chld, NULL);
	setrlimit(RLIMIT_MEMLOCK, &inherited->memlock);
	do
		length = read(child->go, &byte, 1);
	while (length < 0 && errno == EINTR);
	if (length != 1)
		_exit(127); /* nobody is there to let us run */
	sigprocmask(SIG_SETMASK, &inherited->mask, NULL);
	execvp(argv[0], argv);
	error = errno;
	length = write(child->error, &error, sizeof(error));
	_exit(length == sizeof(error) ? child_exec_status(-error) : 127);
}

int child_start(struct child *child, char **argv, const struct inherited *inherited)
{
	int go[2], failed[2];

	if (pipe2(go, O_CLOEXEC))
		return -errno;
	if (pipe2(failed, O_CLOEXEC)) {
		close(go[0]);
		close(go[1]);
		return -errno;
	}
	fflush(NULL);
	child->pid = fork();
	if (!child->pid) {
		close(go[1]);
		close(failed[0]);
		child->go = go[0];
		child->error = failed[1];
		child_exec(child, argv, inherited);
	}
	close(go[0]);
	close(failed[1]);
	child->go = go[1];
	child->error = failed[0];
	if (child->pid >= 0)
		return 0;
	close(child->go);
	close(child->error);
	return -EAGAIN;
}

static void child_reap(const struct child *child)
{
	while (waitpid(child->pid, NULL, 0) < 0 && errno == EINTR)
		;
}

void child_drop(struct child *child)
{
	close(child->go);
	close(child->error);
	child_reap(child);
}

int child_run(struct child *child)
{
	bool let_go = write(child->go, "", 1) == 1;
	ssize_t length = 0;
	int error = 0;

	close(child->go);
	/* Ends without a byte when execvp() closes the other end; also where it had died before. */
	do
		length = let_go ? read(child->error, &error, sizeof(error)) : 0;
	while (length < 0 && errno == EINTR);
	close(child->error);
	if (length != sizeof(error))
		return 0;
	child_reap(child);
	return -error;
}

bool child_ended(const struct child *child, int *status)
{
	return waitpid(child->pid, status, WNOHANG) == child->pid;
}

int child_exit_status(int status)
{
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

int child_exec_status(int error)
{
	return error == -ENOENT ? 127 : 126;
}

bool child_needs_signal(int si_code)
{
	return si_code != SI_KERNEL;
}
