#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
#
# The published picture: connect() gets slow where half of the range is used to one destination,
# and from 6.8 on does not with IP_LOCAL_PORT_RANGE.

load ../helpers

PORTS=4096
KNEE=$((PORTS / 2))

# knees_in SERIES: what knee.sh says of a plain socket, and of one with IP_LOCAL_PORT_RANGE.
knees_in() {
	local command
	command="set -e; for s in tcp4_knee tcp4_knee_range; do knee.sh \$s $PORTS; done"
	"$ROOT/tools/vm" --timeout 240 --add "$ROOT/tests/tracer.sh" \
		--add "$ROOT/tests/vm/knee.sh:/bin/knee.sh:755" "$1" -- "$command" >"$BATS_TEST_TMPDIR/knees" 2>"$BATS_TEST_TMPDIR/stderr" || {
		cat "$BATS_TEST_TMPDIR/stderr"
		return 1
	}
	echo "connections, first of the second pass, median ns before and past the knee:"
	cat "$BATS_TEST_TMPDIR/knees"
	{
		read -r total first before past
		read -r range_total range_first range_before range_past
	} <"$BATS_TEST_TMPDIR/knees"
	[ "$total" -gt $((KNEE + 200)) ] && [ "$before" -gt 0 ] || return 1
	[ "$range_total" -eq "$total" ] && [ "$range_before" -gt 0 ] || return 1
}

# The first connection past the knee is the first of the second pass, and ten times as dear.
is_knee() {
	[ "$1" -eq $((KNEE + 1)) ] && [ "$3" -ge $((10 * $2)) ]
}

is_flat() {
	[ "$1" -eq 0 ] && [ "$3" -lt $((3 * $2)) ]
}

@test "6.1: a knee at half of the range, with IP_LOCAL_PORT_RANGE too" {
	knees_in 6.1
	is_knee "$first" "$before" "$past"
	is_knee "$range_first" "$range_before" "$range_past"
}

@test "6.12: a knee at half of the range, none with IP_LOCAL_PORT_RANGE" {
	knees_in 6.12
	is_knee "$first" "$before" "$past"
	is_flat "$range_first" "$range_before" "$range_past"
}

@test "7.3: a knee at half of the range, none with IP_LOCAL_PORT_RANGE" {
	knees_in 7.3
	is_knee "$first" "$before" "$past"
	is_flat "$range_first" "$range_before" "$range_past"
}
