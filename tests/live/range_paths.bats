#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# What a range gives on each path until it is used up: how many ports, in which order, which errno.
# What getsockname() and errno said, and what ephemport tells of the same.

load range_setup
load ../helpers

@test "paths: ports, order and errno of each, and trace tells the same" {
	needs_tracing
	private <<'END'
ip link set lo up
start trace --json --netns $$
expect 0 python3 "$LIVE/range_paths.py"
finish 0
rows=0
while read -r name want_ports want_errno want_first; do
	read -r _ pid ports error first < <(grep "^$name " <<<"$out")
	[[ $pid != skip ]] || continue
	[[ "$ports $error" =~ ^($want_ports)\ $want_errno$ ]] || die "$name: $ports $error"
	[[ $want_first == any || $first == "$want_first" ]] || die "$name: $first first"
	traced="select(.type == \"alloc\" and .pid == $pid)"
	is "$name $(jq -c "$traced | select(.errno == 0)" <"$seen" | wc -l)" "$name $ports"
	is "$name $(jq -r "$traced | select(.errno != 0).errno" <"$seen" | sort -u)" "$name $error"
	rows=$((rows + 1))
done <<'ROWS'
connect 100 EADDRNOTAVAIL even
connect_odd_low 100 EADDRNOTAVAIL odd
connect_same_parity 10[01] EADDRNOTAVAIL even
connect_two 200 EADDRNOTAVAIL any
bind 100 EADDRINUSE odd
bind_two 100 EADDRINUSE odd
noport 100 EADDRNOTAVAIL even
noport_two 200 EADDRNOTAVAIL any
option_inside 10 EADDRNOTAVAIL any
option_outside 100 EADDRNOTAVAIL any
option_partly 10 EADDRNOTAVAIL any
listen 100 EADDRINUSE odd
udp_bind 100 EADDRINUSE mixed
udp_connect 100 EAGAIN mixed
reserved 90 EADDRNOTAVAIL even
tcp_inside 97 EADDRNOTAVAIL even
udp_inside 100 EADDRNOTAVAIL even
ipv6 100 EADDRNOTAVAIL even
one_port 1 EADDRNOTAVAIL any
ROWS
((rows >= 16)) || die "$rows rows"
END
}

@test "paths: a service cannot have the port of a connection, which check warns of" {
	private <<'END'
ip link set lo up
echo 40000 40000 >$range_file
expect 0 python3 -c '
import errno, socket
server = socket.create_server(("127.0.0.1", 80))
held = socket.create_connection(("127.0.0.1", 80))
assert held.getsockname()[1] == 40000
for reuse in (0, 1):
    daemon = socket.socket()
    daemon.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, reuse)
    try:
        daemon.bind(("127.0.0.1", 40000))
        daemon.listen()
        raise SystemExit("it can")
    except OSError as error:
        assert error.errno == errno.EADDRINUSE
'
coproc hold { exec python3 -u -c '
import socket
server = socket.create_server(("127.0.0.1", 40050))
print("ready"); input()'; }
read -r -u "${hold[0]}"
expect 4 "$EPHEMPORT" range check 40000-40099 --json
is "$(jq -c 'select(.code == "listener") | [.count, .pid]' <<<"$out")" "[40050,$hold_PID]"
echo >&"${hold[1]}"
END
}

@test "paths: reserved ports are the caller's to name, each write replaces all, a new namespace has none" {
	private <<'END'
cd /proc/sys/net/ipv4
echo 40000 40009 >ip_local_port_range
echo 40000-40008,50000 >ip_local_reserved_ports
expect 1 sh -c 'echo 40000-40009,70000 >ip_local_reserved_ports'
expect 0 "$EPHEMPORT" range show --json
is "$(jq -c '[.reserved, .reserved_count]' <<<"$out")" '["40000-40008",9]'
expect 0 python3 -c '
import socket
chosen, named = socket.socket(), socket.socket()
chosen.bind(("127.0.0.1", 0))
assert chosen.getsockname()[1] == 40009
named.bind(("127.0.0.1", 40004))
'
echo 40001 >ip_local_reserved_ports
expect 0 "$EPHEMPORT" range show --json
is "$(jq -c '[.reserved, .reserved_count]' <<<"$out")" '["40001",1]'
expect 0 unshare -n "$EPHEMPORT" range show --json
is "$(jq -c '[.low, .high, .reserved, .reserved_count]' <<<"$out")" '[32768,60999,"",0]'
END
}

@test "paths: the kernel's word on parity comes once, ours each time" {
	private <<'END'
for round in 1 2 3; do
	echo 32768 61000 >$range_file
	expect 4 "$EPHEMPORT" range check 32768-61000
	has "$out" "both ends are even"
done
END
}
