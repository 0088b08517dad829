#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
#
# 'range watch' and 'range verify --watch' under other kernels, with each backend. The range is two
# integers up to 6.6 and one word later: both layouts are here.

load ../helpers

# watch_in SERIES BACKEND
watch_in() {
	run in_guest "$1" watch.sh "$2"
	echo "$output"
	[ "$status" -eq 0 ]
}

@test "6.1: fentry" { watch_in 6.1 fentry; }
@test "6.1: tracepoint" { watch_in 6.1 tracepoint; }
@test "6.12: fentry" { watch_in 6.12 fentry; }
@test "6.12: tracepoint" { watch_in 6.12 tracepoint; }
