#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# usage: growth.sh SOCKETS/THREADS/NAMESPACES...
#
# In the guest: for each crowd the calls without a tracer and with ephemport's, into /out/lines.
set -eu

# wait_for PID FILE TEXT
wait_for() {
	tries=1200
	until grep -qs "$3" "$2"; do
		tries=$((tries - 1))
		if [ $tries -eq 0 ] || ! kill -0 "$1" 2>/dev/null; then
			cat "$2"
			exit 1
		fi
		sleep 0.1
	done
}

measure() {
	calls -4 -n 300 -w 100 -f empty -l "$1 $point" tcp-connect-refused tcp-bind udp-connect \
		>>/out/lines
}

# crowded NAME
crowded() {
	# shellcheck disable=SC2046 # three numbers
	crowd $(echo "$point" | tr / ' ') >/out/crowd 2>&1 &
	crowd=$!
	wait_for $crowd /out/crowd ready
	measure "$1"
	kill $crowd
	wait $crowd || true
	rm -f /out/crowd # or the next one would seem ready at once
}

# traced NAME ARGUMENT...: the crowd starts after the tracer, so that nothing of it is news.
traced() {
	name=$1
	shift
	ephemport "$@" >/out/events 2>/out/notes &
	tracer=$!
	wait_for $tracer /out/notes "with"
	crowded "$name"
	kill -INT $tracer
	wait $tracer
	rm -f /out/events /out/notes
}

: >/out/lines
for point; do
	echo "$point" >&2
	crowded off
	traced trace trace --json --backend fentry
	traced stat stat --json --backend fentry 1
done
uname -r >/out/release
