#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
#
# ephemport run under other kernels, on the fentry backend: COMMAND and its daemon are counted to the
# last allocation, with what they examined, and somebody else is not.

load ../helpers

# run_in SERIES: figures in $out/run.json, the loads' logs in $out/child and $out/daemon.
run_in() {
	out=$BATS_TEST_TMPDIR/out
	mkdir -p "$out"
	# shellcheck disable=SC2016
	run "$ROOT/tools/vm" --timeout 120 --out "$out" "$1" -- '
		quiet() { load --netns --range 40000-40199 "$@" 2>/dev/null; }
		quiet --scenario udp4_bind,tcp4_connect --count 3000 --log /outside & outside=$!
		cat >/command <<-EOF
			load --netns --range 40000-40199 --threads 2 --count 200 --log /out/child 2>/dev/null
			setsid sh -c "sleep 0.3; load --netns --range 40000-40199 --scenario full_tcp4_connect --log /out/daemon 2>/dev/null" &
		EOF
		ephemport run --backend fentry --wait-all --json /out/run.json \
			--fail "examined.max<200" --fail "examined.p(10)>200" --fail "lost>0" \
			--fail "eaddrnotavail>0" -- sh /command
		echo "status $?"
		wait $outside
		[ -s /outside ]'
	echo "$output"
	[ "$status" -eq 0 ]
	[[ "$output" == *"status 99"* ]]
	cat "$out/child" "$out/daemon" >"$out/log"
}

figure() {
	jq -r "$1" "$out/run.json"
}

agrees() {
	[ -s "$out/daemon" ]
	[ "$(figure .backend)" = fentry ]
	[ "$(figure .lost)" -eq 0 ]
	[ "$(figure .allocations)" -eq "$(lines_with "$out/log" '"path"')" ]
	for path in connect bind listen autobind; do
		[ "$(figure ".$path")" -eq "$(lines_with "$out/log" "\"path\":\"$path\"")" ]
	done
	[ "$(figure .eaddrnotavail)" -eq "$(lines_with "$out/log" '"errno":"EADDRNOTAVAIL"')" ]
	[ "$(figure .eaddrnotavail)" -gt 0 ]
	# A search that fails has looked at every port of the range.
	[ "$(figure .examined_max)" -eq 200 ]
	[ "$(figure '[.gates[].outcome] | join(" ")')" = "passed passed passed failed" ]
	/usr/bin/python3 "$ROOT/tests/load/validate.py" "$ROOT/docs/run.schema.json" <"$out/run.json"
}

@test "6.12: run" {
	run_in 6.12
	agrees
}

@test "6.1: run" {
	run_in 6.1
	agrees
}
