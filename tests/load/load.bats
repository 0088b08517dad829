#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# The log of load: complete, from the namespace it says, and harmless to the machine's own range.

setup() {
	LOAD=${LOAD:-$BATS_TEST_DIRNAME/../../build/static/load}
	MATCH=${MATCH:-$BATS_TEST_DIRNAME/../../build/static/match}
	cd "$BATS_TEST_TMPDIR" || return 1
}

need_netns() {
	unshare --net true 2>/dev/null || skip "no right to make a network namespace"
}

load() {
	run "$LOAD" "$@"
	echo "$output"
}

# count PATTERN...: lines of the log with every pattern
count() {
	local text
	text=$(cat log)
	for pattern; do
		text=$(grep -F -- "$pattern" <<<"$text") || true
	done
	grep -c . <<<"$text"
}

@test "the range of a namespace that load did not make stays as it is" {
	before=$(cat /proc/sys/net/ipv4/ip_local_port_range)
	load --range 40000-40099
	[ "$status" -eq 2 ]
	[ "$(cat /proc/sys/net/ipv4/ip_local_port_range)" = "$before" ]
	need_netns
	load --range 40000-40099 --netns --log log
	[ "$status" -eq 0 ]
	[ "$(cat /proc/sys/net/ipv4/ip_local_port_range)" = "$before" ]
}

@test "wrong usage" {
	for args in "--scenario nosuch" "--threads 0" "--threads 65" "--count x" "--unknown" "extra" \
		"--netns --range 5" "--netns --range 5-4" "--netns --range 1-65536"; do
		# shellcheck disable=SC2086
		load $args
		[ "$status" -eq 2 ]
	done
}

@test "every scenario runs alone or says why not" {
	need_netns
	for name in $("$LOAD" --list | cut -d' ' -f1); do
		load --netns --range 40000-40099 --explicit --scenario "$name" --log log
		[ "$status" -eq 0 ]
		if [ ! -s log ]; then
			[[ $name == *_foreign || $name == tcp?_connect_far || $output == *"skip $name: "* ]]
		fi
	done
}

@test "every path and family, successful and failing" {
	need_netns
	load --netns --range 40000-40099 --log log
	[ "$status" -eq 0 ]
	for family in 4 6; do
		for what in connect:tcp:EADDRNOTAVAIL bind:tcp:EADDRINUSE listen:tcp:EADDRINUSE \
			bind:udp:EADDRINUSE autobind:udp:EAGAIN; do
			IFS=: read -r path proto err <<<"$what"
			key="\"path\":\"$path\",\"proto\":\"$proto\",\"family\":$family,"
			[ "$(count "$key" '"errno":0')" -gt 0 ]
			[ "$(count "$key" "\"sport\":0,")" -ge 4 ]
			[ "$(count "$key" "\"sport\":0,")" -eq "$(count "$key" "\"errno\":\"$err\"")" ]
		done
	done
}

@test "all ports are inside the range" {
	need_netns
	load --netns --range 40000-40099 --threads 8 --count 5000 --explicit --log log
	[ "$status" -eq 0 ]
	[ "$(count '"sport"')" -eq "$(grep -cE '"sport":(0|400[0-9][0-9]),' log)" ]
}

@test "one thread is the process, eight are eight" {
	need_netns
	load --netns --range 40000-40099 --log log
	[ "$(grep -oE '"pid":[0-9]+,"tid":[0-9]+' log | sort -u | wc -l)" -eq 1 ]
	[ "$(grep -oE '"pid":[0-9]+' log | head -1 | cut -d: -f2)" = \
		"$(grep -oE '"tid":[0-9]+' log | head -1 | cut -d: -f2)" ]
	load --netns --range 40000-40099 --threads 8 --log log
	[ "$(grep -oE '"tid":[0-9]+' log | sort -u | wc -l)" -eq 8 ]
	[ "$(grep -oE '"pid":[0-9]+' log | sort -u | wc -l)" -eq 1 ]
}

@test "the namespace is the new one" {
	need_netns
	load --netns --log log
	[ "$status" -eq 0 ]
	[ "$(grep -oE '"netns":[0-9]+' log | sort -u | wc -l)" -eq 1 ]
	[ "$(count "\"netns\":$(stat -L -c %i /proc/self/ns/net)}")" -eq 0 ]
}

@test "explicit binds are logged when asked for" {
	need_netns
	load --netns --range 40000-40099 --log log
	[ "$(count '"path":"explicit"')" -eq 0 ]
	load --netns --range 40000-40099 --log log --explicit
	[ "$(count '"path":"explicit"' '"errno":0')" -ge 4 ]
	[ "$(count '"path":"explicit"' '"errno":"EADDRINUSE"')" -ge 4 ]
}

@test "the number of allocations is reached" {
	need_netns
	load --netns --range 40000-40999 --threads 8 --count 20000 --log log
	[ "$status" -eq 0 ]
	[ "$(count '"path"')" -ge 20000 ]
	[[ $output == *"$(count '"path"') allocations logged" ]]
}

@test "a count that cannot be reached is an error" {
	need_netns
	load --netns --scenario tcp4_bind_foreign --log log --count 10
	[ "$status" -eq 1 ]
	[ ! -s log ]
}

@test "time is limited" {
	need_netns
	load --netns --count 100000000 --timeout 1 --log log
	[ "$status" -eq 1 ]
	[[ $output == *"timed out"* ]]
}

@test "the log is its own match" {
	need_netns
	load --netns --range 40000-40099 --threads 8 --count 5000 --explicit --log log
	[ "$status" -eq 0 ]
	sed 's/^{/{"type":"alloc","range_low":null,"range_high":null,"in_range":null,/' log >events
	run "$MATCH" log events --explicit
	echo "$output"
	[ "$status" -eq 0 ]
}
