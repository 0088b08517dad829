#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
#
# The same comparison as tests/live/trace.bats under other kernels, with each backend.

load ../helpers

# exact_in SERIES BACKEND OPTION...
exact_in() {
	run in_guest "$1" exact.sh "${@:2}"
	echo "$output"
	[ "$status" -eq 0 ]
}

@test "6.1: fentry, one thread" { exact_in 6.1 fentry 40000-40127 --count 1000; }
@test "6.1: fentry, eight threads" { exact_in 6.1 fentry 40000-40511 --count 1000 --threads 8; }
@test "6.12: fentry, one thread" { exact_in 6.12 fentry 40000-40127 --count 1000; }
@test "6.12: fentry, eight threads" { exact_in 6.12 fentry 40000-40511 --count 1000 --threads 8; }
@test "6.1: tracepoint" { exact_in 6.1 tracepoint 40000-40127 --count 1000; }
@test "6.12: tracepoint" { exact_in 6.12 tracepoint 40000-40127 --count 1000; }

@test "6.12: auto chooses fentry" {
	run "$ROOT/tools/vm" 6.12 -- 'ephemport doctor'
	[ "$status" -eq 0 ]
	[[ "$output" == *"connect   fentry"* ]]
	[[ "$output" == *"listen    fentry"* ]]
}

@test "6.12: the demo shows allocations and the exhaustion" {
	run "$ROOT/tools/demo" 6.12
	echo "$output"
	[ "$status" -eq 0 ]
	for word in connect bind listen autobind tcp4 tcp6 udp4 udp6 EADDRNOTAVAIL "0 lost"; do
		[[ "$output" == *"$word"* ]]
	done
}
