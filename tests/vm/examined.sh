#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# usage: examined.sh small|full
#
# Holds `examined` of `ephemport trace --explain` against what tests/vm/truth counts in the kernel's
# own loops, over loads that use ranges up in every way. Plain sh, for guests; needs ephemport, load,
# truth and compare in PATH. Prints the probes, and for each load its name, allocations, exact,
# approx, null, wrong, lost. EXAMINED_KEEP=DIR keeps the files.
set -eu

size=$1
work=${EXAMINED_KEEP:-$(mktemp -d)}
[ -n "${EXAMINED_KEEP:-}" ] || trap 'rm -rf "$work"' EXIT
mkdir -p "$work"
: >"$work/plan"

# shellcheck source=/dev/null
. "$(dirname "$0")/tracer.sh"

# The truth starts last: of programs on one function the last one attached runs first, and what lies
# between ephemport's reading and the kernel's is as without it.
start() {
	tracer_start "$work/events" trace --duration 20m --json --explain --backend fentry --buffer 64M
	# shellcheck disable=SC2154 # tracer_start sets it
	truth "$tracer" >"$work/truth" 2>"$work/truth.notes" &
	truth=$!
	wait_for $truth "$work/truth.notes" counting || {
		cat "$work/truth.notes" >&2
		exit 1
	}
}

stop() {
	kill -INT $truth
	wait $truth || {
		cat "$work/truth.notes" >&2
		exit 1
	}
	tracer_stop
}

# run NAME CLASS EXHAUSTED RESERVED BOUND LOAD-OPTION...: see compare.c for what the words mean.
run() {
	name=$1 class=$2 expected="$3 $4 $5"
	shift 5
	load --netns --log "$work/log" "$@" 2>"$work/load.notes" &
	pid=$!
	wait $pid || {
		echo "$name: the load failed:" >&2
		cat "$work/load.notes" >&2
		exit 1
	}
	logged=$(sed -n 's/^load: \([0-9]*\) allocations logged$/\1/p' "$work/load.notes")
	if [ "$logged" -eq 0 ]; then
		echo "skip $name $(sed -n 's/^load: skip //p' "$work/load.notes" | head -n 1)"
		return
	fi
	echo "$pid $name $class $logged $expected" >>"$work/plan"
}

# connect: what a search that fails must have examined follows from the set-up.
connects() {
	run fill plain 100 0 0 --range 40000-40099 --scenario full_tcp4_connect
	run fill-ipv6 plain 100 0 0 --range 40000-40099 --scenario full_tcp6_connect
	run bound-inside plain 100 0 20 --range 40000-40099 --bound 20 --scenario full_tcp4_connect
	run reserved plain 76 24 0 --range 40000-40099 --scenario full_tcp4_connect \
		--sysctl ip_local_reserved_ports=40010-40029,40050,40052,40054,40099
	run reserved-and-bound plain 80 20 10 --range 40000-40099 --bound 10 \
		--scenario full_tcp4_connect --sysctl ip_local_reserved_ports=40031-40050
	run reserved-changed plain - - 0 --range 40000-40099 --scenario full_tcp4_connect \
		--sysctl ip_local_reserved_ports=40010-40029 \
		--halfway ip_local_reserved_ports=40060-40079,40001
	run odd-size plain 100 0 0 --range 40000-40100 --scenario full_tcp4_connect
	run odd-size-reserved plain - - 0 --range 40000-40100 --scenario full_tcp4_connect \
		--sysctl ip_local_reserved_ports=40000,40033
	run one-port plain 1 0 0 --range 40000-40000 --scenario full_tcp4_connect
	run two-ports plain 2 0 0 --range 40000-40001 --scenario full_tcp4_connect
	run three-ports plain 2 0 0 --range 40000-40002 --scenario full_tcp4_connect
	run odd-low-end plain 100 0 0 --range 40001-40100 --scenario full_tcp4_connect
	run socket-range-inside plain 26 0 0 --range 40000-40103 --scenario full_tcp4_connect_range_in
	run socket-range-inside-ipv6 plain 26 0 0 --range 40000-40103 \
		--scenario full_tcp6_connect_range_in
	run socket-range-odd plain - - 0 --range 40001-40102 --scenario full_tcp4_connect_range_in \
		--sysctl ip_local_reserved_ports=40030-40033
	run socket-range-across plain 26 0 0 --range 40000-40099 \
		--scenario full_tcp4_connect_range_part
	run socket-range-outside plain 100 0 0 --range 40000-40099 \
		--scenario full_tcp4_connect_range_out
}

binds() {
	run bind plain - - - --range 40000-40099 --scenario full_tcp4_bind
	run bind-ipv6 plain - - - --range 40000-40099 --scenario full_tcp6_bind
	run listen plain - - - --range 40000-40099 --scenario full_tcp4_listen,full_tcp6_listen
	run bind-reserved plain - - - --range 40000-40099 --scenario full_tcp4_bind \
		--sysctl ip_local_reserved_ports=40010-40029,40099
	run bind-odd-size plain - - - --range 40001-40101 --scenario full_tcp4_bind
	run bind-one-port plain - - - --range 40000-40000 --scenario full_tcp4_bind
	run bind-reuseaddr plain - - - --range 40000-40099 \
		--scenario full_tcp4_bind_reuseaddr,full_tcp6_bind_reuseaddr
	run bind-autobind-reuse plain - - - --range 40000-40099 --sysctl ip_autobind_reuse=1 \
		--scenario full_tcp4_bind,full_tcp4_bind_reuseaddr
	run bind-beside-wildcard plain - - - --range 40000-40099 --bound 40 --bound-any \
		--scenario full_tcp4_bind,full_tcp4_bind_reuseaddr
	run bind-beside-reuse plain - - - --range 40000-40099 --bound 40 --bound-any \
		--sysctl ip_autobind_reuse=1 --scenario full_tcp4_bind,full_tcp4_bind_reuseaddr
	run bind-socket-range plain - - - --range 40000-40099 --scenario full_tcp4_bind_range_in
}

udp() {
	# Up to 5.18 the random number that a search starts from cannot be seen.
	udp=plain threads=threads
	if grep -q ' prandom_u32$' /proc/kallsyms; then
		udp=unknown threads=unknown
	fi
	run udp-bind $udp - - - --range 40000-40099 --scenario full_udp4_bind,full_udp6_bind
	run udp-connect $udp - - - --range 40000-40099 --scenario full_udp4_connect,full_udp6_connect
	run udp-reserved $udp - - - --range 40000-40099 --scenario full_udp4_bind \
		--sysctl ip_local_reserved_ports=40010-40029,40099
	run udp-wide $udp - - - --range 30000-60000 --count "$udp_wide" \
		--scenario udp4_bind,udp4_connect,udp6_sendto,udp4_bind_any
	run udp-socket-range $udp - - - --range 40000-40099 --scenario full_udp4_bind_range_in
	run udp-one-port $udp - - - --range 40000-40000 --scenario full_udp4_bind
	run udp-threads $threads - - - --range 40000-40099 --count "$race" --threads 8 \
		--scenario udp4_bind,udp4_connect
}

others() {
	run mixed plain - - - --range 40000-40127 --count "$mixed"
	if [ -e /proc/sys/net/ipv4/ip_local_port_step_width ]; then
		run step-width plain - - - --range 40000-40199 --scenario full_tcp4_connect \
			--sysctl ip_local_port_step_width=50
		run step-width-reserved plain - - - --range 40000-40199 --scenario full_tcp4_connect \
			--sysctl ip_local_port_step_width=7 --sysctl ip_local_reserved_ports=40010-40029
	else
		echo "skip step-width: no ip_local_port_step_width"
	fi
	run reserved-in-flight race - - 0 --range 40000-40255 --count "$race" --threads 2 \
		--scenario tcp4_storm --one-destination \
		--alternate 'ip_local_reserved_ports=40010-40029|40150-40181'
	run range-in-flight race - - 0 --range 40000-40255 --count "$race" --threads 2 \
		--scenario tcp4_storm --one-destination \
		--alternate 'ip_local_port_range=40000 40255|40100 40401'
	run bind-threads threads - - - --range 40000-40099 --bound 60 --count "$race" --threads 8 \
		--scenario tcp4_bind,tcp6_bind_any
	run race-storm race - 0 0 --range 40000-40999 --count "$race" --threads 8 \
		--scenario tcp4_storm --one-destination
	run race-storm-ipv6 race - 0 0 --range 40000-40999 --count "$race" --threads 8 \
		--scenario tcp6_storm --one-destination
	run race-storm-tight race - 0 0 --range 40000-40409 --count "$race" --threads 8 \
		--scenario tcp4_storm --one-destination
}

case $size in
small) race=2000 mixed=800 udp_wide=500 ;;
full) race=8000 mixed=8000 udp_wide=5000 ;;
*) exit 2 ;;
esac

start
connects
binds
udp
others
stop
echo "kernel $(uname -r)"
sed -n 's/^{"type":"probe","at":"\([^"]*\)","is":"\([^"]*\)"}$/probe \1 \2/p' "$work/truth"
compare "$work/plan" "$work/truth" "$work/events"
