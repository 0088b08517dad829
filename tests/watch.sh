#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# usage: watch.sh BACKEND
#
# 'range watch' and 'range verify --watch' held against what was written and what tests/load logged.
# Needs ephemport, load and unshare in PATH; plain sh, for guests.
set -eu

backend=$1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
# shellcheck source=/dev/null
. "$(dirname "$0")/tracer.sh"

fail() {
	echo "$*"
	cat "$work"/seen "$work"/notes
	exit 1
}

# start COMMAND...: live on return
start() {
	tracer_start "$work/seen" "$@" --json --backend "$backend"
}

# seen COUNT TEXT: so many lines have it
seen() {
	count=$(grep -cF -- "$2" "$work/seen") || true
	[ "$count" -eq "$1" ] || fail "$count lines have $2, want $1"
}

start range watch
unshare -n sh -c 'cd /proc/sys/net/ipv4
	echo 40000 40099 >ip_local_port_range
	echo 500 400 >ip_local_port_range
	echo 8080,9000-9100 >ip_local_reserved_ports
	echo 70000 >ip_local_reserved_ports
	echo 9050 >ip_local_reserved_ports
	cat ip_local_reserved_ports >/dev/null
	readlink /proc/self/ns/net' >"$work/netns" 2>/dev/null
tracer_stop 0
netns=$(tr -dc 0-9 <"$work/netns")
seen 3 "\"comm\":\"sh\""
seen 3 "\"netns\":$netns,"
seen 1 '"type":"range_change"'
seen 1 '"old":"32768-60999","new":"40000-40099"'
seen 1 '"old":"","new":"8080,9000-9100"'
seen 1 '"old":"8080,9000-9100","new":"9050"'

# All of its ports are of the range that it sets for itself; the guest's own value is another.
start range verify 40000-40511 --watch 2m --netns all
load --netns --log "$work/log" --range 40000-40511 --count 20 --scenario \
	tcp4_connect,tcp6_connect,tcp4_bind,tcp6_listen,udp4_bind,udp6_connect,udp4_sendto 2>/dev/null
tracer_stop 4
made=$(grep -c '"errno":0' "$work/log")
seen 1 "\"check\":\"traffic\",\"outcome\":\"ok\",\"netns\""
seen 1 "\"made\":$made,\"inside\":$made,\"count\":0,"
seen 1 '"check":"live","outcome":"fail"'
echo "ok: $made allocations"
