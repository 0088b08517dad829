#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
#
# examined against the count in the kernel's own loops, in small; `make kernel-matrix` has all of it.

load ../helpers

examined_in() {
	"$ROOT/tools/vm" --timeout 300 --add "$ROOT/tests/tracer.sh" \
		--add "$ROOT/tests/vm/examined.sh:/bin/examined.sh:755" "$1" -- examined.sh small
}

@test "6.1: examined is what the kernel's loops count" { examined_in 6.1; }
@test "6.12: examined is what the kernel's loops count" { examined_in 6.12; }
@test "6.18: examined is what the kernel's loops count" { examined_in 6.18; }
@test "7.3: examined is what the kernel's loops count" { examined_in 7.3; }

# What the comparison must not let pass.

# truth_line TID PORT START COUNT, event_line TID PORT START EXAMINED APPROX BOUND
truth_line() {
	printf '{"type":"search","pid":7,"tid":%d,"path":"connect","port":%d,' "$1" "$2"
	printf '"start_ns":%d,"end_ns":%d,"candidates":%d}\n' "$3" $(($3 + 10)) "$4"
}

event_line() {
	printf '{"type":"alloc","pid":7,"tid":%d,"path":"connect","proto":"tcp","sport":%d,' "$1" "$2"
	printf '"ts_ns":%d,"latency_ns":8,"examined":%s,"approx":[%s],' $(($3 + 1)) "$4" "$5"
	printf '"reserved_skipped":0,"refused_bound":%s}\n' "$6"
}

# Two searches that agree; a third one follows in each test.
made_up() {
	cd "$BATS_TEST_TMPDIR" || return
	{ truth_line 7 40000 100 1 && truth_line 7 40002 200 2; } >truth
	{ event_line 7 40000 100 1 "" 0 && event_line 7 40002 200 2 "" 0; } >events
	echo "7 load ${1:-plain} 3 10 0 0" >plan
}

compare_says() {
	run compare plan truth events
	echo "$output"
	[ "$status" -eq "$1" ]
	[[ "$output" == *"$2"* ]]
}

@test "compare: what agrees passes, null and upper bounds are counted" {
	made_up
	truth_line 7 40004 300 3 >>truth
	event_line 7 40004 300 3 "" 0 >>events
	compare_says 0 "load 3 3 0 0 0 0"
	made_up
	truth_line 7 40004 300 3 >>truth
	event_line 7 40004 300 5 '"examined"' null >>events
	compare_says 0 "load 3 2 1 0 0 0"
	made_up
	truth_line 7 40004 300 3 >>truth
	event_line 7 40004 300 null "" null >>events
	compare_says 0 "load 3 2 0 1 0 0"
}

@test "compare: a wrong count fails, also an upper bound below the truth and one in a race" {
	made_up
	truth_line 7 40004 300 3 >>truth
	event_line 7 40004 300 4 "" 0 >>events
	compare_says 1 "load 3 2 0 0 1 0"
	echo "7 load race 3 10 0 0" >plan
	compare_says 1 "load 3 2 0 0 1 0"
	made_up
	truth_line 7 40004 300 3 >>truth
	event_line 7 40004 300 2 '"examined"' null >>events
	compare_says 1 "load 3 2 0 0 1 0"
}

@test "compare: nothing exact fails" {
	made_up
	truth_line 7 40004 300 3 >truth
	event_line 7 40004 300 null "" null >events
	echo "7 load plain 1 - - -" >plan
	compare_says 1 "load 1 0 0 1 0 0"
}

@test "compare: a search that only one side saw fails, or is a loss that the tracer told" {
	made_up
	event_line 7 40004 300 3 "" 0 >>events
	compare_says 1 "no probe saw it"
	made_up
	truth_line 7 40004 300 3 >>truth
	compare_says 1 "no event of it"
	made_up threads
	truth_line 7 40004 300 3 >>truth
	compare_says 1 "1 events are missing, the tracer lost 0"
	echo '{"type":"lost","count":1}' >>events
	compare_says 0 "load 2 2 0 0 0 1"
}

@test "compare: a failed search that met something else than the set-up fails" {
	made_up
	truth_line 7 0 300 9 >>truth
	event_line 7 0 300 9 "" 0 >>events
	compare_says 1 "of a range used up: 10, counted 9"
	made_up
	truth_line 7 0 300 10 >>truth
	event_line 7 0 300 10 "" 1 >>events
	compare_says 1 "refused_bound: 1, counted 0"
}

@test "compare: more or fewer searches than the load made fail" {
	made_up
	compare_says 1 "the load counted 3 allocations, the probes 2"
}
