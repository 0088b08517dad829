#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# usage: guest.sh TABLE CALLS-OPTION...
#
# Runs calls once for each line of TABLE with that line's tracer around it, and leaves what came of
# it in /out/NUMBER: name, calls (the figures), saw (lines that the tracer wrote), failed (why).
# The columns, separated by tabs: name; group; when the tracer is ready, a number of seconds or a
# pattern in what it says; the command, "-" for none, CALLS in it for one that starts the load itself.
set -u

table=$1
shift

# What the tracer said last, for people.
last_words() {
	sed 's/[^ -~]/ /g; /^ *$/d' "$dir/errors" | tail -n 1 | cut -c 1-200
}

fail() {
	echo "$*" >"$dir/failed"
}

wait_ready() {
	case $ready in
	[0-9]*) sleep "$ready" ;;
	*)
		tries=300
		until grep -q "$ready" "$dir/output" "$dir/errors"; do
			tries=$((tries - 1))
			if [ $tries -eq 0 ] || ! kill -0 "$pid" 2>/dev/null; then break; fi
			sleep 0.1
		done
		# What it starts at first is over.
		sleep 0.5
		;;
	esac
	kill -0 "$pid" 2>/dev/null
}

# Ends the tracer as a user would. One that does not handle SIGINT ignores it: sh starts what runs in
# the background so.
stop() {
	kill -INT "$pid" 2>/dev/null
	(sleep 5 && kill -TERM "$pid" && sleep 15 && kill -KILL "$pid") 2>/dev/null &
	killer=$!
	wait "$pid" 2>/dev/null
	kill "$killer" 2>/dev/null
}

run_beside() {
	: >"$dir/output"
	: >"$dir/errors"
	sh -c "exec $command" >"$dir/output" 2>"$dir/errors" &
	pid=$!
	if ! wait_ready; then
		stop
		fail "$(last_words)"
		return
	fi
	calls -l "$name" "$@" >"$dir/calls" 2>"$dir/calls-errors" || fail "$(cat "$dir/calls-errors")"
	kill -0 "$pid" 2>/dev/null || fail "ended early: $(last_words)"
	stop
	wc -l <"$dir/output" >"$dir/saw"
}

run_around() {
	load="calls -l '$name' $*"
	sh -c "${command%%CALLS*}$load${command#*CALLS}" >"$dir/calls" 2>"$dir/errors" ||
		fail "$(last_words)"
	[ ! -e "$dir/output" ] || wc -l <"$dir/output" >"$dir/saw"
}

number=0
while IFS='	' read -r name group ready command <&3; do
	number=$((number + 1))
	dir=/out/$(printf %02d $number)
	mkdir -p "$dir"
	printf '%s\t%s\n' "$name" "$group" >"$dir/name"
	export dir
	case $command in
	-) calls -l "$name" "$@" >"$dir/calls" 2>"$dir/errors" || fail "$(last_words)" ;;
	*CALLS*) run_around "$@" ;;
	*) run_beside "$@" ;;
	esac
	rm -f "$dir/output"
done 3<"$table"
uname -r >/out/release
cat /sys/devices/system/clocksource/clocksource0/current_clocksource >/out/clocksource
