#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
#
# ephemport stat on the running kernel: its sums held against what getsockname() and errno said.

load ../helpers

setup() {
	needs_tracing
	stat=$BATS_TEST_TMPDIR/stat
	notes=$BATS_TEST_TMPDIR/notes
	log=$BATS_TEST_TMPDIR/log
	# Of a name that no other load on this kernel has.
	loader=$BATS_TEST_TMPDIR/stat-$$
	cp "$ROOT/build/static/load" "$loader"
}

teardown() {
	[ -z "${counter:-}" ] || kill -KILL "$counter" 2>/dev/null || true
}

# counts ARGUMENTS LOAD-OPTION...: the comparison of tests/counts.sh; leaves its files in kept/.
counts() {
	COUNTS_KEEP=$BATS_TEST_TMPDIR/kept run "$ROOT/tests/counts.sh" auto 40000-40511 "$@"
	echo "$output"
	[ "$status" -eq 0 ]
}

# start_stat ARGUMENT...: counting on return, what it prints is in $stat.
start_stat() {
	: >"$notes"
	ephemport stat "$@" >"$stat" 2>"$notes" 3>&- &
	counter=$!
	wait_for 100 grep -q 'tracing with' "$notes"
}

stop_stat() {
	kill -"${1:-INT}" "$counter"
	wait "$counter"
}

make_load() {
	"$loader" --netns --log "$log" "$@" 2>/dev/null
}

# total FILTER: the sum of count over the lines of type stat that jq's FILTER lets through.
total() {
	jq -s "[.[] | select(.type == \"stat\") | select($1) | .count] | add // 0" "$stat"
}

valid() {
	/usr/bin/python3 "$ROOT/tests/load/validate.py" "$ROOT/docs/stat.schema.json" <"${1:-$stat}"
}

@test "one thread: the sums are those of the log, by path, protocol, family and errno" {
	counts "" --count 10000
}

@test "eight threads, in intervals: the sums of all intervals are those of the log" {
	counts "100ms" --count 10000 --threads 8
	[ "$(jq -r 'select(.type == "stat") | .time' "$BATS_TEST_TMPDIR/kept/stat" | sort -u | wc -l)" -gt 1 ]
	# The totals are another type, and the same sum.
	[ "$(jq -s '[.[] | select(.type == "stat_total") | .count] | add' "$BATS_TEST_TMPDIR/kept/stat")" -eq \
		"$(wc -l <"$BATS_TEST_TMPDIR/kept/log")" ]
	valid "$BATS_TEST_TMPDIR/kept/stat"
}

@test "--by: for every key the rows add up to the log" {
	for by in comm daddr tuple cgroup netns uid; do
		counts "--by $by" --count 1000
		valid "$BATS_TEST_TMPDIR/kept/stat"
		[ "$(jq -s 'map(select(.type == "stat" and .other)) | length' "$BATS_TEST_TMPDIR/kept/stat")" -eq 0 ]
	done
}

@test "--by netns and daddr name what the log names" {
	start_stat --json --by netns --comm "stat-$$"
	make_load --range 40000-40199 --scenario tcp4_connect --count 20
	stop_stat
	[ "$(jq -r 'select(.type == "stat") | .netns' "$stat" | sort -u)" = "$(jq -r .netns "$log" | sort -u)" ]
	start_stat --json --by daddr --comm "stat-$$"
	make_load --range 40000-40199 --scenario tcp4_connect,tcp6_connect,udp4_bind --count 20
	stop_stat
	for daddr in $(jq -r .daddr "$log" | sort -u); do
		[ "$(total "(.daddr | tostring) == \"$daddr\"")" -eq \
			"$(jq -r .daddr "$log" | grep -cx -- "$daddr")" ]
	done
}

@test "beyond the bound on keys: one row 'other', and the sums stay exact" {
	counts "--by tuple --max-keys 3" --count 2000 --threads 4
	local kept=$BATS_TEST_TMPDIR/kept/stat
	valid "$kept"
	[ "$(jq -s 'map(select(.type == "stat" and .other)) | length' "$kept")" -gt 0 ]
	[ "$(jq -c 'select(.type == "stat" and (.other | not)) | [.netns, .saddr, .daddr, .dport]' "$kept" |
		sort -u | wc -l)" -eq 3 ]
	jq -e -s 'all(.[] | select(.other == true); .saddr == null and .netns == null)' "$kept"
}

@test "connect's passes: the second begins where the first is used up" {
	start_stat --json --comm "stat-$$" --path connect
	make_load --range 40000-40099 --scenario full_tcp4_connect
	stop_stat
	valid
	failed=$(lines_with "$log" '"path":"connect"' EADDRNOTAVAIL)
	[ "$failed" -gt 0 ]
	[ "$(total '.errno == "EADDRNOTAVAIL" and .second_pass')" -eq "$failed" ]
	[ "$(total '.errno == 0 and .second_pass')" -eq \
		"$(jq 'select(.path == "connect" and .errno == 0 and .sport % 2 == 1) | .sport' "$log" | wc -l)" ]
	[ "$(total '.errno == 0 and .second_pass == false')" -eq \
		"$(jq 'select(.path == "connect" and .errno == 0 and .sport % 2 == 0) | .sport' "$log" | wc -l)" ]
}

@test "filters leave in exactly what the log has of it" {
	start_stat --json --comm "stat-$$" --path listen,autobind --proto udp -6
	make_load --range 40000-40199
	stop_stat
	want=$(lines_with "$log" '"path":"autobind"' '"proto":"udp"' '"family":6')
	[ "$want" -gt 0 ]
	[ "$(total true)" -eq "$want" ]
	start_stat --json --comm "stat-$$" --failed --daddr 127.0.0.0/8 --path connect
	make_load --range 40000-40019 --scenario full_tcp4_connect,tcp6_connect
	stop_stat
	[ "$(total true)" -eq "$(lines_with "$log" '"path":"connect"' EADDRNOTAVAIL '"family":4')" ]
	start_stat --json --comm nobody
	make_load --range 40000-40019 --scenario udp4_bind --count 10
	stop_stat
	[ "$(total true)" -eq 0 ]
}

@test "figures of a row are in order, and its buckets add up to its count" {
	start_stat --json --hist --comm "stat-$$"
	make_load --range 40000-40199 --count 2000
	stop_stat
	valid
	jq -e -s 'map(select(.type == "stat")) | length > 0 and all(
		.latency_p50_ns <= .latency_p90_ns and .latency_p90_ns <= .latency_p99_ns and
		.latency_p99_ns <= .latency_p999_ns and .latency_p999_ns <= .latency_max_ns and
		.latency_mean_ns <= .latency_max_ns and .latency_mean_ns > 0 and
		([.latency_buckets_ns[][1]] | add) == .count)' "$stat"
}

@test "INTERVAL and COUNT: that many intervals, the totals, status 0" {
	run timeout 20 ephemport stat 200ms 3 --comm nobody
	[ "$status" -eq 0 ]
	[ "$(grep -cE '^[0-9:]{8}  0 allocations in 0\.2 s' <<<"$output")" -eq 3 ]
	[ "$(grep -c '^total  0 allocations in 0.6 s' <<<"$output")" -eq 1 ]
	[[ "$output" == *"0 failed; 0 lost"* ]]
	# A number alone is seconds.
	run timeout 20 ephemport stat 0.3 1 --comm nobody --json
	[ "$status" -eq 0 ]
	[[ "$output" == *'"type":"summary","allocations":0,'*'"seconds":0.3'* ]]
}

@test "a signal ends it with what is left of the interval, and a closed pipe ends it" {
	for signal in INT TERM; do
		start_stat 1m --comm "stat-$$"
		make_load --range 40000-40199 --scenario udp4_bind --count 5
		stop_stat $signal
		grep -qE '^[0-9:]{8}  [5-9][0-9]* allocations' "$stat"
		grep -qE '^total  [5-9][0-9]* allocations' "$stat"
		grep -q '0 lost$' "$notes"
	done
	# Without INTERVAL the totals come once.
	start_stat --comm "stat-$$"
	make_load --range 40000-40199 --scenario udp4_bind --count 5
	stop_stat
	[ "$(grep -c ' allocations in ' "$stat")" -eq 1 ]
	run bash -c "set -o pipefail; timeout 20 ephemport stat 50ms 2>/dev/null | head -n 1"
	[ "$status" -eq 0 ]
}

@test "text: a line for each kind; --hist draws both passes" {
	start_stat --hist --comm "stat-$$"
	make_load --range 40000-40099 --scenario full_tcp4_connect,udp6_bind --count 200
	stop_stat
	grep -qE '^PATH +PROTO +RESULT +PASS +COUNT +RATE/S +LATENCY +P50 +P90 +P99 +P99.9 +MAX' "$stat"
	grep -qE '^connect +tcp4 +ok +first +[0-9,]+ ' "$stat"
	grep -qE '^connect +tcp4 +EADDRNOTAVAIL +second +[0-9,]+ ' "$stat"
	grep -qE '^bind +udp6 +ok +- +[0-9,]+ ' "$stat"
	grep -q '^(connect, latency)$' "$stat"
	grep -qE '^ +first pass +second pass$' "$stat"
	grep -qE '#+ +[0-9,]+$' "$stat"
	run grep -c $'\033' "$stat"
	[ "$output" -eq 0 ]
}

@test "nothing is left attached" {
	before=$(bpftool link | grep -cE 'prog_type|attach_type|cgroup' || true)
	start_stat --by comm
	stop_stat
	wait_for 50 sh -c "[ \$(bpftool link | grep -cE 'prog_type|attach_type|cgroup') -le $before ]"
}

@test "bad input: status 2 and one line" {
	while IFS='|' read -r pattern arguments; do
		local code=0
		# shellcheck disable=SC2086
		ephemport stat $arguments >"$stat" 2>"$notes" || code=$?
		echo "$arguments: $code $(cat "$notes")"
		[ "$code" -eq 2 ]
		[ ! -s "$stat" ]
		[ "$(wc -l <"$notes")" -eq 1 ]
		grep -qF -- "$pattern" "$notes"
	done <<-'EOT'
		INTERVAL: 'often' is not right|often
		INTERVAL: '0' is not right|0
		INTERVAL: '1ms' is not right|1ms
		INTERVAL: '-1'|-- -1
		COUNT: '0' is not right|1 0
		COUNT: 'x' is not right|1 x
		one word too many|1 2 3
		use comm, daddr, tuple, cgroup, netns or uid|--by pid
		from 1 to 4096|--by comm --max-keys 0
		there are no keys without --by|--max-keys 5
		unknown option --buffer|--buffer 1M
	EOT
}
