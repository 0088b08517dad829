#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
#
# Each fuzzer for a short while, from its seeds on. 'make fuzz FUZZ_SECONDS=600' is for longer.

load ../helpers

# fuzz NAME: fails with what the fuzzer says, and the input that did it in base64.
fuzz() {
	mkdir "$BATS_TEST_TMPDIR/found"
	run "$ROOT/build/fuzz/fuzz_$1" -max_total_time="${FUZZ_SECONDS:-10}" -max_len=4096 \
		-print_final_stats=1 -artifact_prefix="$BATS_TEST_TMPDIR/" \
		"$BATS_TEST_TMPDIR/found" "$ROOT/tests/fuzz/corpus/$1"
	# shellcheck disable=SC2154 # run sets it
	tail -n 60 <<<"$output"
	[ "$status" -eq 0 ]
	runs=$(sed -n 's/^stat::number_of_executed_units: *//p' <<<"$output")
	# That it ran at all, and not only over its seeds.
	[ "$runs" -gt 10000 ]
}

@test "fuzz: captures of other systems" { fuzz import; }
@test "fuzz: ranges, lists of ports, cgroups and mounts" { fuzz range; }
@test "fuzz: files of sysctl.d" { fuzz sysctl_conf; }
