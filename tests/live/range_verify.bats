#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# ephemport range verify: real allocations; the ports of others are read by getsockname().

load range_setup

@test "verify: a namespace left alone is named, with what it has" {
	private <<'END'
other b
echo 20000 60001 >$range_file
expect 0 "$EPHEMPORT" range verify 20000-60001
expect 4 "$EPHEMPORT" range verify 20000-60001 --netns all
inode=$(stat -Lc %i "/proc/$b/ns/net")
line=$(grep "^FAIL *netns $inode .*live" <<<"$out")
has "$line" "(sleep, pid $b)"
has "$line" "live 32768-60999"
hasnt "$(grep "netns $(stat -Lc %i /proc/self/ns/net) " <<<"$out")" FAIL
END
}

@test "verify: each way to a port is tried, and nothing is sent or left" {
	private <<'END'
ip link set lo up
expect 0 "$EPHEMPORT" range set 40000-40099
expect 0 "$EPHEMPORT" range verify 40000-40099 --json
is "$(jq -c 'select(.check == "live") | [.outcome, .low, .high]' <<<"$out")" '["ok",40000,40099]'
is "$(jq -c 'select(.check == "probe") | [.outcome, .made, .inside]' <<<"$out")" '["ok",40,40]'
is "$(ip -s -j link show lo | jq -c '.[0].stats64.tx.packets')" 0
is "$(ss -Htuan)" ""
expect 0 "$EPHEMPORT" range verify 40000-40099
has "$out" "no restart of NetworkManager or anything else is needed"
END
}

@test "verify: the probes are the kernel's choice and not the configured value" {
	private <<'END'
ip link set lo up
echo 40000 40099 >$range_file
expect 4 "$EPHEMPORT" range verify 50000-50099 --json
is "$(jq -c 'select(.check == "probe") | [.outcome, .made, .inside]' <<<"$out")" '["fail",40,0]'
expect 4 "$EPHEMPORT" range verify 40000-40049 --probe=64 --json
inside=$(jq 'select(.check == "probe") | .inside' <<<"$out")
((inside > 0 && inside < 640)) || die "$inside of 640 inside half of the range"
# What strace sees getsockname() return is inside, each of them.
if strace_works; then
	expect 0 strace -f -e trace=getsockname -o /run/trace "$EPHEMPORT" range verify 40000-40099
	is "$(grep -c 'port=htons(400[0-9][0-9])' /run/trace)" 40
fi
END
}

@test "verify: with lo down what cannot connect is said, and the rest is proven" {
	private <<'END'
expect 0 "$EPHEMPORT" range verify 32768-60999 --json
is "$(jq -c 'select(.check == "probe" and .outcome == "ok") | [.made, .inside]' <<<"$out")" '[32,32]'
has "$(jq -r 'select(.outcome == "skip") | .text' <<<"$out")" "tcp4 connect: ENETUNREACH"
END
}

@test "verify: a search that finds no port is a failure, and named" {
	private <<'END'
ip link set lo up
echo 40000 40001 >$range_file
coproc hold { exec python3 -u -c '
import socket
held = [socket.create_server(("", 40000 + i), family=f) for i in range(2) for f in (socket.AF_INET,)]
print("ready"); input()'; }
read -r -u "${hold[0]}"
expect 4 "$EPHEMPORT" range verify 40000-40001
has "$out" "tcp4 connect: EADDRNOTAVAIL"
has "$out" "tcp4 bind: EADDRINUSE"
has "$out" "tcp4 listen: EADDRINUSE"
hasnt "$out" "udp4 bind"
echo >&"${hold[1]}"
END
}

@test "verify: sockets from before the change are told by process, and no failure" {
	private <<'END'
ip link set lo up
coproc hold { exec python3 -u -c '
import socket
server = socket.create_server(("127.0.0.1", 80))
held = [socket.create_connection(("127.0.0.1", 80)) for i in range(3)]
before = held[0].getsockname()[1]
print(before); input()'; }
others+=("$hold_PID")
read -r -u "${hold[0]}" port
((port >= 32768 && port <= 60999)) || die "$port"
expect 0 "$EPHEMPORT" range set 20000-20099
expect 0 "$EPHEMPORT" range verify 20000-20099 --json
is "$(jq -c 'select(.check == "holders") | [.outcome, .ports, .processes]' <<<"$out")" '["note",3,1]'
has "$(jq -r 'select(.check == "holders") | .text' <<<"$out")" "python3 (pid $hold_PID) 3"
END
}

@test "verify: a socket made before the change and connected after it takes the new range" {
	private <<'END'
ip link set lo up
python3 -c '
import socket, subprocess
server = socket.create_server(("127.0.0.1", 80))
early = socket.socket()
no_port = socket.socket(); no_port.setsockopt(0, 24, 1); no_port.bind(("127.0.0.1", 0))
bound = socket.socket(); bound.bind(("127.0.0.1", 0)); old = bound.getsockname()[1]
subprocess.run(["'"$EPHEMPORT"'", "range", "set", "20000-20099"], check=True)
for s in (early, no_port, bound): s.connect(("127.0.0.1", 80))
assert 20000 <= early.getsockname()[1] <= 20099
assert 20000 <= no_port.getsockname()[1] <= 20099
assert bound.getsockname()[1] == old >= 32768
'
END
}

@test "verify: --boot holds both readers against it" {
	private_boot <<'END'
expect 0 "$EPHEMPORT" range set 49152-65535 --persist
expect 0 "$EPHEMPORT" range verify 49152-65535 --boot
has "$out" "systemd-sysctl gives 49152-65535: /etc/sysctl.d/60-ephemport.conf:2 decides"
has "$out" "sysctl --system gives 49152-65535: /etc/sysctl.d/60-ephemport.conf:2 decides"
echo 'net.ipv4.ip_local_port_range = 1024 65535' >/etc/sysctl.conf
expect 4 "$EPHEMPORT" range verify 49152-65535 --boot --json
is "$(jq -c 'select(.check == "boot") | [.outcome, .low, .file, .line]' <<<"$out")" \
	"$(printf '["ok",49152,"/etc/sysctl.d/60-ephemport.conf",2]\n["fail",1024,"/etc/sysctl.conf",1]')"
# In force it is all the same.
expect 0 "$EPHEMPORT" range verify 49152-65535
# Quotes: the kernel refuses them at boot, and nobody reads the journal.
rm /etc/sysctl.conf
echo 'net.ipv4.ip_local_port_range = "49152 65535"' >/etc/sysctl.d/60-ephemport.conf
expect 4 "$EPHEMPORT" range verify 49152-65535 --boot
has "$out" "60-ephemport.conf:1 has no effect"
has "$out" "quotes"
END
}

@test "verify: without privileges all but connect is proven" {
	private <<'END'
ip link set lo up
expect 0 setpriv --reuid 65534 --regid 65534 --clear-groups "$EPHEMPORT" range verify 32768-60999
has "$out" "32 of 32 probe allocations inside"
has "$out" "CAP_NET_ADMIN"
END
}

@test "verify: wrong usage" {
	private <<'END'
expect 2 "$EPHEMPORT" range verify
expect 2 "$EPHEMPORT" range verify 5000-4000
expect 2 "$EPHEMPORT" range verify 32768-60999 --probe=65
has "$err" "from 1 to 64"
expect 0 "$EPHEMPORT" range verify 32768-60999 --no-probe
hasnt "$out" "probe"
END
}
