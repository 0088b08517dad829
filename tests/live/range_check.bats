#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# ephemport range check and import.

load range_setup

@test "check: what guides recommend trips it" {
	private <<'END'
expect 4 "$EPHEMPORT" range check 32000 60000
is "$(grep -c ^warn <<<"$out")" 2
has "$out" "28,001 ports"
has "$out" "768 ports of Kubernetes' NodePort range"
expect 4 "$EPHEMPORT" range check "16384 65000" --json
is "$(jq -r 'select(.level == "warning") | .code' <<<"$out")" "$(printf 'parity\nnodeport')"
expect 0 "$EPHEMPORT" range check 49152-65535
has "$out" "nothing in it to regret"
has "$out" "273.1 new connections a second"
expect 4 "$EPHEMPORT" range check 32000-60999
expect 0 "$EPHEMPORT" range check 32000-60999 --nodeport 20000-22767
echo 32000-32767 >/proc/sys/net/ipv4/ip_local_reserved_ports
expect 0 "$EPHEMPORT" range check 32000-60999
has "$out" "768 of its 29000 ports are reserved"
is "$(now)" "32768 60999"
END
}

@test "check: a service inside is named with its pid, unless its port is reserved" {
	private <<'END'
ip link set lo up
coproc hold { exec python3 -u -c '
import socket
server = socket.create_server(("127.0.0.1", 8080))
print("ready"); input()'; }
read -r -u "${hold[0]}"
expect 4 "$EPHEMPORT" range check "1024 65535" --json
is "$(jq -c 'select(.code == "listener") | [.count, .pid]' <<<"$out")" "[8080,$hold_PID]"
echo 8080 >/proc/sys/net/ipv4/ip_local_reserved_ports
expect 4 "$EPHEMPORT" range check "1024 65535" --json
is "$(jq -c 'select(.code == "listener")' <<<"$out")" ""
echo >&"${hold[1]}"
END
}

@test "check: what the kernel refuses is refused" {
	private <<'END'
expect 4 "$EPHEMPORT" range check 1000-29999
has "$out" "begin at 1024"
echo 500 >/proc/sys/net/ipv4/ip_unprivileged_port_start
expect 4 "$EPHEMPORT" range check 1000-29999
has "$out" "24 ports below 1024"
expect 2 "$EPHEMPORT" range check 1024-65536
END
}

@test "check: the rate under the tcp_tw_reuse in force" {
	private <<'END'
echo 0 >/proc/sys/net/ipv4/tcp_tw_reuse
expect 4 "$EPHEMPORT" range check 40000-40999 --rate 17 --to 127.0.0.1:80
has "$out" "17 a second need 1020 ports and it has 1000"
echo 2 >/proc/sys/net/ipv4/tcp_tw_reuse
expect 0 "$EPHEMPORT" range check 40000-40999 --rate 17 --to 127.0.0.1:80
expect 4 "$EPHEMPORT" range check 40000-40999 --rate 17 --to 10.0.0.2:80
expect 4 "$EPHEMPORT" range check 40000-40999 --rate 5 --hold 100s --to '[2001:db8::2]:80'
has "$out" "5 a second need 800 ports"
expect 2 "$EPHEMPORT" range check 40000-40999 --to localhost:80
has "$err" "use ADDRESS:PORT"
END
}

@test "check: tighter than ports are open files" {
	private <<'END'
ulimit -n 50
expect 0 "$EPHEMPORT" range check 40000-40099
has "$out" "50 files"
expect 4 "$EPHEMPORT" range check 40000-40099 --rate 1 --hold 51s
has "$out" "warn  files"
END
}

@test "import: the Japanese capture in each encoding" {
	private <<'END'
for file in netsh-ja-utf8.txt netsh-ja-sjis.txt netsh-ja-utf16le.txt netsh-ja-prompt.txt; do
	expect 0 "$EPHEMPORT" range import "$CORPUS/$file"
	has "$out" "49152-65535"
	has "$out" "16,384 ports"
done
expect 0 "$EPHEMPORT" range import --json <"$CORPUS/netsh-ja-sjis.txt"
is "$(jq -c '[.type, .low, .high, .count, .source]' <<<"$out")" \
	'["import",49152,65535,16384,"netsh-dynamicport"]'
END
}

@test "import: --expect answers, and says how to set it there" {
	private <<'END'
expect 0 "$EPHEMPORT" range import "$CORPUS/netsh-en.txt" --expect 49152-65535
expect 4 "$EPHEMPORT" range import "$CORPUS/netsh-zh-gbk.txt" --expect 49152-65535
is "$(grep -c '^netsh int ipv[46] set dynamicport \(tcp\|udp\) start=49152 num=16384$' <<<"$out")" 4
has "$out" "read all four"
expect 4 "$EPHEMPORT" range import "$CORPUS/netsh-four-tables.txt" --expect 49152-65535
expect 4 "$EPHEMPORT" range import "$CORPUS/freebsd.txt" --expect 49152-65535
has "$out" "sysctl net.inet.ip.portrange.first=49152"
expect 0 "$EPHEMPORT" range import "$CORPUS/macos.txt" --expect "start=49152 num=16384"
expect 4 "$EPHEMPORT" range import "$CORPUS/excluded-en.txt" --expect 49152-65535
has "$err" "160 of the 16384 ports expected are excluded"
expect 0 "$EPHEMPORT" range import "$CORPUS/excluded-zh-gbk.txt" --expect 49152-65535
END
}

@test "import: this system's own sysctl -a" {
	private <<'END'
echo 40000 40099 >$range_file
sysctl -a >/run/all 2>/dev/null || true
expect 0 "$EPHEMPORT" range import /run/all --expect 40000-40099
END
}

@test "import: what is not clear is refused with the reason" {
	private <<'END'
printf 'Start Port : 49152\n' >/run/one
expect 1 "$EPHEMPORT" range import /run/one
has "$err" "/run/one: a table has one number"
expect 1 "$EPHEMPORT" range import /nowhere
expect 1 "$EPHEMPORT" range import /dev/null
expect 1 "$EPHEMPORT" range import /etc
expect 2 "$EPHEMPORT" range import /run/one --expect 1
END
}

@test "check --import: lints the range of a capture" {
	private <<'END'
expect 0 "$EPHEMPORT" range check --import "$CORPUS/netsh-ja-sjis.txt"
has "$out" "range 49152-65535: 16,384 ports"
expect 4 "$EPHEMPORT" range check --import "$CORPUS/netsh-zh-utf8.txt"
has "$out" "both ends are even"
expect 1 "$EPHEMPORT" range check --import "$CORPUS/excluded-en.txt"
expect 2 "$EPHEMPORT" range check 1-2 --import "$CORPUS/netsh-en.txt"
END
}
