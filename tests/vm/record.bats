#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
#
# A recording made with the fentry backend, in a guest: what the tracepoint backend does not know is
# in it, too. The file is looked at here, with sqlite3(1).

load ../helpers

@test "6.12: every allocation of fentry is in the recording, with what it examined and why" {
	out=$BATS_TEST_TMPDIR
	run "$ROOT/tools/vm" --timeout 240 --out "$out" 6.12 -- '
		ephemport record -o /out/r.db --explicit --explain --comm load --duration 3m 2>/tmp/notes &
		until grep -q "recording to" /tmp/notes; do sleep 0.1; done
		load --netns --range 40000-40127 --explicit --count 1000 --log /out/log 2>/dev/null
		kill -INT $!
		wait $! || { cat /tmp/notes; exit 1; }'
	echo "$output"
	[ "$status" -eq 0 ]
	ephemport trace --from "$out/r.db" --explicit --json >"$out/events"
	match "$out/log" "$out/events" --explicit
	/usr/bin/python3 "$ROOT/tests/load/validate.py" <"$out/events"
	db=$out/r.db
	[ "$(sqlite3 "$db" 'SELECT DISTINCT backend FROM allocations')" = fentry ]
	[[ $(sqlite3 "$db" 'SELECT kernel FROM recording') == 6.12.* ]]
	[ "$(sqlite3 "$db" 'SELECT explain FROM recording')" -eq 1 ]
	# connect() to a destination whose 128 ports are all taken looks at each of them.
	[ "$(sqlite3 "$db" "SELECT DISTINCT examined FROM allocations WHERE path = 'connect'
		AND errno = 'EADDRNOTAVAIL' AND range_source = 'netns'")" -eq 128 ]
	[ "$(sqlite3 "$db" "SELECT count(*) FROM allocations WHERE path = 'connect' AND approx IS NULL
		AND examined <> (errno IS NULL) + refused_tuple + refused_bound")" -eq 0 ]
	[ "$(sqlite3 "$db" "SELECT count(*) FROM allocations WHERE path = 'connect'
		AND refused_tuple > 100")" -gt 0 ]
}
