// SPDX-License-Identifier: GPL-2.0-only
#include <stdlib.h>

#include "trace/backend.h"
#include "config.h"
#include "fentry.skel.h"
#include "tracepoint.skel.h"

#define CONNECT	 (1u << PATH_CONNECT)
#define BIND	 (1u << PATH_BIND)
#define LISTEN	 (1u << PATH_LISTEN)
#define AUTOBIND (1u << PATH_AUTOBIND)
#define EXPLICIT (1u << PATH_EXPLICIT)
#define BOTH	 (CLASS_TCP | CLASS_UDP)

static const struct backend_program fentry_programs[] = {
	{ "connect_enter", GROUP_CONNECT, CONNECT, CLASS_TCP, 0 },
	{ "connect_exit4", GROUP_CONNECT, CONNECT, CLASS_TCP, 4 },
	{ "connect_exit5", GROUP_CONNECT, CONNECT, CLASS_TCP, 5 },
	{ "get_port_enter", GROUP_TCP_PORT, BIND | LISTEN | EXPLICIT, CLASS_TCP, 0 },
	{ "get_port_exit", GROUP_TCP_PORT, BIND | LISTEN | EXPLICIT, CLASS_TCP, 0 },
	{ "udp_get_port_enter", GROUP_UDP_PORT, BIND | AUTOBIND | EXPLICIT, CLASS_UDP, 0 },
	{ "udp_get_port_exit", GROUP_UDP_PORT, BIND | AUTOBIND | EXPLICIT, CLASS_UDP, 0 },
	{ "autobind_enter", GROUP_AUTOBIND, BIND | AUTOBIND, CLASS_UDP, 0 },
	{ "range_enter", GROUP_RANGE, 0, BOTH, 0 },
	{ "range_exit", GROUP_RANGE, 0, BOTH, 0 },
	{ 0 },
};

static const struct backend_program tracepoint_programs[] = {
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

const char *group_name(enum program_group group)
{
	static const char *const names[GROUP_COUNT] = {
		[GROUP_CONNECT] = "TCP connect",
		[GROUP_TCP_PORT] = "bind and listen",
		[GROUP_UDP_PORT] = "UDP",
		[GROUP_AUTOBIND] = "telling UDP autobind from bind",
		[GROUP_CALL] = "ends of system calls",
		[GROUP_RANGE] = "range changes",
	};

	return names[group];
}
