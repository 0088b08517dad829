#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# usage: exact.sh BACKEND LOAD-OPTION...
#
# Traces tests/load in a namespace of its own and holds the events against its log: what
# getsockname() and errno said. Needs ephemport, load and match in PATH; plain sh, for guests.
# EXACT_KEEP=DIR keeps the two files.
set -eu

backend=$1
shift
work=${EXACT_KEEP:-$(mktemp -d)}
[ -n "${EXACT_KEEP:-}" ] || trap 'rm -rf "$work"' EXIT
mkdir -p "$work"

ephemport trace --json --explicit --strict --backend "$backend" --buffer 64M \
	>"$work/events" 2>"$work/notes" &
tracer=$!
tries=200
until grep -q 'tracing with' "$work/notes"; do
	tries=$((tries - 1))
	if [ $tries -eq 0 ] || ! kill -0 $tracer 2>/dev/null; then
		echo "the tracer did not start:"
		cat "$work/notes"
		exit 1
	fi
	sleep 0.1
done
load --netns --explicit --log "$work/log" "$@" || {
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
