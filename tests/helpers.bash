# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# What the bats files share.

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
PATH="$ROOT/build/static:$PATH"

# Skips where this kernel or these privileges allow no tracing, in doctor's own words.
needs_tracing() {
	local said
	said=$(ephemport doctor 2>&1) || skip "no tracing here: $(grep '^no' <<<"$said" | tr '\n' ';')"
}

# wait_for TENTHS COMMAND...: until it succeeds, or fails after that many tenths of a second.
wait_for() {
	local tries=$1
	shift
	until "$@"; do
		tries=$((tries - 1))
		[ "$tries" -gt 0 ] || return 1
		sleep 0.1
	done
}

# in_guest SERIES SCRIPT ARGUMENT...: a script of these tests under another kernel.
in_guest() {
	local series=$1 script=$ROOT/tests/$2
	shift 2
	"$ROOT/tools/vm" --timeout 240 --add "$ROOT/tests/tracer.sh" \
		--add "$script:/bin/${script##*/}:755" "$series" -- "${script##*/}" "$@"
}

# start_trace OPTION...: a tracer whose output is in $BATS_TEST_TMPDIR/events, live on return.
start_trace() {
	rm -f "$BATS_TEST_TMPDIR/notes"
	ephemport trace --duration 2m "$@" >"$BATS_TEST_TMPDIR/events" 2>"$BATS_TEST_TMPDIR/notes" 3>&- &
	tracer=$!
	wait_for 100 grep -qs "tracing with" "$BATS_TEST_TMPDIR/notes"
}

# Ends it by a signal and returns its status.
stop_trace() {
	kill -"${1:-INT}" "$tracer"
	wait "$tracer"
}

# A load in its own namespace; its log is in $BATS_TEST_TMPDIR/log.
make_load() {
	"$ROOT/build/static/load" --netns --log "$BATS_TEST_TMPDIR/log" "$@" 2>/dev/null
}

# How many lines of the file have all of the fixed strings.
lines_with() {
	local file=$1 text
	shift
	text=$(cat "$file")
	for word in "$@"; do
		text=$(grep -F -- "$word" <<<"$text") || true
	done
	grep -c . <<<"$text" || true
}
