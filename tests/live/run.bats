#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
#
# ephemport run on the running kernel: what it traces, held against what getsockname() and errno
# said, and what it leaves alone.

load ../helpers

bats_require_minimum_version 1.5.0

setup() {
	needs_tracing
	json=$BATS_TEST_TMPDIR/run.json
	log=$BATS_TEST_TMPDIR/log
	notes=$BATS_TEST_TMPDIR/notes
	cd "$BATS_TEST_TMPDIR" || return
}

# A figure of the last run, by a jq expression.
figure() {
	jq -r "$1" "$json"
}

# Writes a script that the rest of the line runs as COMMAND: script NAME <<EOF
script() {
	{
		echo '#!/bin/bash'
		echo 'set -eu'
		cat
	} >"$BATS_TEST_TMPDIR/$1"
	chmod +x "$BATS_TEST_TMPDIR/$1"
}

# Loads in namespaces of their own whose logs are $log.NAME.
load_into() {
	echo "$ROOT/build/static/load --netns --range 40000-40199 --log $log.$1 ${*:2} 2>/dev/null"
}

# All but the one that the tracepoint backend does not see by itself.
all_scenarios() {
	"$ROOT/build/static/load" --list | awk '$1 != "udplite4_connect" { print $1 }' | paste -sd,
}

# Whether a jq expression on the figures holds.
holds() {
	jq -e "$1" "$json" >/dev/null
}

# How many lines of the logs have all of the words.
logged() {
	cat "$log".* >"$log"
	lines_with "$log" "$@"
}

# The figures are what the logs say, path by path and errno by errno.
agrees() {
	[ "$(figure .lost)" -eq 0 ]
	[ "$(figure .allocations)" -eq "$(logged '"path"')" ]
	for path in connect bind listen autobind; do
		[ "$(figure ".$path")" -eq "$(logged "\"path\":\"$path\"")" ]
	done
	for name in EADDRNOTAVAIL EADDRINUSE EAGAIN; do
		[ "$(figure ".${name,,}")" -eq "$(logged "\"errno\":\"$name\"")" ]
	done
	[ "$(figure .errors)" -eq $(($(logged '"path"') - $(logged '"errno":0'))) ]
	[ "$(figure .errors)" -eq "$(figure '.eaddrnotavail + .eaddrinuse + .eagain + .other_errors')" ]
}

valid() {
	/usr/bin/python3 "$ROOT/tests/load/validate.py" "$ROOT/docs/run.schema.json" <"$json"
}

@test "every allocation of COMMAND is counted, by path and errno, threads and failures included" {
	run -0 ephemport run --json "$json" -- bash -c "$(load_into a --threads 4 --count 2000 --scenario "$(all_scenarios)")"
	echo "$output"
	agrees
	valid
	[ "$(figure '[.top_comms[].allocations] | add')" -eq "$(logged '"path"')" ]
}

@test "a range that is used up: status 99, the first failure named, exact counts" {
	run -99 ephemport run --json "$json" --fail 'eaddrnotavail>0' --fail 'lost>0' -- \
		bash -c "$(load_into a --scenario full_tcp4_connect)"
	echo "$output"
	agrees
	valid
	[ "$(figure .bottleneck)" = true ]
	[[ "${lines[0]}" =~ ^"source ports were the bottleneck: EADDRNOTAVAIL first after "[0-9.]+(us|ms|" s")", 127.0.0.1 to 127.0.0."[0-9]+:[0-9]+$ ]]
	[[ "$output" == *"x  eaddrnotavail>0  $(figure .eaddrnotavail)"* ]]
	[[ "$output" == *"ok lost>0           0"* ]]
	holds '.peak_used_pct == 100'
	[ "$(figure .knee)" -eq 100 ]
	[ "$(figure .knee_crossed)" = true ]
	first=$(grep -F '"errno":"EADDRNOTAVAIL"' "$log" | head -n 1)
	[ "$(figure .first_failure_daddr):$(figure .first_failure_dport)" = \
		"$(jq -r '.daddr + ":" + (.dport | tostring)' <<<"$first")" ]
	[ "$(figure '.gates[0].outcome + .gates[1].outcome')" = failedpassed ]
}

@test "bind and UDP that find no port are a bottleneck, too" {
	run -0 ephemport run --json "$json" -- \
		bash -c "$(load_into a --scenario full_tcp4_bind,full_udp4_connect)"
	agrees
	[ "$(figure .eaddrinuse)" -gt 0 ]
	[ "$(figure .eagain)" -gt 0 ]
	[[ "${lines[0]}" =~ "EADDRINUSE first after "[0-9.]+(us|ms|" s")", bind on 127.0.0.1"$ ]]
}

@test "descendants: a daemon, another session, another namespace, a background job; nobody else" {
	script all <<-EOF
		$(load_into child --scenario tcp4_connect --count 20)
		setsid $(load_into session --scenario udp4_bind --count 30)
		unshare -n $(load_into unshared --scenario tcp4_listen --count 40)
		$(load_into background --scenario tcp6_connect --count 50) &
		(setsid bash -c "(sleep 0.5; exec $(load_into daemon --scenario udp4_connect --count 60)) &" &)
		wait
	EOF
	(
		# Others, before and during the run, from outside.
		while [ ! -e "$log.daemon" ]; do
			"$ROOT/build/static/load" --netns --range 40000-40199 --scenario tcp4_bind \
				--count 10 --log outside 2>/dev/null
		done
	) 3>&- &
	run -0 ephemport run --wait-all --json "$json" -- ./all
	echo "$output"
	wait
	[ "$(grep -c . outside)" -gt 0 ]
	agrees
	[ "$(figure .autobind)" -gt 0 ]
	[ "$(figure .listen)" -gt 0 ]
}

@test "without --wait-all the end of COMMAND is the end, and a daemon goes on untraced" {
	script starts <<-EOF
		(setsid bash -c "until [ -e go ]; do sleep 0.05; done; $(load_into late --scenario udp4_bind --count 10); touch finished" >/dev/null 2>&1 &)
		$(load_into early --scenario tcp4_connect --count 10)
	EOF
	run -0 ephemport run --json "$json" -- ./starts
	touch go
	wait_for 100 test -e finished
	[ -s "$log.late" ]
	rm "$log.late"
	agrees
}

@test "process numbers of another pid namespace: ours, or COMMAND's" {
	run -0 unshare -pf --mount-proc ephemport run --json "$json" -- \
		bash -c "$(load_into a --scenario tcp4_connect --count 20); $(load_into b --scenario udp4_bind --count 7)"
	agrees
	run -0 ephemport run --json "$json" -- unshare -pf --mount-proc bash -c "$(load_into a --scenario tcp4_connect --count 20)
		$(load_into b --scenario udp4_bind --count 9)"
	agrees
	[ "$(figure .bind)" -eq 9 ]
}

@test "a range change during the run is told, and each range counted" {
	script changes <<-EOF
		echo 40000 40099 >/proc/sys/net/ipv4/ip_local_port_range
		ip link set lo up
		/usr/bin/python3 - <<-PYTHON
			import socket
			def bind():
			    s = socket.socket(); s.bind(("127.0.0.1", 0)); return s.getsockname()[1]
			assert all(40000 <= bind() <= 40099 for _ in range(10))
			open("/proc/sys/net/ipv4/ip_local_port_range", "w").write("50000 50099")
			assert all(50000 <= bind() <= 50099 for _ in range(20))
		PYTHON
	EOF
	run -0 ephemport run --json "$json" -- unshare -n ./changes
	[ "$(figure .bind)" -eq 30 ]
	[ "$(figure .ranges)" -eq 2 ]
	[ "$(figure .range_changes)" -eq 2 ]
	[ "$(figure '"\(.range_low)-\(.range_high)"')" = 50000-50099 ]
	[ "$(figure .out_of_range)" -eq 0 ]
}

@test "peak, TIME_WAIT and usable ports are what the sockets of the namespace are" {
	cat >holds.py <<-'EOF'
		import os, socket, time
		server = socket.create_server(("127.0.0.1", 9999), backlog=128)
		bound = [socket.create_server(("127.0.0.1", 40000 + n)) for n in (3, 5)]
		pairs = []
		for _ in range(40):
		    client = socket.create_connection(("127.0.0.1", 9999))
		    pairs.append((client, server.accept()[0]))
		for client, accepted in pairs[:30]:
		    client.close()   # first: the client's side waits
		    accepted.close()
		# Until a look has seen it; the run's own progress is not ours to see.
		time.sleep(1)
	EOF
	script holds <<-EOF
		ip link set lo up
		echo 40000 40099 >/proc/sys/net/ipv4/ip_local_port_range
		echo 40007 >/proc/sys/net/ipv4/ip_local_reserved_ports
		/usr/bin/python3 holds.py
		ss -Htan state time-wait dst 127.0.0.1:9999 | wc -l >waiting
	EOF
	ip netns add "run-$$"
	run -99 ephemport run --json "$json" --requests 400 --fail 'peak_used_pct>=40' \
		--fail 'peak_used_pct>50%' --fail 'knee_crossed==1' -- ip netns exec "run-$$" ./holds
	ip netns del "run-$$"
	echo "$output"
	# One is reserved; the two that are listened on were closed before the last look.
	[ "$(figure .usable)" -eq 99 ]
	[ "$(figure .peak_used)" -eq 40 ]
	[ "$(figure '[.gates[].outcome] | join(" ")')" = "failed passed passed" ]
	holds '.at_least | contains(["peak_used", "peak_open"])'
	[ "$(figure .peak_open)" -ge 10 ]
	[ "$(cat waiting)" -ge 30 ]
	[ "$(figure .time_wait_left)" -eq "$(cat waiting)" ]
	holds '.time_wait_clean_ns > 50e9 and .time_wait_clean_ns <= 60.1e9'
	holds '.requests_per_port == 10'
	[[ "$output" == *"source ports used 40 for 400 requests; perfect keep-alive would need "* ]]
}

@test "the status is that of COMMAND, 128+N, 126 or 127" {
	run -0 ephemport run -- true
	run -7 ephemport run -- sh -c 'exit 7'
	run -143 ephemport run -- sh -c 'kill -TERM $$'
	run -137 ephemport run -- sh -c 'kill -KILL $$'
	run -127 ephemport run -- ./there-is-none
	[[ "$output" == "ephemport: run: ./there-is-none cannot be run: No such file or directory" ]]
	touch plain
	run -126 ephemport run -- ./plain
	run -99 ephemport run --fail 'allocations==0' -- sh -c 'exit 7'
}

@test "gates: each operator and unit" {
	load=$(load_into a --scenario tcp4_connect --count 50)
	for holds in 'connect==50' 'connect>=50' 'connect<=50' 'connect != 49' 'rate>0' \
		'latency.max>1ns' 'latency.p(99.9) > 1ns' 'latency.avg<1m' 'latency_p50_ns>1' \
		'latency.med<1s' 'bottleneck==false' 'error_pct<1%' 'duration_ns>1ms'; do
		run -99 ephemport run --fail "$holds" -- bash -c "$load"
		[[ "$output" == *"x  $holds"* ]]
	done
	run -0 ephemport run --fail 'connect>50' --fail 'connect<50' --fail 'connect!=50' \
		--fail 'latency.max>1m' --fail 'knee_crossed==1' \
		--fail 'out_of_range>0' --fail 'second_pass_pct>0' --strict -- bash -c "$load"
	echo "$output"
	[ "$(grep -c '^ok ' <<<"$output")" -eq 10 ]
}

@test "--strict: a failure and the knee are enough" {
	run -99 ephemport run --strict -- bash -c "$(load_into a --scenario full_tcp4_connect)"
	[[ "$output" == *"x  errors>0"* && "$output" == *"x  knee_crossed==1  yes"* && "$output" == *"ok lost>0"* ]]
}

@test "a bad expression or option is status 2, one line, and COMMAND was not started" {
	for bad in errors 'errors>' 'errors>many' '>5' 'nonsense>5' 'latency>5us' 'latency.p(99)>50' \
		'latency.p(101)>5us' 'latency.p(9>5us' 'latency.sum>5us' 'errors=>5' 'rate<-1' \
		'first_failure_errno==5' 'errors>0x5' 'knee_crossed==2' 'errors>1e3' 'errors>0 or lost>0'; do
		run -2 ephemport run --fail "$bad" -- touch started
		[ "${#lines[@]}" -eq 1 ]
		[ ! -e started ]
	done
	run -2 ephemport run --fail 'errors>0'
	run -2 ephemport run --requests 0 -- touch started
	run -1 ephemport run --json /nowhere/run.json -- touch started
	[ "${#lines[@]}" -eq 1 ]
	[ ! -e started ]
}

@test "a gate on what the backend cannot know is status 3, and never passes" {
	ephemport doctor | grep -q '^.*connect *tracepoint' || skip "this kernel allows fentry"
	run -3 ephemport run --fail 'examined.max>1000' -- touch started
	[ ! -e started ]
	run -0 ephemport run --best-effort --fail 'examined.max>1000' -- \
		bash -c "$(load_into a --scenario tcp4_connect --count 5)"
	[[ "$output" == *"?  examined.max>1000  ?"* ]]
}

@test "without privileges: status 3 and COMMAND not started, unless --best-effort" {
	mkdir open
	chmod 777 open . ..
	cp "$ROOT/build/static/ephemport" open/
	cd open || return
	nobody="setpriv --reuid 65534 --regid 65534 --clear-groups --bounding-set -all --inh-caps -all"
	# shellcheck disable=SC2086
	$nobody true || skip "setpriv cannot drop privileges here"
	# shellcheck disable=SC2086
	run -3 $nobody ./ephemport run -- touch started
	echo "$output"
	[ ! -e started ]
	# shellcheck disable=SC2086
	run -5 $nobody ./ephemport run --best-effort --strict --json best.json -- sh -c 'touch started; exit 5'
	echo "$output"
	[ -e started ]
	mv best.json "$json"
	valid
	[ "$(figure '.traced')" = false ]
	[ "$(figure '.bottleneck, .allocations, .lost' | sort -u)" = null ]
	[[ "$output" == *"is not known: nothing was traced"* ]]
}

@test "stdin and stdout are untouched, and nothing of ours is on stdout" {
	head -c 1000000 /dev/urandom >bytes
	ephemport run -- cat <bytes >copy 2>"$notes"
	cmp bytes copy
	run -0 --separate-stderr ephemport run -- bash -c "$(load_into a --scenario tcp4_connect --count 5)"
	[ -z "$output" ]
	# shellcheck disable=SC2154 # bats sets it
	[[ "$stderr" == "source ports were not"* ]]
	# No terminal, no progress line and no colour.
	run grep -c $'[\r\033]' <<<"$stderr"
	[ "$output" -eq 0 ]
}

@test "COMMAND inherits what it would without us: signals, limits, descriptors, group, directory" {
	script tell <<-'EOF'
		grep -E '^(SigBlk|SigIgn|SigCgt|Umask)' /proc/self/status
		ulimit -a
		pwd
		readlink /proc/self/fd/* | grep -v '^/proc\|pipe' || true
		awk '{ print $5, $6, $7, $8 }' /proc/$$/stat
		env | sort | grep -v '^_='
	EOF
	# The same with a mask and dispositions that are not the usual ones.
	for prefix in "" "env --ignore-signal=PIPE,CHLD,USR1 --block-signal=TERM,HUP,CHLD"; do
		# shellcheck disable=SC2086
		$prefix ./tell >plain </dev/null 2>"$notes" 3>&- 4>&-
		# shellcheck disable=SC2086
		$prefix ephemport run -- ./tell >traced </dev/null 2>"$notes" 3>&- 4>&-
		diff plain traced
	done
}

@test "a signal for us alone is passed on to COMMAND, and the block comes" {
	script waits <<-'EOF'
		trap 'echo got it; exit 9' TERM HUP INT
		touch ready
		while :; do sleep 0.05; done
	EOF
	for signal in TERM HUP INT; do
		rm -f ready
		# A job of a shell without job control has INT ignored; env gives it back.
		env --default-signal=INT ephemport run -- ./waits >said 2>"$notes" 3>&- &
		tracer=$!
		wait_for 100 test -e ready
		kill -$signal "$tracer"
		status=0
		wait "$tracer" || status=$?
		[ "$status" -eq 9 ]
		[ "$(cat said)" = "got it" ]
		grep -q '^source ports were not the bottleneck' "$notes"
	done
}

@test "a signal ends --wait-all's waiting once COMMAND has ended" {
	script leaves <<-'EOF'
		setsid sleep 60 </dev/null >/dev/null 2>&1 3>&- &
		echo $! >daemon
		exit 4
	EOF
	ephemport run --wait-all -- ./leaves 2>"$notes" 3>&- &
	tracer=$!
	wait_for 100 test -s daemon
	wait_for 100 sh -c "! pgrep -P $tracer"
	kill -0 "$(cat daemon)"
	kill -TERM "$tracer"
	status=0
	wait "$tracer" || status=$?
	kill "$(cat daemon)"
	[ "$status" -eq 4 ]
	grep -q '^source ports were not the bottleneck' "$notes"
}

@test "Ctrl-C on a terminal reaches COMMAND once, and the block comes after it" {
	cat >counts.py <<-'EOF'
		import signal, sys, time
		seen = []
		def interrupted(number, frame):
		    seen.append(number)
		    print("interrupt", len(seen), flush=True)
		signal.signal(signal.SIGINT, interrupted)
		print("ready", flush=True)
		while not seen:
		    time.sleep(0.05)
		time.sleep(0.5)   # for a second one that must not come
		sys.exit(8)
	EOF
	run -8 /usr/bin/python3 "$ROOT/tests/live/run_terminal.py" ready '\x03' \
		ephemport run -- /usr/bin/python3 counts.py
	echo "$output"
	[[ "$output" == *"interrupt 1"*"source ports were not the bottleneck"* ]]
	[[ "$output" != *"interrupt 2"* ]]
}

@test "Ctrl-Z stops both, and fg goes on with both" {
	script short <<-'EOF'
		echo ready
		sleep 1
		echo finished
		exit 6
	EOF
	# An interactive shell has job control; its prompt tells when the job has stopped.
	run /usr/bin/python3 "$ROOT/tests/live/run_terminal.py" 'ready' '\x1a' \
		bash --norc -ic 'PS1=; ephemport run -- ./short; echo "stopped as $?"; jobs; fg; echo "ended as $?"'
	echo "$output"
	[[ "$output" == *"stopped as 148"*"Stopped"*"finished"*"source ports were not"*"ended as 6"* ]]
}

@test "a progress line on a terminal from the third second on, taken away at the end" {
	run -0 /usr/bin/python3 "$ROOT/tests/live/run_terminal.py" nothing '' \
		env TERM=xterm ephemport run -- bash -c "sleep 3.2; $(load_into a --scenario tcp4_connect --count 5)"
	[[ "$output" =~ $'\r'"2 s: 0 allocations/s, 0 failed" ]]
	[[ "$output" == *$'\r\033[K'*"source ports were not the bottleneck"* ]]
	run -0 /usr/bin/python3 "$ROOT/tests/live/run_terminal.py" nothing '' \
		env TERM=xterm ephemport run -- sleep 0.5
	[[ "$output" != *"allocations/s"* ]]
}

@test "nothing is left attached, and two runs at once see their own" {
	links() { bpftool link | grep -cE 'prog_type|attach_type|cgroup' || true; }
	before=$(links)
	ephemport run --json other.json -- bash -c "$(load_into b --count 300 --scenario "$(all_scenarios)")" 2>/dev/null 3>&- &
	run -0 ephemport run --json "$json" -- bash -c "$(load_into a --count 300 --threads 2 --scenario "$(all_scenarios)")"
	wait $!
	mv "$log.b" other
	agrees
	[ "$(jq .allocations other.json)" -eq "$(grep -c . other)" ]
	wait_for 50 test "$(links)" -eq "$before"
}

@test "--record keeps what the figures are made of, and replaces nothing without --force" {
	command -v sqlite3 >/dev/null || skip "there is no sqlite3"
	run -0 ephemport run --record run.db --json "$json" -- \
		bash -c "$(load_into a --scenario full_tcp4_connect,udp4_bind --count 20)"
	agrees
	[ "$(sqlite3 run.db 'SELECT count(*) FROM allocations')" -eq "$(figure .allocations)" ]
	[ "$(ephemport trace --from run.db --json --failed | grep -c '"type":"alloc"')" -eq "$(figure .errors)" ]
	run -2 ephemport run --record run.db -- touch started
	[ ! -e started ]
	run -0 ephemport run --record run.db --force -- true
	[ "$(sqlite3 run.db 'SELECT count(*) FROM allocations')" -eq 0 ]
	run -1 ephemport run --record /nowhere/run.db -- touch started
	[ ! -e started ]
}

# shellcheck disable=SC2016 # the COMMAND expands it
@test "a disk that is full ends the recording, not the run" {
	mkdir small
	script loads <<-EOF
		for i in 1 2 3 4 5 6 7 8 9; do
			$(load_into '$i' --count 5000 --scenario udp4_bind,tcp4_bind)
			# The recording takes a while to fill its disk, whatever the load.
			sleep 0.6
			if grep -q "goes on without it" "$notes"; then break; fi
		done
		$(load_into after --count 100 --scenario udp4_bind)
	EOF
	script full <<-EOF
		mount -t tmpfs -o size=200k none small
		exec ephemport run --record small/run.db --json "$json" --fail 'lost>0' -- ./loads 2>"$notes"
	EOF
	run -1 unshare -m ./full
	cat "$notes"
	grep -q "warning: run: --record: small/run.db.*the run goes on without it" "$notes"
	[ -s "$log.after" ]
	agrees
	[ "$(figure .status)" -eq 0 ]
}
