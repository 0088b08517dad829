#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
#
# ephemport run with a load generator that people use: wrk against nginx, each request on a
# connection of its own, in a namespace of their own.

load ../helpers

bats_require_minimum_version 1.5.0

setup() {
	needs_tracing
	command -v wrk >/dev/null || skip "wrk is not installed"
	PATH=$PATH:/usr/sbin
	command -v nginx >/dev/null || skip "nginx is not installed"
	netns=run-wrk-$$
	cd "$BATS_TEST_TMPDIR" || return
	cat >nginx.conf <<-EOF
		daemon off;
		master_process off;
		pid nginx.pid;
		error_log error.log;
		events { worker_connections 4096; }
		http {
		    access_log access.log;
		    keepalive_timeout 0;
		    client_body_temp_path body; proxy_temp_path proxy; fastcgi_temp_path fastcgi;
		    uwsgi_temp_path uwsgi; scgi_temp_path scgi;
		    server { listen 127.0.0.1:80; location / { return 200 "ok\n"; } }
		}
	EOF
	ip netns add "$netns"
	inside ip link set lo up
	inside nginx -p "$PWD" -e error.log -c nginx.conf 3>&- &
	wait_for 100 inside sh -c 'ss -Hltn "sport = :80" | grep -q .'
}

teardown() {
	ip netns pids "$netns" 2>/dev/null | xargs -r kill
	ip netns del "$netns" 2>/dev/null || true
}

inside() {
	ip netns exec "$netns" "$@"
}

# storm LOW HIGH: wrk with that range; its words are in $output, our figures in run.json.
storm() {
	inside sh -c "echo $1 $2 >/proc/sys/net/ipv4/ip_local_port_range"
	ephemport run --json run.json --fail 'eaddrnotavail>0' -- ip netns exec "$netns" \
		wrk -t2 -c200 -d1s -H 'Connection: close' http://127.0.0.1/
}

# What wrk counts itself: "Socket errors: connect 141, ...".
connect_errors() {
	sed -n 's/.*Socket errors: connect \([0-9]*\),.*/\1/p' <<<"$output"
}

# What the kernel counts in that namespace: connections that were begun, once they had a port.
begun() {
	inside awk '$1 == "Tcp:" && $2 ~ /[0-9]/ { print $6 }' /proc/net/snmp
}

requests() {
	sed -n 's/^ *\([0-9]*\) requests in .*/\1/p' <<<"$output"
}

# Every port that we saw chosen is a connection that the kernel began, and all requests of wrk, each
# on a connection of its own, are among them.
agrees_with_kernel() {
	made=$(jq '.allocations - .errors' run.json)
	[ "$made" -eq $(($(begun) - before)) ]
	[ "$made" -ge "$(requests)" ]
}

@test "100 ports, 200 connections: status 99, the first failure named, wrk's count of failures is ours" {
	before=$(begun)
	run -99 storm 40000 40099
	echo "$output"
	[ "$(connect_errors)" -gt 0 ]
	[ "$(jq .eaddrnotavail run.json)" -eq "$(connect_errors)" ]
	[ "$(jq .errors run.json)" -eq "$(connect_errors)" ]
	[ "$(jq .lost run.json)" -eq 0 ]
	agrees_with_kernel
	[[ "$output" =~ "source ports were the bottleneck: EADDRNOTAVAIL first after "[0-9.]+(us|ms|" s")", 127.0.0.1 to 127.0.0.1:80" ]]
	[[ "$output" == *"x  eaddrnotavail>0  $(connect_errors)"* ]]
	[ "$(jq .peak_used run.json)" -eq 100 ]
	[ "$(jq -r '.top_comms[0].comm' run.json)" = wrk ]
}

@test "the default range: status 0, and every request had a port" {
	before=$(begun)
	run -0 storm 32768 60999
	echo "$output"
	[ -z "$(connect_errors)" ]
	[ "$(jq .errors run.json)" -eq 0 ]
	[ "$(jq .lost run.json)" -eq 0 ]
	agrees_with_kernel
	[[ "$output" == *"source ports were not the bottleneck"* ]]
	[[ "$output" == *"ok eaddrnotavail>0  0"* ]]
	[ "$(jq .knee_crossed run.json)" = false ]
}
