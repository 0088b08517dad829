#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
#
# What tracing costs is what docs/cost.md says. After a change that is meant to cost, or to save:
# make bench STORE=1.

load ../helpers
bats_require_minimum_version 1.5.0

@test "6.12: no call costs over 3 % more instructions with trace or stat than stored" {
	run --separate-stderr "$ROOT/tests/bench/check" "$ROOT/docs/cost-6.12.json" '^(trace|stat)$'
	# shellcheck disable=SC2154 # run sets them
	echo "$output"
	# Another kernel, compiler or QEMU than that of the stored figures: 'check' says which.
	[ "$status" -ne 77 ] || skip "$output"
	[ "$status" -eq 0 ] || tail -n 20 <<<"$stderr"
	[ "$status" -eq 0 ]
}
