#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
#
# Bad input: one line on stderr that says what was wrong, the right status, nothing on stdout.

load ../helpers

# refused STATUS PATTERN ARGUMENT...
refused() {
	local want=$1 pattern=$2 status=0
	shift 2
	ephemport "$@" >"$BATS_TEST_TMPDIR/out" 2>"$BATS_TEST_TMPDIR/err" || status=$?
	cat "$BATS_TEST_TMPDIR/err"
	[ "$status" -eq "$want" ]
	[ ! -s "$BATS_TEST_TMPDIR/out" ]
	[ "$(wc -l <"$BATS_TEST_TMPDIR/err")" -eq 1 ]
	grep -q -- "$pattern" "$BATS_TEST_TMPDIR/err"
}

@test "unknown command and option" {
	refused 2 "no command 'trase'" trase
	refused 2 "unknown option --bad: see 'ephemport trace --help'" trace --bad
	refused 2 "unknown option -Q" trace -Q
	refused 2 "one word too many" trace word
	refused 2 "needs a value" trace --daddr
}

@test "values that are not right" {
	refused 2 "use a number with ns, us, ms, s or m" trace --duration 3
	refused 2 "use a number with ns, us, ms, s or m" trace --duration -1s
	refused 2 "from 1 to 65535" trace --dport 70000
	refused 2 "from 1 to" trace --pid 0
	refused 2 "at least 1" trace --count 0
	refused 2 "from 64K to 1024M" trace --buffer 1K
	refused 2 "from 64K to 1024M" trace --buffer 8GB
	refused 2 "use auto, fentry or tracepoint" trace --backend kprobe
}

@test "filters that name nothing" {
	refused 2 "'tcq' is none of tcp, udp" trace --proto tcq
	refused 2 "'binding' is none of connect, bind" trace --path bind,binding
	refused 2 "is no address" trace --daddr 10.0.0.300
	refused 2 "is no address" trace --daddr 10.0.0.0/33
	refused 2 "leave nothing to show" trace --daddr 10.0.0.1 -6
	refused 2 "the kernel keeps 15 characters" trace --comm a-name-that-is-too-long
	refused 2 "neither 'all', nor a process, nor a namespace file" trace --netns /nowhere
	refused 2 "no directory of a cgroup v2 mount" trace --cgroup /tmp
}

@test "without privileges: status 3, what is missing, nothing attached" {
	[ "$(id -u)" -eq 0 ] || skip "only root can give privileges away"
	run setpriv --reuid 65534 --clear-groups "$ROOT/build/static/ephemport" trace
	[ "$status" -eq 3 ]
	[ "${#lines[@]}" -eq 1 ]
	[[ "$output" == *"needs root, or CAP_BPF, CAP_PERFMON and CAP_NET_ADMIN: try sudo"* ]]
}

@test "a backend that the kernel refuses: status 3" {
	if ephemport doctor | grep -q '^ok *fentry'; then skip "this kernel refuses none"; fi
	refused 3 "refuses the fentry programs" trace --backend fentry --duration 1s
}

@test "help, man page and completion come from the same tables" {
	for option in $(ephemport trace --help | grep -o -- '--[a-z-]*' | sort -u); do
		ephemport help --man | tr -d '\\' | grep -q -- "$option"
		ephemport help --bash | grep -q -- "$option"
	done
	ephemport help --man | man -l --warnings - >/dev/null
	bash -n <(ephemport help --bash)
}
