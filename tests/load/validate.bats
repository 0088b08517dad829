#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# The schema takes every record as the tracer should write it and refuses everything near it.

setup() {
	cd "$BATS_TEST_TMPDIR" || return 1
	cat >good <<-'END'
	{"type":"alloc","time":"2025-11-22T09:12:01.034217000Z","ts_ns":81234567890,"path":"connect","proto":"tcp","family":4,"saddr":"10.0.0.1","sport":40042,"daddr":"10.0.0.2","dport":80,"errno":0,"latency_ns":1400,"examined":1,"second_pass":false,"range_low":40000,"range_high":40099,"range_source":"netns","in_range":true,"tw_reused":false,"pid":4211,"tid":4212,"uid":1000,"comm":"wrk","cgroup_id":77,"netns":4026531840,"backend":"fentry","approx":[]}
	{"type":"alloc","time":"2025-11-22T10:12:01.034217000+01:00","ts_ns":1,"path":"autobind","proto":"udplite","family":6,"saddr":null,"sport":0,"daddr":null,"dport":null,"errno":"EAGAIN","latency_ns":null,"examined":null,"second_pass":null,"range_low":40000,"range_high":40099,"range_source":"socket","in_range":false,"tw_reused":null,"pid":null,"tid":null,"uid":null,"comm":null,"cgroup_id":null,"netns":4026531840,"backend":"tracepoint","approx":["latency_ns"]}
	{"type":"range_change","time":"2025-11-22T09:12:02.000004000Z","ts_ns":81234567999,"old":"40000-40099","new":"49152-65535","pid":4302,"tid":4302,"uid":0,"comm":"sysctl","cgroup_id":null,"netns":4026531840}
	{"type":"lost","time":"2025-11-22T09:12:02.100004000Z","count":3,"cause":"ring full","since":"2025-11-22T09:12:02.000004000Z"}
	{"type":"summary","allocations":4118,"failed":101,"lost":0,"range_changes":1,"out_of_range":0,"second_pass":41,"seconds":3.200,"connect":4017,"bind":60,"listen":0,"autobind":41,"explicit":0,"errno":{"EADDRNOTAVAIL":101}}
	END
}

validate() {
	run "$BATS_TEST_DIRNAME/validate.py" <"$1"
	echo "$output"
}

accepted() {
	validate "$1"
	[ "$status" -eq 0 ]
}

# Every line of the file is wrong.
refused() {
	validate "$1"
	[ "$status" -eq 1 ]
	[ "$(wc -l <"$1")" -gt 0 ]
	[ "${lines[-1]}" = "$(wc -l <"$1") lines, $(wc -l <"$1") invalid" ]
}

# vary PYTHON: runs it for each good record as "d"; emit(d) writes a variation.
vary() {
	python3 - "$1" good >varied <<-'END'
	import copy, json, sys
	def emit(d, **change):
	    print(json.dumps({**d, **change}))
	for line in open(sys.argv[2]):
	    d = json.loads(line)
	    exec(sys.argv[1])
	END
}

@test "good records are accepted" {
	accepted good
	[ "${lines[-1]}" = "5 lines, 0 invalid" ]
}

@test "no lines at all" {
	validate /dev/null
	[ "$status" -eq 1 ]
}

@test "one bad line among good ones" {
	echo '{"type":"alloc"}' >>good
	validate good
	[ "$status" -eq 1 ]
	[ "${lines[-1]}" = "6 lines, 1 invalid" ]
}

@test "a line cut short, even by the newline alone" {
	head -c -1 good >short
	validate short
	[ "$status" -eq 1 ]
	head -c -20 good >short
	validate short
	[ "$status" -eq 1 ]
}

@test "a key that is missing" {
	vary 'for key in d: emit({k: v for k, v in d.items() if k != key})'
	refused varied
}

@test "a key that nobody knows" {
	vary 'emit(d, extra=1)'
	refused varied
}

@test "a key that comes twice" {
	sed 's/}$/,"type":"lost"}/' good >twice
	refused twice
}

@test "null where a value is always known" {
	vary 'nullable = {"saddr", "daddr", "dport", "latency_ns", "examined", "second_pass", "in_range",
	"tw_reused", "pid", "tid", "uid", "comm", "cgroup_id"}
if d["type"] not in ("alloc", "range_change"): nullable = set()
for key in set(d) - nullable: emit(d, **{key: None})'
	refused varied
}

@test "null where a value may be unknown" {
	vary 'nullable = {"saddr", "daddr", "dport", "latency_ns", "examined", "second_pass", "in_range",
	"tw_reused", "pid", "tid", "uid", "comm", "cgroup_id"}
if d["type"] in ("alloc", "range_change"):
	for key in set(d) & nullable: emit(d, **{key: None})'
	accepted varied
}

@test "a value of another type" {
	vary 'for key in d: emit(d, **{key: {"x": 1}})
for key in d: emit(d, **{key: -1})'
	refused varied
}

@test "words that are not in the vocabulary" {
	vary 'emit(d, type="other")
if d["type"] == "alloc":
	for key in ("path", "range_source", "backend", "errno", "proto", "saddr", "time"):
		emit(d, **{key: "SOMETHING else"})
	for change in {"family": 10}, {"sport": 65536}, {"approx": ["saddr"]}, {"errno": 98}:
		emit(d, **change)
if d["type"] == "range_change": emit(d, old="0-1"); emit(d, new="40000")
if d["type"] == "lost": emit(d, count=0)
if d["type"] == "summary": emit(d, errno={"EAGAIN": 0}); emit(d, errno={"again": 1})'
	refused varied
}

@test "port and errno that contradict each other" {
	vary 'if d["type"] == "alloc":
	emit(d, sport=0, errno=0, in_range=False)
	emit(d, sport=40000, errno="EADDRINUSE", in_range=False)
	emit(d, sport=0, errno="EADDRINUSE", in_range=True)'
	refused varied
}
