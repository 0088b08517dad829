#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# ephemport range verify --watch: the traffic of others, whose ports getsockname() tells.

load range_setup
load ../helpers

setup() {
	needs_tracing
	ports="/usr/bin/python3 $BATS_TEST_DIRNAME/range_ports.py"
	export ports
}

@test "traffic: each allocation is counted, and all are inside" {
	private <<'END'
ip link set lo up
echo 40000 40999 >$range_file
start range verify 40000-40999 --watch 37 --json
$ports server:80 connect:20 bind:5 listen:3 autobind:9 >/run/taken
ended 0
is "$(wc -l </run/taken)" 37
is "$(check traffic .outcome .made .inside .count)" '["ok",37,37,0]'
has "$(jq -r .text <"$seen")" "37 of 37 allocations inside (connect 20, bind 5, listen 3, autobind 9)"
has "$(jq -r .text <"$seen")" "no restart of NetworkManager or anything else is needed"
is "$(check live .outcome .netns)" "[\"ok\",$(stat -Lc %i /proc/self/ns/net)]"
END
}

@test "traffic: outside without a reason is a failure, with an example" {
	private <<'END'
ip link set lo up
echo 40000 40999 >$range_file
start range verify 40000-40099 --watch 2m --json
$ports server:80 connect:40 autobind:20 >/run/taken
finish 4
outside=$(grep -vc ' 400[0-9][0-9]$' /run/taken)
((outside > 0)) || die "by chance all are inside"
is "$(check traffic .outcome .made .inside .count)" "[\"fail\",60,$((60 - outside)),$outside]"
text=$(jq -r 'select(.check == "traffic").text' <"$seen")
has "$text" "$outside outside without a reason: under 40000-40999, as "
# The example is one of them.
port=$(sed -n 's/.* as tcp4 connect \([0-9]*\) of python3.*/\1/p' <<<"$text")
grep -q "^connect $port$" /run/taken
is "$(check live .outcome)" '["fail"]'
END
}

@test "traffic: a range that was changed meanwhile excuses what came before, and nothing after" {
	private <<'END'
echo 40000 40099 >$range_file
start range verify 50000-50099 --watch 2m --json
$ports bind:7 >/run/before
echo 50000 50099 >$range_file
$ports bind:5 >/run/after
finish 0
is "$(grep -c ' 400[0-9][0-9]$' /run/before) $(grep -c ' 500[0-9][0-9]$' /run/after)" "7 5"
is "$(check traffic .outcome .made .inside .count)" '["ok",12,5,0]'
is "$(check changed .outcome .count)" '["note",7]'
has "$(jq -r 'select(.check == "changed").text' <"$seen")" "before bash (pid $$) changed it to 50000-50099"
# The other way round: what came after the change has no excuse, and the value is wrong.
start range verify 50000-50099 --watch 2m --json
$ports bind:5 >/dev/null
echo 40000 40099 >$range_file
$ports bind:7 >/dev/null
finish 4
is "$(check traffic .outcome .made .inside .count)" '["fail",12,5,7]'
is "$(check live .outcome)" '["fail"]'
END
}

@test "traffic: a socket's own range is a reason" {
	private <<'END'
echo 40000 40099 >$range_file
$ports option:1 | grep -q '4001[0-2]$' || exit 0 # before 6.3 there is none
start range verify 40050-40099 --watch 2m --json
$ports option:2 >/dev/null
echo 40050 40099 >$range_file
$ports bind:4 >/dev/null
finish 0
is "$(check traffic .outcome .made .inside .count)" '["ok",6,4,0]'
is "$(check socket_range .outcome .count)" '["note",2]'
has "$(jq -r 'select(.check == "socket_range").text' <"$seen")" "asks for 40010-40012"
END
}

@test "traffic: a named port is no allocation, and said" {
	private <<'END'
echo 40000 40099 >$range_file
start range verify 40000-40099 --watch 2m --json
$ports named:3 bind:2 >/dev/null
finish 0
is "$(check traffic .made .inside)" '[2,2]'
is "$(check named .outcome .count)" '["note",3]'
has "$(jq -r 'select(.check == "named").text' <"$seen")" "tcp4 explicit 33333 of python3"
END
}

@test "traffic: a search that found no port proves nothing" {
	private <<'END'
echo 40000 40003 >$range_file
start range verify 40000-40003 --watch 2m --json
$ports bind:6 >/run/taken
finish 0
is "$(grep -c failed /run/taken)" 2
is "$(check traffic .made .inside)" '[4,4]'
is "$(check failed .count)" '[2]'
has "$(jq -r 'select(.check == "failed").text' <"$seen")" EADDRINUSE
END
}

@test "traffic: what had its port before is a holder, and no failure" {
	private <<'END'
ip link set lo up
coproc hold { exec python3 -u -c '
import socket
server = socket.create_server(("127.0.0.1", 80))
old = socket.socket(); old.bind(("127.0.0.1", 0))
print("ready"); input()
old.connect(("127.0.0.1", 80)); print("connected"); input()'; }
others+=("$hold_PID")
read -r -u "${hold[0]}"
echo 40000 40099 >$range_file
start range verify 40000-40099 --watch 2m --json
echo >&"${hold[1]}"
read -r -u "${hold[0]}"
$ports bind:2 >/dev/null
finish 0
is "$(check traffic .made .inside)" '[2,2]'
is "$(check holders .outcome .ports)" '["note",1]'
END
}

@test "traffic: only the namespaces that are meant, and with all those that are gone as well" {
	private <<'END'
other b
in_b() { nsenter -n"/proc/$b/ns/net" "$@"; }
echo 40000 40099 >$range_file
in_b sh -c "echo 40000 40099 >$range_file"
start range verify 40000-40099 --watch 2m --json --netns "$b"
in_b $ports bind:3 >/dev/null
$ports bind:4 >/dev/null
finish 0
is "$(check traffic .netns .made .inside)" "[$(stat -Lc %i "/proc/$b/ns/net"),3,3]"
is "$(jq '.count >= 4' <<<"$(jq 'select(.check == "elsewhere")' <"$seen")")" true
# A process that ends meanwhile takes its pid along and not its namespace.
other c
inode=$(stat -Lc %i "/proc/$c/ns/net")
start range verify 32768-60999 --watch 2m --json --netns "$c"
nsenter -n"/proc/$c/ns/net" $ports bind:2 >/dev/null
kill "$c"
await sh -c "! kill -0 $c"
finish 0
is "$(check traffic .netns .made .inside)" "[$inode,2,2]"
start range verify 40000-40099 --watch 2m --json --netns all
in_b $ports bind:3 >/dev/null
unshare -n sh -c "stat -Lc %i /proc/self/ns/net; exec $ports bind:5" >/run/gone
finish 4
inode=$(head -n 1 /run/gone)
inside=$(grep -c ' 400[0-9][0-9]$' /run/gone) || true
is "$(jq -c "select(.netns == $inode and .check == \"traffic\") | [.made, .inside]" <"$seen")" \
	"[5,$inside]"
is "$(jq -c "select(.netns == $inode and .check == \"live\")" <"$seen")" ""
END
}

@test "traffic: none seen is no proof, and the value in force decides" {
	private <<'END'
for want in "0 32768-60999" "4 40000-40099"; do
	expect "${want% *}" "$EPHEMPORT" range verify "${want#* }" --watch 200ms
	has "$out" "no allocation was seen: traffic proves nothing here"
	hasnt "$out" "allocations inside"
done
END
}

@test "traffic: wrong usage, and what it takes" {
	private <<'END'
for limit in 0 5x -3 "" 3d; do
	expect 2 "$EPHEMPORT" range verify 32768-60999 --watch "$limit"
	has "$err" "use a number of allocations, or a duration"
done
expect 2 "$EPHEMPORT" range verify --watch 3s
expect 2 "$EPHEMPORT" range verify 32768-60999 --watch 3s --probe
has "$err" "choose one"
expect 1 "$EPHEMPORT" range verify 32768-60999 --watch 3s --netns 4194304
expect 3 setpriv --reuid 65534 --regid 65534 --clear-groups \
	"$EPHEMPORT" range verify 32768-60999 --watch 1s
is "$out" ""
expect 0 "$EPHEMPORT" range verify --help
has "$out" "--watch DURATION|N"
END
}
