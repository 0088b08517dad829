#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# usage: knee.sh SCENARIO PORTS
#
# Traces connections to one destination past half of a range, and prints: how many there were, the
# number of the first one in the second pass (0: none), and the median latency in ns of those up to
# half of the range and of those past it. Needs ephemport and load in PATH; plain sh, for guests.
set -eu

scenario=$1 ports=$2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
# shellcheck source=/dev/null
. "$(dirname "$0")/tracer.sh"

tracer_start "$work/events" trace --duration 5m --json --strict --path connect --buffer 64M
load --netns --range "40000-$((40000 + ports - 1))" --scenario "$scenario" --log "$work/log" >&2
tracer_stop

half=$(((ports + 1) / 2))
grep '"type":"alloc"' "$work/events" >"$work/connects"
sed -n 's/.*"latency_ns":\([0-9]*\).*/\1/p' "$work/connects" >"$work/latencies"

# median: of the numbers on standard input.
median() {
	sort -n | awk '{ value[NR] = $1 } END { print value[int((NR + 1) / 2)] }'
}

echo "$(wc -l <"$work/connects")" \
	"$(awk '/"second_pass":true/ { first = NR; exit } END { print first + 0 }' "$work/connects")" \
	"$(head -n $half "$work/latencies" | median)" \
	"$(tail -n +$((half + 1)) "$work/latencies" | median)"
