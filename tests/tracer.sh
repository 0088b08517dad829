# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh
# What the scripts share that hold a tracer against a load; plain sh, for guests. They set work, a
# directory. Guests have it as /bin/tracer.sh.
: "${work:?}"

# tracer_fail WORDS: the end, with what the tracer said.
tracer_fail() {
	echo "$*:" >&2
	cat "$work/notes" >&2
	exit 1
}

# wait_for PID FILE TEXT [TENTHS]: until the file has the text; fails when the process is gone, or after
# so many tenths of a second, a minute by default.
wait_for() {
	tries=${4:-600}
	until grep -qs "$3" "$2"; do
		tries=$((tries - 1))
		if [ "$tries" -eq 0 ] || ! kill -0 "$1" 2>/dev/null; then
			return 1
		fi
		sleep 0.1
	done
}

# tracer_start OUTPUT ARGUMENT...: ephemport, live on return; its process is $tracer. What it says is
# in $work/notes.
tracer_start() {
	output=$1
	shift
	rm -f "$work/notes" # that of the one before would be taken for this one's
	ephemport "$@" >"$output" 2>"$work/notes" &
	tracer=$!
	wait_for "$tracer" "$work/notes" 'with the [a-z]* backend' ||
		tracer_fail "the tracer did not start"
}

# tracer_stop [STATUS]: ends it as a user would; it must end with that status.
tracer_stop() {
	ended=0
	kill -INT "$tracer"
	wait "$tracer" || ended=$?
	[ $ended -eq "${1:-0}" ] || tracer_fail "the tracer ended with status $ended, want ${1:-0}"
}

# tracer_abort WORDS: the end of both.
tracer_abort() {
	kill -INT "$tracer"
	tracer_fail "$*"
}

# Those of the load that the tracer sees, with commas between. UDP-Lite's connect() is the one
# allocation that the tracepoint backend does not see by itself.
scenarios() {
	if grep -q tracepoint "$work/notes"; then
		load --list | awk '$1 != "udplite4_connect" { print $1 }'
	else
		load --list | awk '{ print $1 }'
	fi | tr '\n' ',' | sed 's/,$//'
}
