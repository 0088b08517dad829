// SPDX-License-Identifier: GPL-2.0-only
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "trace/backend.h"
#include "config.h"
#include "stat.h"
#include "state.h"
#include "fentry.skel.h"
#include "tracepoint.skel.h"

#define CONNECT	 (1u << PATH_CONNECT)
#define BIND	 (1u << PATH_BIND)
#define LISTEN	 (1u << PATH_LISTEN)
#define AUTOBIND (1u << PATH_AUTOBIND)
#define EXPLICIT (1u << PATH_EXPLICIT)
#define BOTH	 (CLASS_TCP | CLASS_UDP)

/* Those that only add come first, so that they run before the first allocation is traced. */
static const struct backend_program fentry_programs[] = {
	{ "bind_conflict4", GROUP_CONFLICT, BIND | LISTEN, CLASS_TCP, 4 },
	{ "bind_conflict5", GROUP_CONFLICT, BIND | LISTEN, CLASS_TCP, 5 },
	{ "bind_any_conflict", GROUP_CONFLICT, BIND | LISTEN, CLASS_TCP, 5 },
	{ "random_draw", GROUP_DRAW, BIND | AUTOBIND, CLASS_UDP, 0 },
	{ "timewait_taken", GROUP_TIMEWAIT, CONNECT, CLASS_TCP, 0 },
	{ "reserved_enter", GROUP_RESERVED, 0, BOTH, 0 },
	{ "reserved_written", GROUP_RESERVED, 0, BOTH, 0 },
	{ "tuple_check4", GROUP_EXPLAIN, CONNECT, CLASS_TCP, 4 },
	{ "tuple_check6", GROUP_EXPLAIN, CONNECT, CLASS_TCP, 6 },
	{ "tuple6_check4", GROUP_EXPLAIN, CONNECT, CLASS_TCP, 4 },
	{ "tuple6_check6", GROUP_EXPLAIN, CONNECT, CLASS_TCP, 6 },
	{ "timewait_check", GROUP_EXPLAIN, CONNECT, CLASS_TCP, 0 },
	{ "range_enter", GROUP_RANGE, 0, BOTH, 0 },
	{ "range_exit", GROUP_RANGE, 0, BOTH, 0 },
	{ "autobind_enter", GROUP_AUTOBIND, BIND | AUTOBIND, CLASS_UDP, 0 },
	{ "descendant_fork", GROUP_DESCENDANTS, 0, BOTH, 0 },
	{ "descendant_exit", GROUP_DESCENDANTS, 0, BOTH, 0 },
	{ "connect_exit4", GROUP_CONNECT, CONNECT | EXPLICIT, CLASS_TCP, 4 },
	{ "connect_exit5", GROUP_CONNECT, CONNECT | EXPLICIT, CLASS_TCP, 5 },
	{ "connect_enter", GROUP_CONNECT, CONNECT | EXPLICIT, CLASS_TCP, 0 },
	{ "get_port_exit", GROUP_TCP_PORT, BIND | LISTEN | EXPLICIT, CLASS_TCP, 0 },
	{ "get_port_enter", GROUP_TCP_PORT, BIND | LISTEN | EXPLICIT, CLASS_TCP, 0 },
	{ "udp_get_port_exit", GROUP_UDP_PORT, BIND | AUTOBIND | EXPLICIT, CLASS_UDP, 0 },
	{ "udp_get_port_enter", GROUP_UDP_PORT, BIND | AUTOBIND | EXPLICIT, CLASS_UDP, 0 },
	{ 0 },
};

static const struct backend_program tracepoint_programs[] = {
	{ "descendant_fork", GROUP_DESCENDANTS, 0, BOTH, 0 },
	{ "descendant_exit", GROUP_DESCENDANTS, 0, BOTH, 0 },
	{ "set_state", GROUP_CONNECT, CONNECT | LISTEN, CLASS_TCP, 0 },
	{ "connect_done", GROUP_CONNECT, CONNECT, CLASS_TCP, 0 },
	{ "bind4_begin", GROUP_TCP_PORT, BIND | EXPLICIT, BOTH, 0 },
	{ "bind6_begin", GROUP_TCP_PORT, BIND | EXPLICIT, BOTH, 0 },
	{ "bind4_done", GROUP_TCP_PORT, BIND | EXPLICIT, BOTH, 0 },
	{ "bind6_done", GROUP_TCP_PORT, BIND | EXPLICIT, BOTH, 0 },
	{ "connect4_begin", GROUP_UDP_PORT, AUTOBIND, CLASS_UDP, 0 },
	{ "connect6_begin", GROUP_UDP_PORT, AUTOBIND, CLASS_UDP, 0 },
	{ "send_begin", GROUP_UDP_PORT, AUTOBIND, CLASS_UDP, 0 },
	{ "send4_searched", GROUP_UDP_PORT, AUTOBIND, CLASS_UDP, 0 },
	{ "send6_searched", GROUP_UDP_PORT, AUTOBIND, CLASS_UDP, 0 },
	{ "sysctl_write", GROUP_RANGE, 0, BOTH, 0 },
	{ "call_done", GROUP_CALL, 0, BOTH, 0 },
	{ 0 },
};

const struct backend_info backends[BACKEND_COUNT] = {
	[BACKEND_FENTRY] = { "fentry", fentry_bpf__elf_bytes, fentry_programs, false },
	[BACKEND_TRACEPOINT] = { "tracepoint", tracepoint_bpf__elf_bytes, tracepoint_programs,
				 true },
};

/* The kinds of protocols that the filter lets through. */
static unsigned int classes_wanted(const struct config *config)
{
	unsigned int classes = 0;

	if (!(config->filters & FILTER_PROTO))
		return CLASS_TCP | CLASS_UDP;
	for (int proto = 0; proto < 256; proto++)
		if (config->protos[proto / 64] & (1ULL << (proto % 64)))
			classes |= proto == IPPROTO_UDP || proto == IPPROTO_UDPLITE ? CLASS_UDP :
										      CLASS_TCP;
	return classes;
}

/* Whether the function that it hooks exists, with the arguments that it is made for. */
static bool program_fits(const struct backend_program *program, const struct bpf_program *found,
			 struct kernel_facts *facts)
{
	const char *section = bpf_program__section_name(found);
	const char *function = strchr(section, '/');
	int args;

	if (!function || (strncmp(section, "fentry/", 7) && strncmp(section, "fexit/", 6)))
		return true;
	args = kernel_function_args(facts, function + 1);
	return args >= 0 && (!program->args || program->args == args);
}

bool backend_wants(const struct backend_program *program, const struct bpf_program *found,
		   struct kernel_facts *facts, const struct config *config)
{
	return (!program->paths || (program->paths & config->paths)) &&
	       (program->classes & classes_wanted(config)) && program_fits(program, found, facts);
}

bool backend_sees_changes(const struct backend_info *backend, const struct bpf_object *object,
			  unsigned int groups)
{
	const unsigned int needed = 1u << GROUP_RANGE | 1u << GROUP_RESERVED | 1u << GROUP_CALL;

	for (const struct backend_program *program = backend->programs; program->name; program++) {
		unsigned int group = 1u << program->group;
		const struct bpf_program *found =
			bpf_object__find_program_by_name(object, program->name);

		if ((group & needed) && (!(group & groups) || bpf_program__fd(found) < 0))
			return false;
	}
	return true;
}

const char *group_name(enum program_group group)
{
	static const char *const names[GROUP_COUNT] = {
		[GROUP_CONNECT] = "TCP connect",
		[GROUP_TCP_PORT] = "bind and listen",
		[GROUP_UDP_PORT] = "UDP",
		[GROUP_AUTOBIND] = "telling UDP autobind from bind",
		[GROUP_CALL] = "ends of system calls",
		[GROUP_RANGE] = "range changes",
		[GROUP_CONFLICT] = "candidates refused to bind and listen",
		[GROUP_DRAW] = "the start of UDP searches",
		[GROUP_TIMEWAIT] = "ports taken over from TIME_WAIT",
		[GROUP_RESERVED] = "writes of reserved ports",
		[GROUP_EXPLAIN] = "why connect() refused candidates",
		[GROUP_DESCENDANTS] = "descendants of a process",
	};

	return names[group];
}
