#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
#
# Pages of recordings of which every record is known (tests/page/recording.c), looked at in a headless
# Chromium: what it draws where is told by the axes that a reader sees.

load ../helpers

bats_require_minimum_version 1.5.0

setup() {
	recording="$ROOT/build/page/recording"
	db="$BATS_TEST_TMPDIR/recording.db"
	page="$BATS_TEST_TMPDIR/page.html"
}

look() {
	python3 "$ROOT/tests/page/report_page.py" "$@"
}

@test "marks lie where the ports and times are, in light and dark; 360 px are wide enough" {
	"$recording" known "$db"
	ephemport report "$db" -o "$page"
	cat >"$BATS_TEST_TMPDIR/truth" <<-EOF
		{"dots": [[0, 40000, "first"], [1, 40100, "first"], [2, 40901, "second"],
			[3, 40501, "other"], [6, 50100, "first"], [8, 50901, "second"], [10, 50998, "first"]],
		 "empty": [[1, 50100], [4, 40500], [5, 45000], [6, 40100], [8, 40901]],
		 "failed": [4], "not_failed": [2, 6],
		 "bands": [[2, 40000, 40999], [7, 50000, 50999]]}
	EOF
	look check "$page" "$BATS_TEST_TMPDIR/truth"
}

# Ports as getsockname() told them; when, the recording knows alone. load sets the range in its namespace.
@test "a real recording: each port that was given is on the page, and so is the change of the range" {
	needs_tracing
	ephemport record -o "$db" --duration 2m --path connect 2>"$BATS_TEST_TMPDIR/notes" 3>&- &
	tracer=$!
	wait_for 100 grep -qs "tracing with" "$BATS_TEST_TMPDIR/notes"
	make_load --range 40000-40999 --scenario tcp4_connect --count 60
	kill -INT "$tracer"
	wait "$tracer"
	ephemport report "$db" -o "$page" --comm load
	jq -r 'select(.sport > 0) | .sport' "$BATS_TEST_TMPDIR/log" | sort >"$BATS_TEST_TMPDIR/ports"
	[ "$(wc -l <"$BATS_TEST_TMPDIR/ports")" -ge 50 ]
	sqlite3 -json "$db" "SELECT (ts_ns - begin_ts_ns) / 1e9 AS at, sport, second_pass FROM allocations, recording
		WHERE errno IS NULL OR sport > 0" >"$BATS_TEST_TMPDIR/rows"
	jq -n --slurpfile rows "$BATS_TEST_TMPDIR/rows" --slurpfile ports "$BATS_TEST_TMPDIR/ports" '
		($rows[0] | INDEX(.sport | tostring)) as $row |
		($rows[0] | max_by(.at).at) as $last |
		{dots: [$ports[] | $row[tostring] | [.at, .sport, ["first", "second"][.second_pass] // "other"]],
		 empty: [[$last, 50000], [$last, 35000]], bands: [[$last, 40000, 40999]]}
		' >"$BATS_TEST_TMPDIR/truth"
	[ "$(jq '.dots | length' "$BATS_TEST_TMPDIR/truth")" -ge 50 ]
	look check "$page" "$BATS_TEST_TMPDIR/truth"
	grep -q '"old_low":32768,"old_high":60999' "$page"
}

@test "a truth that is not the page's is told from it" {
	"$recording" known "$db"
	ephemport report "$db" -o "$page"
	for wrong in '{"dots": [[6, 40100, "first"]]}' '{"dots": [[1, 40100, "second"]]}' \
		'{"empty": [[1, 40100]]}' '{"failed": [3]}' '{"bands": [[2, 50000, 50999]]}'; do
		echo "$wrong" >"$BATS_TEST_TMPDIR/truth"
		run -1 look check "$page" "$BATS_TEST_TMPDIR/truth"
		[[ $output == *"no "* || $output == *"a mark"* ]]
	done
}

@test "names from a recording do no harm" {
	"$recording" evil "$db"
	ephemport report "$db" -o "$page" --title '</title><script>alert(4)</script>'
	look safe "$page" '</script><img s' '<img src=x oner' '<!--<script>\u0' '"};alert(1)//' \
		'b&lt;' 'wrk <img src=x onerror=alert(3)>' '</title><script>alert(4)</script>'
}

# It is 1 s of the processor where this was written, and 2.5 s in all: the clock is a busy machine's.
@test "a million allocations: below 10 MB, and soon drawn" {
	"$recording" storm "$db" 1000000
	ephemport report "$db" -o "$page"
	[ "$(stat -c %s "$page")" -lt 10000000 ]
	look load "$page" 3000
}

@test "above the number of marks: cells, and where they lie" {
	"$recording" storm "$db" 1100000
	ephemport report "$db" -o "$page"
	[ "$(stat -c %s "$page")" -lt 10000000 ]
	grep -q '"merged":true' "$page"
	echo '{"empty": [[5, 31800], [5, 61900]], "bands": [[5, 32768, 60999]]}' >"$BATS_TEST_TMPDIR/truth"
	look check "$page" "$BATS_TEST_TMPDIR/truth"
}

@test "tables sort by a click and by a key, and say how" {
	"$recording" storm "$db" 5000
	ephemport report "$db" -o "$page"
	look sort "$page" tuples Allocations >"$BATS_TEST_TMPDIR/sorted"
	# As SQL has it, both ways.
	sqlite3 "$db" "SELECT daddr || ':' || dport, count(*) FROM allocations GROUP BY 1 ORDER BY 2 DESC" |
		cut -d '|' -f 1 >"$BATS_TEST_TMPDIR/truth"
	diff <(jq -r 'select(.sort == "descending") | .rows[][0]' "$BATS_TEST_TMPDIR/sorted") \
		"$BATS_TEST_TMPDIR/truth"
	diff <(jq -r 'select(.sort == "ascending") | .rows[][0]' "$BATS_TEST_TMPDIR/sorted") \
		<(tac "$BATS_TEST_TMPDIR/truth")
}

@test "keys and buttons zoom the time of both charts, and all of it comes back" {
	"$recording" known "$db"
	ephemport report "$db" -o "$page"
	look zoom "$page"
}

@test "the pointer on a mark tells what it is" {
	"$recording" known "$db"
	ephemport report "$db" -o "$page"
	look hover "$page" 2 40901 'port 40901, second pass' 'connect to 10.0.0.2:80' '700 examined' 'by wrk' '2 s after'
}

@test "filters choose what is on the page" {
	"$recording" known "$db"
	ephemport report "$db" -o "$page" --failed
	grep -q '"allocations":1,' "$page"
	ephemport report "$db" -o "$page" --comm curl
	grep -q '"allocations":0,' "$page"
	look load "$page" 3000
}

@test "writes beside the recording, replaces a page, and nothing else" {
	"$recording" known "$db"
	before=$(sha256sum <"$db")
	run --separate-stderr ephemport report "$db"
	[ "$status" -eq 0 ]
	[ -z "$output" ]
	cmp "$db.html" <(ephemport report "$db" -o - 2>/dev/null)
	ephemport report "$db" --title again
	grep -q '"title":"again"' "$db.html"
	[ "$(stat -c %a "$db.html")" = "$(printf '%o' $((0666 & ~$(umask))))" ]

	run -2 ephemport report "$db" -o "$db"
	[[ $output == *"is there and is no page"* ]]
	echo precious >"$BATS_TEST_TMPDIR/notes"
	run -2 ephemport report "$db" -o "$BATS_TEST_TMPDIR/notes"
	[ "$(cat "$BATS_TEST_TMPDIR/notes")" = precious ]
	[ "$(sha256sum <"$db")" = "$before" ]
}

@test "a full disk is an error, and leaves what was there" {
	"$recording" known "$db"
	ephemport report "$db" -o "$page"
	sum=$(sha256sum <"$page")
	run -1 ephemport report "$db" -o /dev/full
	[[ $output == *"No space left on device"* ]]
	# Of a page below the limit of a file's size nothing stays, and the old one is untouched.
	run bash -c "ulimit -f 100; trap '' XFSZ; ephemport report '$db' -o '$page'"
	[ "$status" -eq 1 ]
	[ "$(sha256sum <"$page")" = "$sum" ]
	[ "$(find "$BATS_TEST_TMPDIR" -name 'page.html*' | wc -l)" -eq 1 ]
}

@test "wrong usage: one line, status 2; no recording: status 1" {
	run -2 ephemport report
	[ "${#lines[@]}" -eq 1 ]
	"$recording" known "$db"
	run -2 ephemport report "$db" "$db"
	echo no recording >"$BATS_TEST_TMPDIR/text"
	run -1 ephemport report "$BATS_TEST_TMPDIR/text"
	[ "${#lines[@]}" -eq 1 ]
	[ ! -e "$BATS_TEST_TMPDIR/text.html" ]
}
