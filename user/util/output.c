// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "util/cleanup.h"
#include "util/output.h"

static int output_failed(const char *path, struct reason *why)
{
	return reason_set(why, -errno, "%s: %s", path, strerror(errno));
}

/* Whether what is there may give way: an empty file, or one that begins with @like. */
static int check_replaceable(const char *path, const char *like, struct reason *why)
{
	CLEANUP_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC);
	char begin[64];
	ssize_t length;

	if (fd < 0)
		return output_failed(path, why);
	length = read(fd, begin, strlen(like));
	if (length < 0)
		return output_failed(path, why);
	if (!length || ((size_t)length == strlen(like) && !memcmp(begin, like, strlen(like))))
		return 0;
	return reason_set(why, -EEXIST,
			  "%s is there and is no page: remove it, or choose another "
			  "name",
			  path);
}

static int open_in_place(struct output *output, struct reason *why)
{
	bool is_stdout = !strcmp(output->path, "-");
	int fd = is_stdout ? dup(STDOUT_FILENO) : open(output->path, O_WRONLY | O_CLOEXEC);

	output->file = fd < 0 ? NULL : fdopen(fd, "w");
	return output->file ? 0 : output_failed(is_stdout ? "stdout" : output->path, why);
}

static int open_beside(struct output *output, struct reason *why)
{
	mode_t mask = umask(0);
	int fd;

	umask(mask);
	if (asprintf(&output->temporary, "%s.XXXXXX", output->path) < 0) {
		output->temporary = NULL;
		errno = ENOMEM;
		return output_failed(output->path, why);
	}
	fd = mkostemp(output->temporary, O_CLOEXEC);
	if (fd < 0) {
		int error = output_failed(output->path, why);

		free(output->temporary);
		output->temporary = NULL;
		return error;
	}
	fchmod(fd, 0666 & ~mask);
	output->file = fdopen(fd, "w");
	return output->file ? 0 : output_failed(output->path, why);
}

int output_open(struct output *output, const char *path, const char *like, struct reason *why)
{
	struct stat st;
	int error = 0;

	*output = (struct output){ .path = path };
	if (!strcmp(path, "-"))
		return open_in_place(output, why);
	if (!stat(path, &st)) {
		if (S_ISDIR(st.st_mode)) {
			errno = EISDIR;
			return output_failed(path, why);
		}
		if (!S_ISREG(st.st_mode))
			return open_in_place(output, why);
		error = check_replaceable(path, like, why);
	}
	return error ?: open_beside(output, why);
}

int output_commit(struct output *output, struct reason *why)
{
	const char *name = strcmp(output->path, "-") ? output->path : "stdout";
	FILE *file = output->file;
	int error = fflush(file) || ferror(file) ? output_failed(name, why) : 0;

	output->file = NULL;
	if (fclose(file) && !error)
		error = output_failed(name, why);
	if (error || !output->temporary)
		return error;
	if (rename(output->temporary, output->path))
		return output_failed(name, why);
	free(output->temporary);
	output->temporary = NULL;
	return 0;
}

void output_close(struct output *output)
{
	if (output->file)
		fclose(output->file);
	if (output->temporary)
		unlink(output->temporary);
	free(output->temporary);
}
