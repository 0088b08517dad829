#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# usage: growth.sh SOCKETS/THREADS/NAMESPACES...
#
# In the guest: for each crowd the calls without a tracer and with ephemport's, into /out/lines.
set -eu

work=/out
# shellcheck source=/dev/null
. "$(dirname "$0")/tracer.sh"

measure() {
	calls -4 -n 300 -w 100 -f empty -l "$1 $point" tcp-connect-refused tcp-bind udp-connect \
		>>"$work/lines"
}

# crowded NAME
crowded() {
	# shellcheck disable=SC2046 # three numbers
	crowd $(echo "$point" | tr / ' ') >"$work/crowd" 2>&1 &
	crowd=$!
	wait_for $crowd "$work/crowd" ready 1200 || {
		cat "$work/crowd" >&2
		exit 1
	}
	measure "$1"
	kill $crowd
	wait $crowd || true
	rm -f "$work/crowd" # or the next one would seem ready at once
}

# traced NAME ARGUMENT...: the crowd starts after the tracer, so that nothing of it is news.
traced() {
	name=$1
	shift
	tracer_start "$work/events" "$@"
	crowded "$name"
	tracer_stop
	rm -f "$work/events" "$work/notes"
}

: >"$work/lines"
for point; do
	echo "$point" >&2
	crowded off
	traced trace trace --json --backend fentry
	traced stat stat --json --backend fentry 1
done
uname -r >"$work/release"
