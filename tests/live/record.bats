#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
#
# ephemport record, and recordings as sources: what is in the file held against what getsockname()
# and errno said, by sqlite3(1); what is printed of it, against a live trace of the same load.

load ../helpers

setup() {
	needs_tracing
	db=$BATS_TEST_TMPDIR/r.db
	log=$BATS_TEST_TMPDIR/log
	notes=$BATS_TEST_TMPDIR/record-notes
	# Of a name that no other load on this kernel has.
	loader=$BATS_TEST_TMPDIR/rec-$$
	cp "$ROOT/build/static/load" "$loader"
}

teardown() {
	for pid in "${recorder:-}" "${tracer:-}" "${counter:-}" "${loading:-}"; do
		[ -z "$pid" ] || kill -KILL "$pid" 2>/dev/null || true
	done
	for place in small cgroup; do
		! mountpoint -q "$BATS_TEST_TMPDIR/$place" || umount "$BATS_TEST_TMPDIR/$place"
	done
}

# start_record OPTION...: recording to $db on return.
start_record() {
	rm -f "$notes"
	ephemport record -o "$db" --duration 2m "$@" 2>"$notes" 3>&- &
	recorder=$!
	wait_for 100 grep -qs 'recording to' "$notes"
}

stop_record() {
	kill -"${1:-INT}" "$recorder"
	wait "$recorder"
}

make_load() {
	"$loader" --netns --log "$log" "$@" 2>/dev/null
}

# A recording of a load of all kinds, with failures; $log is its truth.
record_load() {
	start_record --comm "rec-$$" --explicit
	make_load --range 40000-40099 --explicit "$@"
	stop_record
}

# The rows as the log has them, in their order.
rows() {
	sqlite3 -json "$db" "SELECT path, proto, family, saddr, sport, daddr, dport,
		coalesce(errno, 0) AS errno, pid, tid, netns FROM allocations ORDER BY id" | jq -c '.[]'
}

@test "one row for each allocation, 10,000 and more of eight threads, all paths" {
	start_record --comm "rec-$$" --explicit --buffer 64M
	make_load --range 40000-40199 --explicit --count 10000 --threads 8 \
		--scenario "$("$loader" --list | awk '$1 != "udplite4_connect" { print $1 }' | paste -sd,)"
	stop_record
	[ "$(sqlite3 "$db" 'SELECT count(*) FROM allocations')" -eq "$(wc -l <"$log")" ]
	# By every field that getsockname() and errno know; UDP learns its destination later.
	fields='[.path, .proto, .family, .sport, .errno, .pid, .tid, .netns] | map(tostring) | join(" ")'
	diff <(rows | jq -r "$fields" | sort) <(jq -r "$fields" "$log" | sort)
	ephemport trace --from "$db" --explicit --json >"$BATS_TEST_TMPDIR/events"
	match "$log" "$BATS_TEST_TMPDIR/events" --explicit
	/usr/bin/python3 "$ROOT/tests/load/validate.py" <"$BATS_TEST_TMPDIR/events"
}

@test "a finished recording says where and how it was made, and is one file" {
	start_record --comm "rec-$$"
	make_load --range 40000-40099 --scenario tcp4_connect --count 10
	stop_record TERM
	[ "$(ls "$BATS_TEST_TMPDIR"/r.db*)" = "$db" ]
	[ "$(sqlite3 "$db" 'PRAGMA integrity_check')" = ok ]
	run sqlite3 "$db" 'SELECT host, kernel, arch FROM recording'
	[ "$output" = "$(uname -n)|$(uname -r)|$(uname -m)" ]
	run sqlite3 "$db" 'SELECT "ephemport " || version, options FROM recording'
	[ "$output" = "$(ephemport --version)|record -o $db --duration 2m --comm rec-$$" ]
	# Its own namespace, as /proc has it.
	run sqlite3 "$db" "SELECT range_low || '	' || range_high, netns FROM namespaces WHERE current"
	[ "$output" = "$(cat /proc/sys/net/ipv4/ip_local_port_range)|$(stat -Lc %i /proc/self/ns/net)" ]
	sqlite3 "$db" 'SELECT begin_ns < end_ns AND begin_ts_ns < end_ts_ns FROM recording' | grep -qx 1
}

@test "a range change and the range before and after it are in it" {
	start_record --comm "rec-$$"
	make_load --range 40000-40199 --scenario tcp4_connect --count 20
	stop_record
	run sqlite3 "$db" 'SELECT old_low, old_high, new_low, new_high, comm, netns FROM range_changes
		WHERE netns IN (SELECT netns FROM allocations)'
	[ "$output" = "32768|60999|40000|40199|rec-$$|$(jq -r .netns "$log" | head -n 1)" ]
	[ "$(sqlite3 "$db" 'SELECT DISTINCT range_low, range_high FROM allocations')" = "40000|40199" ]
}

@test "a namespace is noted as it was when it was first seen" {
	ip netns add "rec-$$"
	inode=$(stat -Lc %i "/run/netns/rec-$$")
	start_record --netns "/run/netns/rec-$$"
	# Seen from its first write on, while the process that made it is there.
	ip netns exec "rec-$$" sh -c '
		echo 41000 41999 >/proc/sys/net/ipv4/ip_local_port_range
		echo 41100-41109 >/proc/sys/net/ipv4/ip_local_reserved_ports
		exec sleep 100' 3>&- &
	loading=$!
	known() { sqlite3 "$db" 'SELECT count(*) FROM reserved_changes' | grep -qx 1; }
	wait_for 50 known
	kill "$loading"
	stop_record
	ip netns del "rec-$$"
	run sqlite3 "$db" "SELECT range_low, range_high FROM namespaces WHERE netns = $inode"
	# Whether the look came before or after the write; never anything else.
	[ "$output" = "32768|60999" ] || [ "$output" = "41000|41999" ]
	[ "$(sqlite3 "$db" "SELECT new FROM reserved_changes WHERE netns = $inode")" = 41100-41109 ]
	[ "$(sqlite3 "$db" "SELECT new_low, new_high FROM range_changes WHERE netns = $inode")" = "41000|41999" ]
}

@test "trace --from prints what a live trace of the same load printed, but for the clock" {
	start_trace --json --comm "rec-$$"
	record_load
	stop_trace
	clockless='select(.type == "alloc") | del(.time, .ts_ns, .latency_ns)'
	diff <(jq -c "$clockless" "$BATS_TEST_TMPDIR/events") \
		<(ephemport trace --json --from "$db" 2>/dev/null | jq -c "$clockless")
	# The same counts at the end, too.
	counts='select(.type == "summary") | [.allocations, .failed, .connect, .bind, .listen, .autobind, .errno]'
	diff <(jq -c "$counts" "$BATS_TEST_TMPDIR/events") \
		<(ephemport trace --json --from "$db" 2>/dev/null | jq -c "$counts")
}

@test "stat --from has the rows of a live stat of the same load, --by any key" {
	rows='select(.type == "stat") | [.path, .proto, .family, .errno, .second_pass, .count, .comm,
		.saddr, .daddr, .dport, .netns, .uid, .cgroup_id, .other]'
	for by in '' '--by comm' '--by daddr' '--by tuple' '--by netns' '--by uid' '--by cgroup'; do
		rm -f "$BATS_TEST_TMPDIR/stat-notes"
		# shellcheck disable=SC2086
		ephemport stat --json --comm "rec-$$" $by >"$BATS_TEST_TMPDIR/live" 2>"$BATS_TEST_TMPDIR/stat-notes" 3>&- &
		counter=$!
		wait_for 100 grep -qs 'tracing with' "$BATS_TEST_TMPDIR/stat-notes"
		start_record --comm "rec-$$" --explicit --force
		make_load --range 40000-40099 --explicit --scenario "$("$loader" --list | awk '$1 != "udplite4_connect" { print $1 }' | paste -sd,)"
		stop_record
		kill -INT "$counter"
		wait "$counter"
		# shellcheck disable=SC2086
		ephemport stat --json --from "$db" $by >"$BATS_TEST_TMPDIR/from"
		diff <(jq -c "$rows" "$BATS_TEST_TMPDIR/live" | sort) <(jq -c "$rows" "$BATS_TEST_TMPDIR/from" | sort)
		[ "$(jq -c "$rows" "$BATS_TEST_TMPDIR/live" | wc -l)" -gt 10 ]
		/usr/bin/python3 "$ROOT/tests/load/validate.py" "$ROOT/docs/stat.schema.json" <"$BATS_TEST_TMPDIR/from"
	done
	# Of more keys than there may be the rest is one row.
	ephemport stat --json --from "$db" --by tuple --max-keys 2 >"$BATS_TEST_TMPDIR/few"
	[ "$(jq -c 'select(.type == "stat" and (.other | not)) | [.netns, .saddr, .daddr, .dport]' \
		"$BATS_TEST_TMPDIR/few" | sort -u | wc -l)" -eq 2 ]
	total='[.[] | select(.type == "stat") | .count] | add'
	[ "$(jq -s "$total" "$BATS_TEST_TMPDIR/few")" -eq "$(jq -s "$total" "$BATS_TEST_TMPDIR/from")" ]
}

@test "stat --from INTERVAL: intervals of recorded time, and together all of it" {
	record_load
	all=$(sqlite3 "$db" "SELECT count(*) FROM allocations WHERE path <> 'explicit'")
	ephemport stat --json --from "$db" 20ms >"$BATS_TEST_TMPDIR/parts"
	[ "$(jq -s '[.[] | select(.type == "stat") | .count] | add' "$BATS_TEST_TMPDIR/parts")" -eq "$all" ]
	[ "$(jq -s '[.[] | select(.type == "stat_total") | .count] | add' "$BATS_TEST_TMPDIR/parts")" -eq "$all" ]
	# Each as sqlite3 counts it: by the end of the search, from the start of the recording on.
	sqlite3 "$db" "SELECT (ts_ns + latency_ns - begin_ts_ns) / 20000000 AS part, count(*)
		FROM allocations, recording WHERE path <> 'explicit' GROUP BY part ORDER BY part" |
		cut -d'|' -f2 >"$BATS_TEST_TMPDIR/expected"
	[ "$(wc -l <"$BATS_TEST_TMPDIR/expected")" -gt 1 ]
	diff "$BATS_TEST_TMPDIR/expected" <(jq -r 'select(.type == "stat") | [.time, .count] | @tsv' \
		"$BATS_TEST_TMPDIR/parts" | awk '{ sum[$1] += $2; if (!($1 in n)) order[++k] = $1; n[$1] }
			END { for (i = 1; i <= k; i++) print sum[order[i]] }')
}

@test "the filters of a recording let through what jq does" {
	record_load
	ephemport trace --json --from "$db" --explicit 2>/dev/null >"$BATS_TEST_TMPDIR/all"
	netns=$(jq -r .netns "$log" | head -n 1)
	pid=$(jq -r .pid "$log" | head -n 1)
	while IFS='	' read -r options filter; do
		echo "$options: $filter"
		# shellcheck disable=SC2086
		ephemport trace --json --from "$db" --explicit $options 2>/dev/null |
			jq -c 'select(.type == "alloc")' >"$BATS_TEST_TMPDIR/some"
		jq -c "select(.type == \"alloc\") | select($filter)" "$BATS_TEST_TMPDIR/all" |
			diff - "$BATS_TEST_TMPDIR/some"
		[ -s "$BATS_TEST_TMPDIR/some" ]
	done <<-EOF
		--failed	.errno != 0
		-4	.family == 4
		-6	.family == 6
		--proto udp	.proto == "udp"
		--proto tcp,udplite	.proto == "tcp" or .proto == "udplite"
		--path connect,explicit	.path == "connect" or .path == "explicit"
		--daddr 127.0.0.0/8	.daddr != null and (.daddr | startswith("127."))
		--daddr ::1	.daddr == "::1"
		--netns $netns	.netns == $netns
		--pid $pid	.pid == $pid
		--comm rec-$$	.comm == "rec-$$"
		--uid 0	.uid == 0
		--slower-than 2us	.latency_ns >= 2000
		--cgroup /	true
	EOF
	[ "$(ephemport trace --json --from "$db" --comm nobody 2>/dev/null | grep -c '"alloc"')" -eq 0 ]
	[ "$(ephemport trace --json --from "$db" 2>/dev/null | grep -c '"path":"explicit"')" -eq 0 ]
	[ "$(ephemport trace --json --from "$db" --count 7 2>/dev/null | grep -c '"alloc"')" -eq 7 ]
}

@test "--cgroup: what ran there, when the cgroup is gone, by its path" {
	root=$(awk '$3 == "cgroup2" { print $2; exit }' /proc/mounts)
	if [ -z "$root" ]; then
		root=$BATS_TEST_TMPDIR/cgroup
		mkdir "$root"
		mount -t cgroup2 none "$root" || skip "no cgroup v2 here"
	fi
	group=$root/ephemport-test-$$
	mkdir "$group" "$group/below" "$root/ephemport-test-$$-other" || skip "no cgroup can be made in $root"
	start_record --comm "rec-$$"
	make_load --scenario tcp4_connect --count 10
	for place in "$group/below" "$root/ephemport-test-$$-other"; do
		sh -c "echo \$\$ >$place/cgroup.procs; exec $loader --netns --scenario udp4_bind --count 10 \
			--log $log.${place##*/}" 2>/dev/null
	done
	known() { [ "$(sqlite3 "$db" "SELECT count(*) FROM cgroups WHERE path LIKE '%-test-$$%'")" -eq 2 ]; }
	wait_for 50 known
	stop_record
	rmdir "$group/below" "$group" "$root/ephemport-test-$$-other"
	[ "$(sqlite3 "$db" "SELECT path FROM cgroups WHERE path LIKE '%/below'")" = "/ephemport-test-$$/below" ]
	[ "$(sqlite3 "$db" 'SELECT count(*) FROM allocations')" -eq 30 ]
	for path in "$group" "/ephemport-test-$$" "/ephemport-test-$$/" "$group/below"; do
		ephemport trace --json --from "$db" --cgroup "$path" 2>/dev/null | jq -r 'select(.type == "alloc") | .sport' |
			diff - <(jq -r .sport "$log.below")
	done
	run ephemport trace --from "$db" --cgroup "/ephemport-test"
	[ "$status" -eq 2 ]
}

@test "killed in the middle of a storm it opens clean and lacks at most the last second" {
	start_record --comm "rec-$$" --buffer 64M
	"$loader" --netns --log "$log" --range 1024-65535 --scenario udp4_bind --count 1000000 2>/dev/null 3>&- &
	loading=$!
	many() { [ "$(sqlite3 "$db" 'SELECT count(*) FROM alloc')" -gt 20000 ]; }
	wait_for 200 many
	at=$(date +%s%N)
	kill -KILL "$recorder"
	kill -0 "$loading"
	wait "$recorder" || true
	[ "$(sqlite3 "$db" 'PRAGMA integrity_check')" = ok ]
	[ "$(sqlite3 "$db" "SELECT max(time_ns) > $at - 1000000000 FROM allocations")" -eq 1 ]
	kill "$loading"
	wait "$loading" || true
	# What is there has no holes: as much as sqlite3 counts, and no end.
	[ "$(sqlite3 "$db" 'SELECT max(id) = count(*) + (SELECT count(*) FROM range_changes) FROM alloc')" -eq 1 ]
	[ -z "$(sqlite3 "$db" 'SELECT end_ns FROM recording')" ]
	ephemport trace --json --from "$db" --count 10 >"$BATS_TEST_TMPDIR/events" 2>"$notes"
	[ "$(grep -c '"alloc"' "$BATS_TEST_TMPDIR/events")" -eq 10 ]
	grep -q 'was cut off' "$notes"
}

@test "a recording that was cut off, where its log cannot be read: one line says what to do" {
	start_record
	kill -KILL "$recorder"
	wait "$recorder" || true
	[ -e "$db-wal" ]
	rm "$db-wal" "$db-shm"
	# Where anybody gets to, and only root may write.
	here=$(mktemp -d)
	chmod 755 "$here"
	cp "$db" "$ROOT/build/static/ephemport" "$here"
	run setpriv --reuid 65534 --regid 65534 --clear-groups "$here/ephemport" trace --from "$here/r.db"
	rm -r "$here"
	[ "$status" -eq 1 ]
	[ "${#lines[@]}" -eq 1 ]
	[[ $output == *"its log cannot be opened from here: copy it, with what is named $here/r.db-wal, "* ]]
}

@test "on a full disk it ends with one line and status 1, and what was written stays" {
	mkdir "$BATS_TEST_TMPDIR/small"
	mount -t tmpfs -o size=16m none "$BATS_TEST_TMPDIR/small"
	db=$BATS_TEST_TMPDIR/small/r.db
	start_record --comm "rec-$$"
	"$loader" --netns --log "$log" --range 1024-65535 --scenario udp4_bind --count 1000000 2>/dev/null 3>&- &
	loading=$!
	status=0
	wait "$recorder" || status=$?
	kill "$loading"
	cat "$notes"
	[ "$status" -eq 1 ]
	grep -q "record: $db: No space left on device; the [0-9,]* allocations before that are in it" "$notes"
	[ "$(sqlite3 "$db" 'PRAGMA integrity_check')" = ok ]
	count=$(sqlite3 "$db" 'SELECT count(*) FROM allocations')
	[ "$count" -gt 100 ]
	[ "$(grep -o 'the [0-9,]* allocations' "$notes" | tr -dc 0-9)" -eq "$count" ]
	[ "$(ephemport trace --json --from "$db" 2>/dev/null | grep -c '"alloc"')" -eq "$count" ]
}

@test "a file that is there stays as it is: status 2; --force replaces recordings alone" {
	echo precious >"$db"
	run ephemport record -o "$db" --count 1
	[ "$status" -eq 2 ]
	[[ $output == *"r.db is there already"* ]]
	run ephemport record -o "$db" --force --duration 100ms
	[ "$status" -eq 2 ]
	[[ $output == *"is no recording: it stays as it is"* ]]
	[ "$(cat "$db")" = precious ]
	rm "$db"
	ephemport record -o "$db" --duration 100ms
	run ephemport record -o "$db" --duration 100ms
	[ "$status" -eq 2 ]
	before=$(sqlite3 "$db" 'SELECT begin_ns FROM recording')
	ephemport record -o "$db" --force --duration 100ms
	[ "$(sqlite3 "$db" 'SELECT begin_ns FROM recording')" -gt "$before" ]
}

@test "where nothing can be written, and without -o, it says so in one line" {
	run ephemport record -o "$BATS_TEST_TMPDIR/missing/r.db" --duration 100ms
	[ "$status" -eq 1 ]
	[ "${#lines[@]}" -eq 1 ]
	[[ $output == *"missing/r.db: No such file or directory" ]]
	run ephemport record -o /proc/r.db --duration 100ms
	[ "$status" -eq 1 ]
	[ "${#lines[@]}" -eq 1 ]
	run ephemport record
	[ "$status" -eq 2 ]
	[[ $output == *"say where to: -o FILE" ]]
}

@test "--from: what is no recording, one of a newer version, a damaged one: one line, status 1" {
	for command in trace stat; do
		run ephemport "$command" --from "$BATS_TEST_TMPDIR/missing"
		[ "$status" -eq 1 ]
		[[ $output == *"missing: No such file or directory" ]]
		run ephemport "$command" --from "$BATS_TEST_FILENAME"
		[ "$status" -eq 1 ]
		[[ $output == *"record.bats is no recording: "* ]]
	done
	ephemport record -o "$db" --duration 100ms
	sqlite3 "$db" 'PRAGMA user_version = 99'
	run ephemport trace --from "$db"
	[ "$status" -eq 1 ]
	[ "${#lines[@]}" -eq 1 ]
	[[ $output == *"was made by a newer ephemport: its tables have version 99"* ]]
}

@test "--from: options of tracing are refused, as nothing is traced" {
	ephemport record -o "$db" --duration 100ms
	for option in '--backend tracepoint' '--buffer 1M' --explain --verbose; do
		# shellcheck disable=SC2086
		run ephemport trace --from "$db" $option
		echo "$output"
		[ "$status" -eq 2 ]
		[[ $output == *"${option%% *} means nothing with --from: nothing is traced" ]]
	done
	run ephemport stat --from "$db" --backend tracepoint
	[ "$status" -eq 2 ]
	run ephemport trace --from "$db" --cgroup /no/such/cgroup
	[ "$status" -eq 2 ]
}

@test "a reader that goes away is no failure" {
	record_load
	ephemport trace --from "$db" 2>"$notes" | head -n 1
	[ "${PIPESTATUS[0]}" -eq 0 ]
	! grep -q error "$notes"
}

# query N: the Nth query of docs/recording.md.
query() {
	awk -v wanted="$1" '/^```sql$/ { n++; inside = 1; next } /^```$/ { inside = 0 }
		inside && n == wanted' "$ROOT/docs/recording.md"
}

@test "every query of docs/recording.md runs and has an answer" {
	record_load
	count=$(grep -c '^```sql$' "$ROOT/docs/recording.md")
	[ "$count" -gt 5 ]
	for ((n = 1; n <= count; n++)); do
		query "$n"
		sqlite3 -readonly -bail -json "$db" "$(query "$n")" >"$BATS_TEST_TMPDIR/answer"
		jq -e 'length > 0' "$BATS_TEST_TMPDIR/answer"
	done
	# The columns that it names are those that there are, and their order.
	awk -F'|' '/^\| column \|/ { inside = 1; next } !/^\|/ { inside = 0 } inside { print $2 }' \
		"$ROOT/docs/recording.md" | grep -o '`[a-z_]*`' | tr -d '`' | sort >"$BATS_TEST_TMPDIR/named"
	sqlite3 "$db" "SELECT name FROM pragma_table_info('allocations')" | sort |
		diff "$BATS_TEST_TMPDIR/named" -
}

@test "the answers of docs/recording.md are those of the log" {
	record_load --scenario full_tcp4_connect,full_tcp6_connect,udp4_bind
	diff <(sqlite3 -json "$db" "$(query 1)" | jq -r '.[] | "\(.path) \(.result) \(.count)"' | sort) \
		<(jq -r '"\(.path) \(if .errno == 0 then "ok" else .errno end)"' "$log" | sort | uniq -c |
			awk '{ print $2, $3, $1 }')
	# Where ports ran out.
	diff <(sqlite3 -json "$db" "$(query 2)" | jq -r '.[] | "\(.daddr) \(.dport) \(.failures)"' | sort) \
		<(jq -r 'select(.errno != 0) | "\(.daddr) \(.dport)"' "$log" | sort | uniq -c |
			awk '{ print $2, $3, $1 }')
	[ "$(jq -s 'map(select(.errno != 0)) | length' "$log")" -gt 0 ]
}
