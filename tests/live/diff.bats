#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
#
# diff, held against what SQL says of the recordings and jq of the files of run --json.

load ../helpers

bats_require_minimum_version 1.5.0

setup() {
	a="$BATS_TEST_TMPDIR/a.db" b="$BATS_TEST_TMPDIR/b.db"
	"$ROOT/build/page/recording" known "$a"
	"$ROOT/build/page/recording" storm "$b" 5000
}

# sql FILE QUERY: the one value.
sql() {
	sqlite3 "$1" "SELECT $2 FROM allocations"
}

@test "figures, ratios and differences are what SQL says" {
	ephemport diff --json "$a" "$b" >"$BATS_TEST_TMPDIR/diff"
	"$ROOT/tests/load/validate.py" "$ROOT/docs/diff.schema.json" <"$BATS_TEST_TMPDIR/diff"
	while read -r figure query; do
		jq -e --arg figure "$figure" --argjson a "$(sql "$a" "$query")" --argjson b "$(sql "$b" "$query")" '
			.figures[$figure] | .a == $a and .b == $b and .difference == $b - $a and
			(if $a == 0 then .ratio == null else (.ratio - $b / $a) * (.ratio - $b / $a) < 1e-9 end)
			' "$BATS_TEST_TMPDIR/diff" || { echo "$figure"; false; }
	done <<-EOF
		allocations count(*)
		errors count(nullif(errno, '0')) FILTER (WHERE errno IS NOT NULL)
		latency_max_ns max(latency_ns)
		latency_total_ns sum(latency_ns)
		examined_max max(examined)
		second_pass sum(second_pass) FILTER (WHERE path = 'connect')
		ports_distinct count(DISTINCT nullif(sport, 0))
	EOF
}

@test "the sentence comes first, then both ranges" {
	run -0 ephemport diff "$a" "$b"
	[[ ${lines[0]} == "source ports ran out in A alone; the range is 32768-60999 against 40000-40999; on average a search takes "* ]]
	[[ $output == *$'\n'"A  $a"* ]]
	[[ $output =~ errors\ +1\ +0\ +none ]]
	run -0 ephemport diff "$b" "$a"
	[[ ${lines[0]} == "source ports ran out in B alone; "* ]]
	[[ $output =~ errors\ +0\ +1\ +new ]]
}

@test "gates: ratios, differences and values; status 4 where one holds" {
	for holds in 'allocations>600x' 'allocations>=625x' 'allocations<=625x' 'errors<+0' 'errors<-0' \
		'errors==-1' 'allocations>+4991' 'errors==0' 'latency.max>2x' 'latency.max>+100us' \
		'eaddrnotavail<0.5x' 'second_pass_pct>-5'; do
		run -4 ephemport diff "$a" "$b" --fail "$holds"
		[[ $output == *$'\n'"x  $holds  "* ]]
	done
	for fails in 'allocations>625x' 'errors>+0' 'errors>0' 'allocations>+4992' 'latency.max>5000x' \
		'lost>1x' 'lost>+0' 'eaddrinuse>1x'; do
		run -0 ephemport diff "$a" "$b" --fail "$fails"
		[[ $output == *$'\n'"ok $fails  "* ]]
	done
	# From nothing to something is above any ratio; one that holds is enough.
	run -4 ephemport diff "$b" "$a" --fail 'allocations>1x' --fail 'errors>1000x'
	[[ $output == *$'\n''ok allocations>1x  '*$'\n''x  errors>1000x  new'* ]]
}

@test "a figure that is not known fails" {
	run -4 ephemport diff "$a" "$b" --fail 'peak_open>1x'
	[[ $output == *$'\n''?  peak_open>1x  ?'* ]]
}

@test "a file of run --json, also beside a recording" {
	needs_tracing
	ephemport run --json "$BATS_TEST_TMPDIR/run.json" -- \
		"$ROOT/build/static/load" --netns --range 40000-40099 --scenario tcp4_connect --count 40 \
		--log "$BATS_TEST_TMPDIR/log" 2>/dev/null
	ephemport diff --json "$BATS_TEST_TMPDIR/run.json" "$a" >"$BATS_TEST_TMPDIR/diff"
	"$ROOT/tests/load/validate.py" "$ROOT/docs/diff.schema.json" <"$BATS_TEST_TMPDIR/diff"
	# Every number of the file is there again, and every null is.
	jq -e --slurpfile run "$BATS_TEST_TMPDIR/run.json" '
		.figures | to_entries | length > 50 and all(
			$run[0][.key] as $was | .value.a == (
				if $was == true then 1 elif $was == false then 0 else $was end))' "$BATS_TEST_TMPDIR/diff"
	[ "$(jq .figures.allocations.b "$BATS_TEST_TMPDIR/diff")" -eq 8 ]
	run -0 ephemport diff "$BATS_TEST_TMPDIR/run.json" "$BATS_TEST_TMPDIR/run.json" --fail 'latency.p(99)>1x' \
		--fail 'allocations>1x'
}

@test "wrong usage: one line, status 2; what is no run: status 1" {
	run -2 ephemport diff "$a"
	[ "${#lines[@]}" -eq 1 ]
	for wrong in nonsense 'nonsense>1x' 'errors>x' 'latency.p(99)>50' 'backend==1x' 'errors>+-1'; do
		run -2 ephemport diff "$a" "$b" --fail "$wrong"
		[ "${#lines[@]}" -eq 1 ] || { echo "$wrong"; false; }
	done
	echo '{"type":"tuple"}' >"$BATS_TEST_TMPDIR/other.json"
	: >"$BATS_TEST_TMPDIR/empty"
	for wrong in "$BATS_TEST_TMPDIR/other.json" "$BATS_TEST_TMPDIR/empty" "$ROOT/README.md" /nowhere "$ROOT"; do
		run -1 ephemport diff "$a" "$wrong"
		[ "${#lines[@]}" -eq 1 ]
		[[ $output == *"$wrong"* ]]
	done
}
