#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
#
# The published effect, as diff tells it: from 6.8 on a storm of connections to one destination costs a
# fraction with IP_LOCAL_PORT_RANGE. Times of this guest are instructions: only ratios say something.

load ../helpers

@test "6.12: diff shows what IP_LOCAL_PORT_RANGE saves" {
	"$ROOT/tools/vm" --icount --timeout 240 --add "$ROOT/tests/vm/diff.sh:/bin/diff.sh:755" 6.12 -- \
		'diff.sh 4096' >"$BATS_TEST_TMPDIR/diff" 2>"$BATS_TEST_TMPDIR/stderr" || {
		cat "$BATS_TEST_TMPDIR/stderr"
		return 1
	}
	cat "$BATS_TEST_TMPDIR/stderr"
	# As many connections in both, and the second pass, half of the range, in one alone.
	jq -e '.figures | .allocations.a == .allocations.b and .allocations.a > 2200 and
		.errors.a == 0 and .errors.b == 0 and .lost.a == 0 and .lost.b == 0 and
		.second_pass.a > 200 and .second_pass.b == 0 and .examined_max.a > 2048' \
		"$BATS_TEST_TMPDIR/diff"
	jq -e '.figures | .examined_mean.ratio < 1 / 50 and .latency_mean_ns.ratio < 1 / 10 and
		.latency_p99_ns.ratio < 1 / 20' "$BATS_TEST_TMPDIR/diff"
	jq -e '[.gates[].outcome] == ["passed", "failed", "failed"]' "$BATS_TEST_TMPDIR/diff"
	[ "$(tail -n 1 "$BATS_TEST_TMPDIR/stderr")" = "status 4" ]
}
