// SPDX-License-Identifier: GPL-2.0-only
/* ephemport doctor: what this kernel and these privileges allow, tried, not guessed. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "commands/commands.h"
#include "trace/cgroup.h"
#include "trace/kernel.h"
#include "trace/tracer.h"

struct doctor_options {
	bool json, verbose;
};

static const struct option_spec doctor_specs[] = {
	{ .name = "json",
	  .help = "one JSON object for each path",
	  .parse = parse_flag,
	  .offset = offsetof(struct doctor_options, json) },
	{ .name = "verbose",
	  .letter = 'v',
	  .help = "also what libbpf says while it loads",
	  .parse = parse_flag,
	  .offset = offsetof(struct doctor_options, verbose) },
};

static const struct option_group doctor_groups[] = {
	OPTION_GROUP("Options", doctor_specs, 0),
	{ 0 },
};

/* What a backend did when it was tried. */
struct trial {
	unsigned int paths;		  /* 1 << enum alloc_path: that it traces */
	char message[TRACER_MESSAGE_LEN]; /* why not, "" */
};

static void backend_try(const char *name, bool verbose, struct trial *trial)
{
	struct tracer_options options = {
		.config.paths = (1u << PATH_COUNT) - 1,
		.buffer_bytes = TRACER_BUFFER_MIN,
		.backend = name,
		.verbose = verbose,
	};
	__attribute__((cleanup(tracer__freep))) struct tracer *tracer = NULL;

	trial->paths = tracer__new(&options, &tracer, trial->message) ? 0 : tracer__paths(tracer);
}

/* The backend that "auto" gives a path: the first that traces it, BACKEND_COUNT where none does. */
static enum backend path_backend(const struct trial *trials, int path)
{
	enum backend backend = 0;

	while (backend < BACKEND_COUNT && !(trials[backend].paths & (1u << path)))
		backend++;
	return backend;
}

static const char *backend_limits(enum backend backend)
{
	switch (backend) {
	case BACKEND_FENTRY:
		return "latency and examined";
	case BACKEND_TRACEPOINT:
		return "latency an upper bound; io_uring and kernel sockets in part";
	default:
		return "not traced";
	}
}

static void doctor_line(bool good, const char *what, const char *format, const char *detail)
{
	printf("%-4s  %-12s  ", good ? "ok" : "no", what);
	printf(format, detail);
	putchar('\n');
}

static void doctor_kernel(void)
{
	struct kernel_facts facts;
	struct utsname names;
	char range[64] = "";
	FILE *file = fopen("/proc/sys/net/ipv4/ip_local_port_range", "re");
	int btf = kernel_facts_read(&facts), cgroup = cgroup_root_open();

	uname(&names);
	doctor_line(true, "kernel", "%s", names.release);
	if (file && fgets(range, sizeof(range), file)) {
		range[strcspn(range, "\n")] = '\0';
		range[strcspn(range, "\t")] = '-';
		doctor_line(true, "range", "%s in this namespace", range);
	}
	if (file)
		fclose(file);
	doctor_line(!geteuid(), "privileges", "%s",
		    geteuid() ? "not root; CAP_BPF, CAP_PERFMON and CAP_NET_ADMIN are enough" :
				"root");
	doctor_line(!btf, "BTF", "%s",
		    btf ? "none: the kernel needs CONFIG_DEBUG_INFO_BTF" :
			  "/sys/kernel/btf/vmlinux");
	kernel_facts_free(&facts);
	doctor_line(cgroup >= 0, "cgroup v2", "%s", cgroup < 0 ? strerror(-cgroup) : "root opened");
	if (cgroup >= 0)
		close(cgroup);
}

static int doctor_run(const struct command *command, int argc, char **argv)
{
	struct doctor_options options = { 0 };
	struct trial trials[BACKEND_COUNT] = { 0 };
	struct arguments args;
	unsigned int paths = 0;
	int status = options_parse(command, argc, argv, &options, &args);

	if (status || args.help)
		return status;
	if (!options.json)
		doctor_kernel();
	for (int backend = 0; backend < BACKEND_COUNT; backend++) {
		const char *name = backend_name((enum backend)backend);
		struct trial *trial = &trials[backend];

		backend_try(name, options.verbose, trial);
		paths |= trial->paths;
		if (!options.json)
			doctor_line(trial->paths, name, "%s",
				    *trial->message ? trial->message : "loads and attaches");
	}
	if (!options.json)
		printf("\n%-8s  %-10s  %s\n", "PATH", "BACKEND", "KNOWS");
	for (int path = 0; path < PATH_COUNT; path++) {
		enum backend backend = path_backend(trials, path);
		const char *name = backend < BACKEND_COUNT ? backend_name(backend) : NULL;

		if (!options.json)
			printf("%-8s  %-10s  %s\n", path_name((enum alloc_path)path),
			       name ? name : "-", backend_limits(backend));
		else
			printf("{\"type\":\"doctor\",\"path\":\"%s\",\"backend\":%s%s%s}\n",
			       path_name((enum alloc_path)path), name ? "\"" : "",
			       name ? name : "null", name ? "\"" : "");
	}
	return paths ? EXIT_DONE : EXIT_UNSUPPORTED;
}

const struct command command_doctor = {
	.name = "doctor",
	.args = "",
	.summary = "what this kernel and these privileges allow, and which backend each path gets",
	.description =
		"Tries each backend for real, loads and attaches it, and takes it off again. "
		"Status 3 where no allocation can be traced at all.",
	.groups = doctor_groups,
	.run = doctor_run,
};
