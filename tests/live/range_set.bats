#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# ephemport range set: the range in force, held against /proc/sys read by other programs.

load range_setup

@test "set: changes it, prints old and new, and how to go back works" {
	private <<'END'
expect 0 "$EPHEMPORT" range set 49152-65535
is "$(now)" "49152 65535"
has "$out" "32768-60999 -> 49152-65535"
has "$err" "to go back: ephemport range set 32768-60999"
back=${err#*to go back: ephemport }
# shellcheck disable=SC2086
expect 0 "$EPHEMPORT" $back
is "$(now)" "32768 60999"
END
}

@test "set: takes each notation, quoted or not" {
	private <<'END'
expect 0 "$EPHEMPORT" range set 40000 40099
is "$(now)" "40000 40099"
expect 0 "$EPHEMPORT" range set "50000	50099"
is "$(now)" "50000 50099"
expect 0 "$EPHEMPORT" range set start=49152 num=16384
is "$(now)" "49152 65535"
END
}

@test "set: what the kernel refuses is refused before, with what would be right" {
	private <<'END'
for range in "1000 65535" "0 65535" "5000 4000" "49152 65536" '"1024 65535"' 49152 "x"; do
	# The kernel agrees: it must not take what we refuse to write.
	expect 2 "$EPHEMPORT" range set "$range" --force
	[[ -n $err ]] || die "no message for $range"
	if echo "$range" >$range_file 2>/dev/null && [[ $range != 49152 ]]; then
		die "the kernel takes $range"
	fi
	echo 32768 60999 >$range_file
done
expect 2 "$EPHEMPORT" range set 1000-65535 --force
has "$err" "ip_unprivileged_port_start, 1024; begin at 1024"
echo 30000 >/proc/sys/net/ipv4/ip_unprivileged_port_start
expect 2 "$EPHEMPORT" range set 20000-29999
has "$err" "begin at 30000"
expect 2 "$EPHEMPORT" range set
has "$err" "which range?"
is "$(now)" "32768 60999"
# The kernel holds it the other way round, too.
echo 1024 >/proc/sys/net/ipv4/ip_unprivileged_port_start
! echo 32769 2>/dev/null >/proc/sys/net/ipv4/ip_unprivileged_port_start || die "taken"
END
}

@test "set: one port is legal, and wants --force" {
	private <<'END'
expect 2 "$EPHEMPORT" range set 60000-60000
is "$(now)" "32768 60999"
expect 0 "$EPHEMPORT" range set 60000-60000 --force
is "$(now)" "60000 60000"
END
}

@test "set: what one would regret wants --force" {
	private <<'END'
expect 2 "$EPHEMPORT" range set 32000-60000
has "$err" "use 32000-59999"
has "$err" "768 ports"
has "$err" "nothing is changed; --force"
is "$(now)" "32768 60999"
expect 0 "$EPHEMPORT" range set 32000-60000 --force
is "$(now)" "32000 60000"
# Back to a range that warns needs --force, and the hint says so.
expect 0 "$EPHEMPORT" range set 49152-65535
has "$err" "range set 32000-60000 --force"
END
}

@test "set: another namespace, and only that" {
	private <<'END'
other b
expect 0 "$EPHEMPORT" range set 40000-40099 --netns "$b"
is "$(nsenter -n -t "$b" cat $range_file)" "$(printf '40000\t40099')"
is "$(now)" "32768 60999"
has "$err" "--netns /proc/$b/ns/net"
END
}

@test "set: --json" {
	private <<'END'
expect 0 "$EPHEMPORT" range set 49152-65535 --json
is "$(jq -c '[.type, .old_low, .old_high, .low, .high, .planned]' <<<"$out")" \
	'["range_set",32768,60999,49152,65535,false]'
END
}

@test "set: --dry-run says all and changes nothing" {
	private <<'END'
before=$(find /etc /run -type f -printf '%p %s %T@\n' | grep -v -e /run/out -e /run/err)
expect 0 "$EPHEMPORT" range set 49152-65535 --persist --dry-run
has "$out" "32768-60999 -> 49152-65535  (planned)"
has "$out" "/etc/sysctl.d/60-ephemport.conf:2 sets it  (planned)"
is "$(now)" "32768 60999"
is "$(find /etc /run -type f -printf '%p %s %T@\n' | grep -v -e /run/out -e /run/err)" "$before"
expect 0 "$EPHEMPORT" range set 49152-65535 --dry-run -- false
is "$(now)" "32768 60999"
END
}

@test "set: a command has it for its life, and its status is returned" {
	private <<'END'
expect 7 "$EPHEMPORT" range set 40000-40099 -- sh -c 'cat "$0"; exit 7' $range_file
is "$out" "$(printf '40000\t40099')"
is "$(now)" "32768 60999"
is "$(ls /run/ephemport)" ""
expect 143 "$EPHEMPORT" range set 40000-40099 -- sh -c 'kill $$'
is "$(now)" "32768 60999"
expect 139 "$EPHEMPORT" range set 40000-40099 -- sh -c 'kill -SEGV $$'
is "$(now)" "32768 60999"
expect 127 "$EPHEMPORT" range set 40000-40099 -- /nowhere/at-all
has "$err" "cannot be run: No such file"
is "$(now)" "32768 60999"
expect 126 "$EPHEMPORT" range set 40000-40099 -- /etc/passwd
is "$(now)" "32768 60999"
# Options of the command are the command's.
expect 0 "$EPHEMPORT" range set 40000-40099 -- echo --force -x
is "$out" "--force -x"
expect 2 "$EPHEMPORT" range set 40000-40099 --
has "$err" "which command?"
END
}

@test "set: the command starts with the signals as they were" {
	private <<'END'
# 32 and 33 are the C library's own, and it resets them in what it spawns.
named() { while read -r key mask; do echo "$key $((0x$mask & 0x7fffffff))"; done; }
mask=$(grep -e SigBlk -e SigIgn /proc/self/status | named)
expect 0 "$EPHEMPORT" range set 40000-40099 -- grep -e SigBlk -e SigIgn /proc/self/status
is "$(named <<<"$out")" "$mask"
END
}

@test "set: a signal is passed on to the command, and the old range comes back" {
	private <<'END'
for signal in TERM INT HUP; do
	"$EPHEMPORT" range set 40000-40099 -- \
		python3 -c 'import signal,sys
for s in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP): signal.signal(s, lambda *a: sys.exit(5))
open("/run/ready", "w").close(); signal.pause()' &
	pid=$!
	await test -e /run/ready
	is "$(now)" "40000 40099"
	kill -$signal "$pid"
	status=0
	wait "$pid" || status=$?
	is "$status" 5
	is "$(now)" "32768 60999"
	rm /run/ready
done
is "$(ls /run/ephemport)" ""
END
}

@test "set: a command that does not heed the signal is killed by a second one" {
	private <<'END'
mkfifo /run/ready
"$EPHEMPORT" range set 40000-40099 -- python3 -c 'import os, signal
ready = os.open("/run/ready", os.O_WRONLY)
signal.signal(signal.SIGTERM, lambda *a: os.write(ready, b"heard\n"))
os.write(ready, b"ready\n")
while True: signal.pause()' &
pid=$!
exec 8</run/ready
read -r -u 8
kill "$pid"
read -r -u 8 heard
is "$heard" heard
kill "$pid"
status=0
wait "$pid" || status=$?
is "$status" 137
is "$(now)" "32768 60999"
END
}

@test "set: --for ends by itself and by a signal" {
	private <<'END'
start=$(date +%s%N)
expect 0 "$EPHEMPORT" range set 40000-40099 --for 300ms
(($(date +%s%N) - start >= 300000000)) || die "too early"
has "$err" "the old range is back"
is "$(now)" "32768 60999"
for signal in TERM INT HUP QUIT; do
	"$EPHEMPORT" range set 40000-40099 --for 10m >/dev/null &
	pid=$!
	await is_now "40000 40099"
	await test -e "/run/ephemport/range.$pid"
	kill -$signal "$pid"
	wait "$pid" || die "status $?"
	is "$(now)" "32768 60999"
done
is "$(ls /run/ephemport)" ""
END
}

@test "set: a reader that went away does not keep the old range from coming back" {
	private <<'END'
mkfifo /run/pipe
"$EPHEMPORT" range set 40000-40099 --for 10m >/run/pipe 2>&1 &
pid=$!
exec 9</run/pipe
await is_now "40000 40099"
exec 9<&-
kill "$pid"
wait "$pid" || true
is "$(now)" "32768 60999"
END
}

@test "set: after SIGKILL the next show tells what was left and how to restore it" {
	private <<'END'
other b
"$EPHEMPORT" range set 40000-40099 --for 10m --netns "$b" >/dev/null &
pid=$!
in_b() { nsenter -n -t "$b" cat $range_file | tr '\t' ' '; }
b_is() { [[ $(in_b) == "$1" ]]; }
await b_is "40000 40099"
expect 0 "$EPHEMPORT" range show
has "$err" "40000-40099 is temporary: process $pid brings 32768-60999 back"
kill -9 "$pid"
wait "$pid" 2>/dev/null || true
expect 0 "$EPHEMPORT" range show
has "$err" "40000-40099 was left by a temporary 'range set' (process $pid, killed)"
restore=${err#*to restore 32768-60999: ephemport }
# shellcheck disable=SC2086
expect 0 "$EPHEMPORT" $restore
is "$(in_b)" "32768 60999"
expect 0 "$EPHEMPORT" range show
is "$err" ""
is "$(ls /run/ephemport)" ""
END
}

@test "set: a range that somebody else set meanwhile stays" {
	private <<'END'
expect 0 "$EPHEMPORT" range set 40000-40099 -- sh -c "echo 50000 50099 >$range_file"
is "$(now)" "50000 50099"
has "$err" "somebody else"
hasnt "$err" "is back in force"
is "$(ls /run/ephemport)" ""
END
}

@test "set: --for, a command and --persist exclude each other" {
	private <<'END'
expect 2 "$EPHEMPORT" range set 40000-40099 --for 1s -- true
expect 2 "$EPHEMPORT" range set 40000-40099 --for 1s --persist
expect 2 "$EPHEMPORT" range set 40000-40099 --persist -- true
expect 2 "$EPHEMPORT" range set 40000-40099 --for 10
has "$err" "use a number with"
is "$(now)" "32768 60999"
END
}

@test "set: without privileges nothing is changed, and the status says so" {
	private <<'END'
expect 3 setpriv --reuid 65534 --regid 65534 --clear-groups "$EPHEMPORT" range set 49152-65535
has "$err" "it takes root"
is "$(now)" "32768 60999"
mount -o bind,ro /proc/sys /proc/sys
expect 3 "$EPHEMPORT" range set 49152-65535
has "$err" "mounted read-only"
END
}

@test "set: several namespaces, all or none" {
	fault_build
	private_boot <<'END'
other b
other c
all() { for pid in $$ "$b" "$c"; do nsenter -n -t "$pid" cat $range_file; done | tr '\t\n' ' ,'; }
expect 0 "$EPHEMPORT" range set 40000-40099 --netns all
is "$(all)" "40000 40099,40000 40099,40000 40099,"
echo 50000 50099 >$range_file
before=$(all)
# The first, second and third write to /proc/sys fails.
for nth in 1 2 3; do
	expect 1 env LD_PRELOAD="$FAULT" FAULT_PATH=$range_file FAULT_AT=$nth \
		"$EPHEMPORT" range set 49152-65535 --netns all
	has "$err" "the old range is back in force"
	is "$(all)" "$before"
done
expect 0 "$EPHEMPORT" range set 49152-65535 --netns all
# One that would refuse: none is written.
nsenter -n -t "$b" sh -c 'echo 49000 >/proc/sys/net/ipv4/ip_unprivileged_port_start'
expect 2 "$EPHEMPORT" range set 40000-40099 --netns all
is "$(all)" "49152 65535,49152 65535,49152 65535,"
END
}

@test "set: a write that the kernel takes and does not keep is seen" {
	strace_works || skip "strace cannot inject here"
	private <<'END'
# The write never reaches the kernel, which would say that it was done.
expect 1 strace -f -o /run/trace -P $range_file -e inject=write:retval=11 \
	"$EPHEMPORT" range set 49152-65535
has "$err" "took the write and holds 32768-60999"
is "$(now)" "32768 60999"
END
}
