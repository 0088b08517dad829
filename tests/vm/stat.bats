#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
#
# The same comparison as tests/live/stat.bats under other kernels, with each backend.

load ../helpers

# counts_in SERIES BACKEND ARGUMENTS OPTION...
counts_in() {
	run in_guest "$1" counts.sh "$2" 40000-40255 "${@:3}"
	echo "$output"
	[ "$status" -eq 0 ]
}

@test "6.12: fentry, the sums are those of the log" { counts_in 6.12 fentry "" --count 2000; }
@test "6.12: fentry, eight threads, in intervals" { counts_in 6.12 fentry "100ms" --count 2000 --threads 8; }
@test "6.12: fentry, --by comm" { counts_in 6.12 fentry "--by comm" --count 1000; }
@test "6.12: fentry, --by tuple beyond its bound" { counts_in 6.12 fentry "--by tuple --max-keys 2" --count 1000; }
@test "6.12: tracepoint" { counts_in 6.12 tracepoint "--by netns" --count 1000; }
@test "6.1: fentry" { counts_in 6.1 fentry "--by cgroup" --count 1000; }
@test "6.1: fentry, --by daddr beyond its bound" { counts_in 6.1 fentry "--by daddr --max-keys 1" --count 1000; }
@test "6.1: tracepoint" { counts_in 6.1 tracepoint "" --count 1000; }

@test "6.12: a search that finds nothing has examined every candidate" {
	# shellcheck disable=SC2016
	run "$ROOT/tools/vm" --timeout 120 6.12 -- sh -c 'ephemport stat --json --failed >/o 2>/e &
		until grep -q "tracing with" /e; do sleep 0.1; done
		load --netns --range 40000-40099 --scenario full_tcp4_bind,full_tcp6_connect >/dev/null 2>&1
		kill -INT $! && wait $! && cat /o'
	echo "$output"
	[ "$status" -eq 0 ]
	for row in '"path":"bind","proto":"tcp","family":4,"errno":"EADDRINUSE"' \
		'"path":"connect","proto":"tcp","family":6,"errno":"EADDRNOTAVAIL"'; do
		line=$(grep -F -- "$row" <<<"$output")
		[[ "$line" == *'"examined_unknown":0,"examined_mean":100.000,"examined_p50":100,'*'"examined_max":100,'* ]]
	done
}
