#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
#
# ephemport wait-clean, held against ss(8), in a namespace of its own with few ports.

load ../helpers

bats_require_minimum_version 1.5.0

setup() {
	unshare -n true 2>/dev/null || skip "namespaces cannot be made here"
	netns=wait-clean-$$
	ip netns add "$netns"
	inside ip link set lo up
	inside sh -c 'echo 40000 40099 >/proc/sys/net/ipv4/ip_local_port_range'
	inside sh -c 'echo 40000-40019 >/proc/sys/net/ipv4/ip_local_reserved_ports'
	cd "$BATS_TEST_TMPDIR" || return
}

teardown() {
	ip netns del "$netns" 2>/dev/null || true
}

inside() {
	ip netns exec "$netns" "$@"
}

# leave ADDRESS PORT COUNT: so many connections to there that we close first.
leave() {
	inside /usr/bin/python3 - "$@" <<-'EOF'
		import socket, sys
		host, port, count = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
		family = socket.AF_INET6 if ":" in host else socket.AF_INET
		server = socket.create_server((host, port), family=family, backlog=128)
		for _ in range(count):
		    client = socket.create_connection((host, port))
		    accepted = server.accept()[0]
		    client.close()
		    accepted.close()
	EOF
}

waiting() {
	inside ss -Htan state time-wait dst "$1" | wc -l
}

@test "clean at once: nothing waits, or less than --below of the usable ports" {
	run -0 inside ephemport wait-clean --to 127.0.0.1:9999
	[[ "$output" == "clean: 0 of 80 ports (0.0 %) in TIME_WAIT to 127.0.0.1:9999, after 0.0 s" ]]
	leave 127.0.0.1 9999 8
	[ "$(waiting 127.0.0.1:9999)" -eq 8 ]
	run -0 inside ephemport wait-clean --to 127.0.0.1:9999 --below 10.1%
	[[ "$output" == "clean: 8 of 80 ports (10.0 %) in TIME_WAIT from 127.0.0.1 to 127.0.0.1:9999, after "* ]]
	# Other destinations are none of our business.
	run -0 inside ephemport wait-clean --to 127.0.0.1:9998
	run -0 inside ephemport wait-clean --to 127.0.0.2:9999
	run -0 ephemport wait-clean --to 127.0.0.1:9999
	run -0 ephemport wait-clean --netns "/run/netns/$netns" --to 127.0.0.1:9999 --below 11
	# As many as --below are not less.
	run -4 inside ephemport wait-clean --to 127.0.0.1:9999 --below 10% --timeout 100ms
}

@test "not in time: status 4, and how many remain and when they will be gone" {
	leave ::1 9999 30
	run -4 --separate-stderr inside ephemport wait-clean --to '[::1]:9999' --timeout 1s
	echo "$output"
	[[ "$output" =~ ^"not clean: 30 of 80 ports (37.5 %) in TIME_WAIT from ::1 to [::1]:9999; clean in 5"[0-9.]+" s, none left in 5"[0-9.]+" s"$ ]]
	# shellcheck disable=SC2154 # bats sets it
	[[ "$stderr" == "waiting: 30 of 80 ports"* ]]
	# A name has all of its addresses.
	printf '127.0.0.5 both.test\n::1 both.test\n' >hosts
	run -4 inside unshare -m sh -c 'mount --bind hosts /etc/hosts
		ephemport wait-clean --to both.test:9999 --timeout 10ms'
	[[ "$output" == *"not clean: 30 of 80 ports (37.5 %) in TIME_WAIT from ::1 to both.test:9999"* ]]
}

@test "it returns when they are gone, and not before; without looking all the time" {
	command -v strace >/dev/null || skip "there is no strace"
	leave 127.0.0.1 9999 5
	sleep 5
	leave 127.0.0.1 9998 5
	status=0
	inside strace -f -c -e trace=sendto -o calls ephemport wait-clean --to 127.0.0.1:9999 --below 0 \
		>said 2>&1 || status=$?
	cat said
	[ "$status" -eq 0 ]
	[ "$(waiting 127.0.0.1:9999)" -eq 0 ]
	[ "$(waiting 127.0.0.1:9998)" -eq 5 ]
	seconds=$(sed -n 's/^clean: 0 of .*, after \([0-9]*\)\..* s$/\1/p' said)
	[ "$seconds" -ge 50 ]
	[ "$seconds" -le 70 ]
	# Four questions (two families, two protocols) a look; a timer can be late by an eighth.
	[ "$(awk '$NF == "sendto" { print $4 }' calls)" -le 160 ]
}

@test "wrong usage is status 2 and one line" {
	for bad in "" "--to 127.0.0.1" "--to :80" "--to 127.0.0.1:0" "--to 127.0.0.1:65536" "--to ::1:80" \
		"--to 127.0.0.1:80 --below 101" "--to 127.0.0.1:80 --below -1" "--to 127.0.0.1:80 --below 1.2.3" \
		"--to 127.0.0.1:80 --timeout 5" "--to 127.0.0.1:80 --netns all" "--to 127.0.0.1:80 --netns /nowhere"; do
		# shellcheck disable=SC2086
		run -2 ephemport wait-clean $bad
		[ "${#lines[@]}" -eq 1 ]
	done
	run -1 ephemport wait-clean --to no-such-host.invalid:80
	[ "${#lines[@]}" -eq 1 ]
}
