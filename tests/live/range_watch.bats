#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# ephemport range watch: each write by who wrote it and what /proc/sys said before and after.

load range_setup
load ../helpers

setup() {
	needs_tracing
}

@test "watch: range and reserved ports, old and new as the kernel has them; a refused write is none" {
	private <<'END'
cd /proc/sys/net/ipv4
start range watch --json
echo 40000 40099 >ip_local_port_range
echo 8080,9000-9100 >ip_local_reserved_ports
expect 1 sh -c 'echo 500 400 >ip_local_port_range'
expect 1 sh -c 'echo 70000 >ip_local_reserved_ports'
echo 9050,9100-9101 >ip_local_reserved_ports
echo >ip_local_reserved_ports
finish 0
is "$(jq -c '[.type, .old, .new]' <"$seen")" '["range_change","32768-60999","40000-40099"]
["reserved_change","","8080,9000-9100"]
["reserved_change","8080,9000-9100","9050,9100-9101"]
["reserved_change","9050,9100-9101",""]'
is "$(jq -c '[.pid, .comm, .netns]' <"$seen" | uniq)" \
	"[$$,\"bash\",$(stat -Lc %i /proc/self/ns/net)]"
/usr/bin/python3 "$LIVE/../load/validate.py" <"$seen"
has "$(cat "$said")" "4 changes in "
has "$(cat "$said")" "; 0 lost"
END
}

@test "watch: the longest list of reserved ports comes whole" {
	private <<'END'
start range watch --json --count 10
# One write takes less than a page; what is not the first of a file is added to the list.
python3 -c '
import os
fd = os.open("/proc/sys/net/ipv4/ip_local_reserved_ports", os.O_WRONLY)
ports = [str(port) for port in range(10001, 22001, 2)]
for i in range(0, len(ports), 600):
    os.write(fd, ",".join(ports[i:i + 600]).encode())
print(",".join(ports))' >/run/ports
ended 0
is "$(jq -r .new <"$seen" | tail -n 1)" "$(cat /run/ports)"
is "$(jq -r .old <"$seen" | tail -n 9)" "$(jq -r .new <"$seen" | head -n 9)"
END
}

@test "watch: the namespace is that of the file, also when its writer is in another" {
	private <<'END'
other b
start range watch --json --count 2
python3 -c '
import ctypes, os
base = "/proc/sys/net/ipv4/ip_local_"
files = [os.open(base + name, os.O_WRONLY) for name in ("port_range", "reserved_ports")]
assert ctypes.CDLL(None).setns(os.open("/proc/'"$b"'/ns/net", os.O_RDONLY), 0) == 0
os.write(files[0], b"40000 40099")
os.write(files[1], b"40050")'
ended 0
is "$(jq -c '[.netns, .new]' <"$seen")" "$(stat -Lc '[%i,"40000-40099"]
[%i,"40050"]' /proc/self/ns/net)"
is "$(now)" "40000 40099"
END
}

@test "watch: all namespaces by default, one with --netns, and who lives there" {
	private <<'END'
other b
ip netns add blue
write() { nsenter -n"/proc/$b/ns/net" sh -c "echo $1 $2 >$range_file"; }
start range watch
write 40000 40001
ip netns exec blue sh -c "echo 40002 40003 >$range_file"
"$EPHEMPORT" range set 50000-50099 --force >/dev/null
finish 0
has "$(cat "$seen")" "netns $(stat -Lc %i "/proc/$b/ns/net") (sleep, pid $b)  32768-60999 -> 40000-40001"
has "$(cat "$seen")" " (blue)  32768-60999 -> 40002-40003"
grep -qE "ephemport +range +netns $(stat -Lc %i /proc/self/ns/net) \(.*\)  32768-60999 -> 50000-50099" "$seen"
for which in "$b" "/proc/$b/ns/net"; do
	start range watch --netns "$which" --json
	"$EPHEMPORT" range set 50000-50099 --force >/dev/null
	write 41000 41001
	finish 0
	is "$(jq -c '[.netns, .new, .where]' <"$seen")" \
		"$(stat -Lc '[%i,"41000-41001","sleep, pid '"$b"'"]' "/proc/$b/ns/net")"
done
END
}

@test "watch: a namespace that is gone is told, and none is kept alive" {
	private <<'END'
start range watch --json
unshare -n sh -c "echo 40000 40001 >$range_file; stat -Lc %i /proc/self/ns/net" >/run/inode
await grep -q 40000-40001 "$seen"
is "$(find /proc/"$watch"/fd -lname 'net:*')" ""
finish 0
is "$(jq -r .netns <"$seen")" "$(cat /run/inode)"
END
}

@test "watch: --count and --duration end it, and so does a signal or a closed pipe" {
	private <<'END'
start range watch --count 1
echo 40000 40001 >$range_file
ended 0
has "$(cat "$said")" "1 change in "
expect 0 "$EPHEMPORT" range watch --duration 200ms
has "$err" "0 changes in 0."
for signal in INT TERM HUP; do
	start range watch
	finish 0 $signal
done
END
	private <<'END'
set -o pipefail
timeout 20 "$EPHEMPORT" range watch 2>/dev/null | head -n 1 | grep -q '^TIME .*CHANGE$'
END
}

@test "watch: trace shows the changes too, and counts them as no allocations" {
	private <<'END'
start trace
echo 40000-40010 >/proc/sys/net/ipv4/ip_local_reserved_ports
finish 0
grep -qE "bash +reserved +netns $(stat -Lc %i /proc/self/ns/net)  none -> 40000-40010$" "$seen"
END
}

@test "watch: wrong usage, and what it takes" {
	private <<'END'
expect 2 "$EPHEMPORT" range watch word
expect 2 "$EPHEMPORT" range watch --count 0
expect 2 "$EPHEMPORT" range watch --duration 3
expect 2 "$EPHEMPORT" range watch --netns /etc/passwd
has "$err" "is no network namespace"
expect 1 "$EPHEMPORT" range watch --netns 4194304
has "$err" "there is no process"
is "$(wc -l </run/err)" 1
expect 3 setpriv --reuid 65534 --regid 65534 --clear-groups "$EPHEMPORT" range watch
has "$err" "needs root"
expect 0 "$EPHEMPORT" range watch --help
has "$out" "looks at all namespaces"
END
}
