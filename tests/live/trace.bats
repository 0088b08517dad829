#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
#
# ephemport trace on the running kernel, held against what getsockname() and errno said.

load ../helpers

setup() {
	needs_tracing
	events=$BATS_TEST_TMPDIR/events
	log=$BATS_TEST_TMPDIR/log
}

teardown() {
	[ -z "${tracer:-}" ] || kill -KILL "$tracer" 2>/dev/null || true
}

# What is attached, without the running numbers: of cgroups and of tracing.
links() {
	bpftool link | grep -E 'prog_type|attach_type|cgroup' | sed 's/prog [0-9]*//' | sort
}

@test "one thread: every allocation is one event, 10,000 and more" {
	run "$ROOT/tests/exact.sh" auto 40000-42047 --count 10000
	echo "$output"
	[ "$status" -eq 0 ]
}

@test "eight threads: every allocation is one event, 10,000 and more" {
	run "$ROOT/tests/exact.sh" auto 40000-42047 --count 10000 --threads 8
	echo "$output"
	[ "$status" -eq 0 ]
}

@test "UDP-Lite's connect is seen where the filter asks for UDP-Lite" {

	start_trace --json --proto udplite --comm load
	make_load --range 40000-40099 --scenario udplite4_connect --count 10
	stop_trace
	[ -s "$log" ] || skip "this kernel has no UDP-Lite"
	match "$log" "$events"
}

@test "the JSON of a load is valid by the schema, all paths and families in it" {
	start_trace --json --comm load --explicit
	make_load --range 40000-40099 --explicit
	stop_trace
	/usr/bin/python3 "$ROOT/tests/load/validate.py" <"$events"
	for path in connect bind listen autobind explicit; do
		for family in 4 6; do
			[ "$(lines_with "$events" "\"path\":\"$path\"" "\"family\":$family" '"errno":0')" -gt 0 ]
		done
	done
	for failure in EADDRNOTAVAIL EADDRINUSE EAGAIN; do
		[ "$(lines_with "$events" "\"errno\":\"$failure\"")" -gt 0 ]
	done
}

@test "the 101st connect to one destination fails with EADDRNOTAVAIL and that range" {
	start_trace --json --comm load --failed
	make_load --range 40000-40099 --scenario full_tcp4_connect
	stop_trace
	[ "$(lines_with "$log" '"errno":0' '"path":"connect"')" -eq 100 ]
	[ "$(lines_with "$events" '"type":"alloc"')" -gt 0 ]
	[ "$(lines_with "$events" '"type":"alloc"')" -eq \
		"$(lines_with "$events" '"type":"alloc"' '"errno":"EADDRNOTAVAIL"' '"range_low":40000' \
			'"range_high":40099' '"second_pass":true')" ]
}

@test "bind gives EADDRINUSE, UDP connect EAGAIN" {
	start_trace --json --comm load --failed
	make_load --range 40000-40099 --scenario full_tcp4_bind,full_udp4_connect
	stop_trace
	[ "$(lines_with "$events" '"path":"bind"' '"errno":"EADDRINUSE"')" -gt 0 ]
	[ "$(lines_with "$events" '"path":"autobind"' '"errno":"EAGAIN"')" -gt 0 ]
}

@test "a range write is a record with old, new and writer; a refused one is none" {
	start_trace --json --netns all
	# shellcheck disable=SC2016
	unshare -n sh -c 'echo 40000 40099 >/proc/sys/net/ipv4/ip_local_port_range
		echo 500 400 >/proc/sys/net/ipv4/ip_local_port_range
		readlink /proc/self/ns/net >'"$BATS_TEST_TMPDIR/ns" 2>/dev/null || true
	stop_trace
	netns=$(tr -dc 0-9 <"$BATS_TEST_TMPDIR/ns")
	[ "$(lines_with "$events" '"type":"range_change"' "\"netns\":$netns")" -eq 1 ]
	[ "$(lines_with "$events" '"old":"32768-60999","new":"40000-40099"' '"comm":"sh"' "\"netns\":$netns")" -eq 1 ]
}

@test "filters: each leaves in exactly what the log has of it" {
	start_trace --json --comm load --path listen,autobind --proto udp -6
	make_load --range 40000-40199
	stop_trace
	want=$(lines_with "$log" '"path":"autobind"' '"proto":"udp"' '"family":6')
	[ "$want" -gt 0 ]
	[ "$(lines_with "$events" '"type":"alloc"')" -eq "$want" ]
	[ "$(lines_with "$events" '"path":"autobind","proto":"udp","family":6')" -eq "$want" ]
}

@test "filters: --daddr and --dport by what was connected to" {
	start_trace --json --comm load --daddr ::1/128 --path connect
	make_load --range 40000-40199 --scenario tcp4_connect,tcp6_connect --count 20
	stop_trace
	want=$(lines_with "$log" '"path":"connect"' '"daddr":"::1"')
	[ "$want" -gt 0 ]
	[ "$(lines_with "$events" '"type":"alloc"')" -eq "$want" ]
}

@test "filters: --pid, --uid, --netns of somebody else show nothing" {
	for filter in "--pid 1" "--uid 4242" "--netns $$ --comm load" "--comm nobody" "--slower-than 10m"; do
		# shellcheck disable=SC2086
		start_trace --json $filter
		make_load --range 40000-40199 --scenario tcp4_connect --count 10
		stop_trace
		[ -s "$log" ]
		[ "$(lines_with "$events" '"type":"alloc"')" -eq 0 ]
	done
}

@test "--cgroup shows what runs in that cgroup and nothing else" {
	root=$(awk '$3 == "cgroup2" { print $2; exit }' /proc/mounts)
	[ -n "$root" ] || skip "cgroup v2 is not mounted"
	group=$root/ephemport-test-$$
	mkdir "$group" "$group/below" || skip "no cgroup can be made in $root"
	start_trace --json --cgroup "$group"
	make_load --range 40000-40199 --scenario tcp4_connect --count 10
	sh -c "echo \$\$ >$group/below/cgroup.procs; exec $ROOT/build/static/load --netns --range 40000-40199 \
		--scenario udp4_bind --count 10 --log $log.inside"
	stop_trace
	rmdir "$group/below" "$group"
	[ "$(lines_with "$events" '"type":"alloc"')" -eq "$(grep -c . "$log.inside")" ]
	[ "$(lines_with "$events" '"path":"bind","proto":"udp"')" -eq "$(grep -c . "$log.inside")" ]
}

@test "--count ends after that many, --duration after that long, both with status 0" {
	start_trace --json --comm load --count 7
	make_load --range 40000-40199 --scenario udp4_bind --count 20
	wait_for 50 sh -c "! kill -0 $tracer 2>/dev/null"
	wait "$tracer"
	[ "$(lines_with "$events" '"type":"alloc"')" -eq 7 ]
	tracer=
	run timeout 20 ephemport trace --duration 300ms --comm nobody
	[ "$status" -eq 0 ]
	[[ "$output" =~ "0 allocations in "[0-9.]+" s; 0 failed; 0 lost" ]]
}

@test "SIGINT, SIGTERM and a closed pipe end it with totals and status 0" {
	for signal in INT TERM; do
		start_trace --comm load
		make_load --range 40000-40199 --scenario udp4_bind --count 5
		stop_trace $signal
		grep -q '^[5-9][0-9]* allocations.* 0 lost' "$BATS_TEST_TMPDIR/notes"
	done
	run bash -c "set -o pipefail; timeout 20 ephemport trace 2>/dev/null | head -n 1"
	[ "$status" -eq 0 ]
	[[ "$output" == TIME* ]]
}

@test "a ring that is too small loses records, says so, and --strict is status 1" {
	start_trace --json --buffer 64K --strict --comm load
	kill -STOP "$tracer"
	make_load --range 40000-42047 --scenario udp4_bind --count 3000
	kill -CONT "$tracer"
	status=0
	stop_trace || status=$?
	[ "$status" -eq 1 ]
	lost=$(sed -n 's/.*"type":"summary".*"lost":\([0-9]*\).*/\1/p' "$events")
	seen=$(lines_with "$events" '"type":"alloc"')
	[ "$(lines_with "$events" '"type":"lost"' '"cause":"ring_full"')" -gt 0 ]
	[ "$lost" -gt 0 ]
	[ $((seen + lost)) -eq "$(grep -c . "$log")" ]
}

@test "nothing is left attached, also after SIGKILL" {
	links >"$BATS_TEST_TMPDIR/before"
	start_trace
	[ "$(links | wc -l)" -gt "$(wc -l <"$BATS_TEST_TMPDIR/before")" ]
	stop_trace
	wait_for 50 sh -c "[ \$(bpftool link | grep -cE 'prog_type|attach_type|cgroup') -eq $(wc -l <"$BATS_TEST_TMPDIR/before") ]"
	start_trace
	kill -KILL "$tracer"
	wait "$tracer" || true
	wait_for 50 sh -c "[ \$(bpftool link | grep -cE 'prog_type|attach_type|cgroup') -eq $(wc -l <"$BATS_TEST_TMPDIR/before") ]"
}

@test "programs of others on the root cgroup stay, and two tracers see the same" {
	start_trace --json --comm load
	first=$tracer
	mv "$events" "$events.first"
	start_trace --json --comm load
	make_load --range 40000-40199 --scenario tcp4_connect,udp4_bind --count 20
	stop_trace
	kill -INT "$first"
	wait "$first"
	match "$log" "$events"
	match "$log" "$events.first"
}

@test "text: columns, a mark on a failure, totals" {
	start_trace --comm load
	make_load --range 40000-40003 --scenario full_tcp4_connect
	stop_trace
	head -n 1 "$events" | grep -q '^TIME .*PID .*COMM .*PATH .*PROTO .*SOURCE .*DESTINATION .*RANGE .*LATENCY'
	grep -qE 'load +connect +tcp4 +127\.0\.0\.1:4000[0-3] +127\.0\.0\.[0-9]+:[0-9]+ +40000-40003 ' "$events"
	grep -qE '127\.0\.0\.1:- .* EADDRNOTAVAIL$' "$events"
	grep -q 'second pass' "$events"
	grep -qE 'EADDRNOTAVAIL [0-9]+\); 0 lost' "$BATS_TEST_TMPDIR/notes"
	# No terminal: no colour.
	run grep -c $'\033' "$events"
	[ "$output" -eq 0 ]
}

@test "trace and stat take less than 20 MB at the most, the ring of 8 MB included" {
	for command in trace stat; do
		ephemport "$command" >/dev/null 2>"$BATS_TEST_TMPDIR/notes" 3>&- &
		tracer=$!
		wait_for 100 grep -qs "tracing with" "$BATS_TEST_TMPDIR/notes"
		peak=$(sed -n 's/^VmHWM:[^0-9]*\([0-9]*\) kB/\1/p' "/proc/$tracer/status")
		stop_trace
		echo "$command: $peak kB at the most"
		[ "$peak" -gt 1000 ] && [ "$peak" -lt 20480 ]
	done
}
