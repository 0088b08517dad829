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
# shellcheck source=/dev/null
. "$(dirname "$0")/tracer.sh"

tracer_start "$work/events" trace --duration 3m --json --explicit --strict --backend "$backend" \
	--buffer 64M
load --netns --explicit --log "$work/log" --range "$range" \
	--scenario "$(scenarios)" "$@" || tracer_abort "the load failed"
tracer_stop
match "$work/log" "$work/events" --explicit
