#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# match has to fail on everything that a wrong tracer could do; each case spoils one thing.

setup() {
	MATCH=${MATCH:-$BATS_TEST_DIRNAME/../../build/static/match}
	cd "$BATS_TEST_TMPDIR" || return 1
	{
		line connect 4 '"127.0.0.1"' 40000 '"127.0.0.1"' 39872 0 100 101
		line connect 4 '"127.0.0.1"' 40000 '"127.0.0.1"' 39872 0 100 101
		line connect 6 '"::1"' 40002 '"::1"' 39872 0 100 102
		line connect 4 '"127.0.0.1"' 0 '"127.0.0.1"' 39872 '"EADDRNOTAVAIL"' 100 101
		line bind 4 '"0.0.0.0"' 40001 null null 0 100 101
		line bind 4 '"127.0.0.1"' 0 null null '"EADDRINUSE"' 100 101
	} >log
	as_events <log >events
}

# path family saddr sport daddr dport errno pid tid
line() {
	printf '{"path":"%s","proto":"tcp","family":%s,"saddr":%s,"sport":%s,"daddr":%s,' "${@:1:5}"
	printf '"dport":%s,"errno":%s,"pid":%s,"tid":%s,"netns":4026531840}\n' "${@:6}"
}

# What a correct tracer would say of the log on standard input.
as_events() {
	sed -e 's/^{/{"type":"alloc","range_low":40000,"range_high":40099,"in_range":true,/' |
		sed -e '/"sport":0,/s/"in_range":true/"in_range":false/'
}

matches() {
	run "$MATCH" "$@"
	echo "$output"
	[ "$status" -eq 0 ]
}

differs() {
	run "$MATCH" "$@"
	echo "$output"
	[ "$status" -eq 1 ]
}

last() {
	[ "${lines[-1]}" = "$1" ]
}

# Spoils line $1 of the events by the sed command $2; fails if that changes nothing.
spoil() {
	sed "$1$2" events >spoilt
	if cmp -s events spoilt; then
		return 1
	fi
	mv spoilt events
}

@test "equal files match" {
	matches log events
	last "matched 6, missing 0, unexpected 0"
}

@test "the order of the events does not matter" {
	tac events >reversed
	matches log reversed
}

@test "range_change, summary and lost of none do not matter" {
	printf '{"type":"%s","count":0}\n' range_change summary lost >>events
	matches log events
}

@test "a missing event" {
	spoil 3 d
	differs log events
	last "matched 5, missing 1, unexpected 0"
	[[ ${lines[0]} == "missing    log:3: connect tcp6 ::1:40002 -> ::1:39872"* ]]
}

@test "a missing event of two equal ones" {
	spoil 2 d
	differs log events
	last "matched 5, missing 1, unexpected 0"
}

@test "an extra event" {
	spoil 2 p
	differs log events
	last "matched 6, missing 0, unexpected 1"
	[[ ${lines[0]} == "unexpected events:3: "* ]]
}

@test "a wrong port" {
	spoil 5 's/40001/40003/'
	differs log events
	last "matched 5, missing 1, unexpected 1"
}

@test "a wrong errno" {
	spoil 4 's/EADDRNOTAVAIL/EADDRINUSE/'
	differs log events
	last "matched 5, missing 1, unexpected 1"
}

@test "a failure told as a success" {
	spoil 6 's/"EADDRINUSE"/0/'
	differs log events
	last "matched 5, missing 1, unexpected 1"
}

@test "a wrong thread" {
	spoil 3 's/"tid":102/"tid":101/'
	differs log events
	last "matched 5, missing 1, unexpected 1"
}

@test "a wrong pid is missing, and unexpected with --all" {
	spoil 1 's/"pid":100/"pid":200/'
	differs log events
	last "matched 5, missing 1, unexpected 0"
	differs log events --all
	last "matched 5, missing 1, unexpected 1"
}

@test "a pid of null" {
	spoil 1 's/"pid":100/"pid":null/'
	differs log events
	last "matched 5, missing 1, unexpected 0"
}

@test "a wrong path" {
	spoil 5 's/"bind"/"listen"/'
	differs log events
	last "matched 5, missing 1, unexpected 1"
}

@test "a wrong protocol" {
	spoil 5 's/"tcp"/"udp"/'
	differs log events
	last "matched 5, missing 1, unexpected 1"
}

@test "a wrong family" {
	spoil 3 's/"family":6/"family":4/'
	differs log events
	last "matched 5, missing 1, unexpected 1"
}

@test "wrong addresses" {
	cp events good
	for change in 's/"saddr":"[^"]*"/"saddr":"10.0.0.1"/' 's/"daddr":"[^"]*"/"daddr":"10.0.0.1"/' \
		's/"dport":39872/"dport":39873/'; do
		cp good events
		spoil 1 "$change"
		differs log events
		last "matched 5, missing 1, unexpected 1"
	done
}

@test "an address that the tracer does not know is not compared" {
	spoil 1 's/"saddr":"[^"]*"/"saddr":null/'
	spoil 3 's/"daddr":"[^"]*","dport":[0-9]*/"daddr":null,"dport":null/'
	matches log events
}

@test "a destination where there is none" {
	spoil 5 's/"daddr":null/"daddr":"127.0.0.1"/'
	differs log events
	last "matched 5, missing 1, unexpected 1"
}

@test "an unknown address leaves the known one its partner" {
	line bind 4 '"127.0.0.1"' 40001 null null 0 100 101 >>log
	as_events <log >events
	spoil 7 's/"saddr":"[^"]*"/"saddr":null/'
	tac events >swapped
	matches log swapped
}

@test "a wrong namespace" {
	spoil 1 's/4026531840/4026531841/'
	differs log events
	[[ $output == *"netns is 4026531840 in the log"* ]]
	matches log <(sed 1s/4026531841/4026531840/ events) --netns 4026531840
	differs log <(sed 1s/4026531841/4026531840/ events) --netns 4026531842
}

@test "in_range wrong either way" {
	cp events good
	spoil 1 's/"in_range":true/"in_range":false/'
	differs log events
	cp good events
	spoil 1 's/"range_low":40000/"range_low":40001/'
	differs log events
	cp good events
	spoil 4 's/"in_range":false/"in_range":true/'
	differs log events
	cp good events
	spoil 1 's/"range_low":40000/"range_low":null/'
	differs log events
	spoil 1 's/"in_range":true/"in_range":null/'
	matches log events
	cp good events
	spoil 1 's/"range_low":40000/"range_low":40100/;1s/"in_range":true/"in_range":false/'
	differs log events
	[[ $output == *"range_low is above range_high"* ]]
}

@test "a port together with an error" {
	line bind 4 '"127.0.0.1"' 40005 null null '"EADDRINUSE"' 100 101 >>log
	as_events <log >events
	differs log events
	[[ $output == *"sport and errno contradict each other"* ]]
}

@test "lost events" {
	echo '{"type":"lost","count":1}' >>events
	differs log events
	matches log events --allow-lost
	spoil 1 d
	matches log events --allow-lost
	spoil 1 d
	differs log events --allow-lost
	last "matched 4, missing 2, unexpected 0"
}

@test "events of other processes count with --all only" {
	line bind 4 '"0.0.0.0"' 40007 null null 0 300 300 | as_events >>events
	matches log events
	differs log events --all
	last "matched 6, missing 0, unexpected 1"
	differs log events --all --netns 4026531840
	sed -i '$s/4026531840/4026531999/' events
	matches log events --all --netns 4026531840
}

@test "explicit binds count with --explicit and are wrong without" {
	line explicit 4 '"127.0.0.1"' 40008 null null 0 100 101 >>log
	matches log events
	differs log events --explicit
	last "matched 6, missing 1, unexpected 0"
	as_events <log >events
	matches log events --explicit
	differs log events
	last "matched 6, missing 0, unexpected 1"
}

@test "empty files" {
	differs /dev/null /dev/null
	last "matched 0, missing 0, unexpected 0"
	differs /dev/null events
	differs log /dev/null
	last "matched 0, missing 6, unexpected 0"
}

@test "a line cut short, rubbish, an unknown type, a key too few" {
	cp events good
	for bad in '{"type":"alloc","path":"bi' 'hello' '{"type":"summary"} {' '[]' \
		'{"type":"other"}' '{"type":"alloc"}' "$(sed -n '1s/"tid":101,//p' good)"; do
		cp good events
		echo "$bad" >>events
		differs log events
		[[ $output == *"unreadable events:7"* ]]
	done
}

@test "wrong usage" {
	run "$MATCH" log
	[ "$status" -eq 2 ]
	run "$MATCH" log events --netns none
	[ "$status" -eq 2 ]
	run "$MATCH" log events --unknown
	[ "$status" -eq 2 ]
	differs log nosuchfile
}
