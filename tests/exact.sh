#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# usage: exact.sh BACKEND LOW-HIGH LOAD-OPTION...
#
# Traces tests/load in a namespace of its own with that range and holds the events against its log:
# what getsockname() and errno said. Needs ephemport, load and match in PATH; plain sh, for guests.
# EXACT_KEEP=DIR keeps the files.
set -eu

backend=$1 range=$2
shift 2
work=${EXACT_KEEP:-$(mktemp -d)}
[ -n "${EXACT_KEEP:-}" ] || trap 'rm -rf "$work"' EXIT
mkdir -p "$work"

ephemport trace --duration 3m --json --explicit --strict --backend "$backend" --buffer 64M \
	>"$work/events" 2>"$work/notes" &
tracer=$!
tries=200
until grep -qs "tracing with" "$work/notes"; do
	tries=$((tries - 1))
	if [ $tries -eq 0 ] || ! kill -0 $tracer 2>/dev/null; then
		echo "the tracer did not start:"
		cat "$work/notes"
		exit 1
	fi
	sleep 0.1
done

# UDP-Lite's connect() is the one allocation that the tracepoint backend does not see by itself.
# The knee takes more than half of the range for each thread: tests/vm/knee.bats has it.
scenarios=$(load --list | awk '$1 !~ /knee/ { print $1 }')
if grep -q tracepoint "$work/notes"; then
	scenarios=$(echo "$scenarios" | grep -v '^udplite4_connect$')
fi
load --netns --explicit --log "$work/log" --range "$range" \
	--scenario "$(echo "$scenarios" | tr '\n' ',' | sed 's/,$//')" "$@" || {
	echo "the load failed"
	kill -INT $tracer
	exit 1
}
kill -INT $tracer
if ! wait $tracer; then
	echo "the tracer ended badly:"
	cat "$work/notes"
	exit 1
fi
match "$work/log" "$work/events" --explicit
