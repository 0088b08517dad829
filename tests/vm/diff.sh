#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# usage: diff.sh PORTS
#
# Records connections to one destination past half of a range, first with plain sockets, then with
# IP_LOCAL_PORT_RANGE, and prints what 'ephemport diff' makes of the two: as JSON on stdout, with one
# gate that holds of neither and two that hold, and on stderr as text, then diff's status. Needs
# ephemport and load in PATH; plain sh, for guests.
set -eu

ports=$1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

for scenario in tcp4_knee tcp4_knee_range; do
	ephemport record -o "$work/$scenario" --duration 5m --strict --path connect --buffer 64M \
		2>"$work/notes" &
	tracer=$!
	tries=600
	until grep -qs "tracing with" "$work/notes"; do
		tries=$((tries - 1))
		if [ $tries -eq 0 ] || ! kill -0 $tracer 2>/dev/null; then
			cat "$work/notes" >&2
			exit 1
		fi
		sleep 0.1
	done
	load --netns --range "40000-$((40000 + ports - 1))" --scenario "$scenario" \
		--log "$work/log" >&2
	kill -INT $tracer
	wait $tracer || {
		cat "$work/notes" >&2
		exit 1
	}
done

ephemport diff "$work/tcp4_knee" "$work/tcp4_knee_range" >&2
status=0
ephemport diff --json "$work/tcp4_knee" "$work/tcp4_knee_range" --fail 'latency.p(99)>1x' \
	--fail 'second_pass_pct<-1' --fail 'examined.avg<0.5x' || status=$?
echo "status $status" >&2
