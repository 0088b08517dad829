# SPDX-License-Identifier: GPL-2.0-only
#
# Tests of tools/kernel and tools/vm themselves. EPHEMPORT_VM_SERIES picks the kernel.

bats_require_minimum_version 1.5.0

setup_file() {
	local tool
	for tool in qemu-system-x86_64 busybox cpio; do
		command -v "$tool" >/dev/null || skip "no $tool: run tools/setup guest"
	done
	ROOT=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)
	SERIES=${EPHEMPORT_VM_SERIES:-6.1}
	export ROOT SERIES
	"$ROOT/tools/kernel" "$SERIES" >/dev/null
}

vm() {
	"$ROOT/tools/vm" "$@"
}

@test "status, stdout and stderr of a command come through exactly" {
	run -7 --separate-stderr vm --timeout 60 "$SERIES" -- \
		'printf "a  b\n\nno newline"; printf "to stderr\r\n" >&2; exit 7'
	[ "$output" = $'a  b\n\nno newline' ]
	[ "$stderr" = $'to stderr\r' ]
}

@test "words of a command are not split again" {
	run -0 --separate-stderr vm --timeout 60 "$SERIES" -- printf '[%s]' "it's" 'a  b' '$HOME' '"' '*'
	[ "$output" = "[it's][a  b][\$HOME][\"][*]" ]
}

@test "the guest is what tests rely on" {
	run -0 --separate-stderr vm --timeout 60 --smp 2 "$SERIES" -- '
		set -e
		[ "$(readlink /proc/self/fd/0)" = /dev/null ]
		[ ! -t 1 ]
		[ "$(nproc)" = 2 ]
		[ "$(hostname)" = guest ]
		[ -r /sys/kernel/btf/vmlinux ]
		[ -r /sys/kernel/tracing/events ] && [ -r /sys/kernel/debug/tracing ]
		grep -q " /sys/fs/bpf bpf" /proc/mounts
		grep -q " /sys/fs/cgroup cgroup2" /proc/mounts
		ping -c 1 -W 5 127.0.0.1 >/dev/null
		uname -r
		cat /proc/sys/net/ipv4/ip_local_port_range
		sleep 1000 &'
	[[ ${lines[0]} == "$SERIES".* ]]
	[ "${lines[1]}" = $'32768\t60999' ]
}

@test "files go in with their libraries, /out comes back, binary and whole" {
	head -c 3000000 /dev/urandom >"$BATS_TEST_TMPDIR/data"
	run -5 --separate-stderr vm --timeout 60 --out "$BATS_TEST_TMPDIR/out" \
		--add "$BATS_TEST_TMPDIR/data:/in/data:600" --add "$(command -v bash)" "$SERIES" -- \
		bash -c 'set -e; mkdir /out/dir; cp /in/data /out/dir; stat -c %a /in/data; exit 5'
	[ "$output" = 600 ]
	cmp "$BATS_TEST_TMPDIR/data" "$BATS_TEST_TMPDIR/out/dir/data"
}

@test "a reader that is slow loses nothing" {
	run -0 --separate-stderr bash -c '
		set -o pipefail
		"$ROOT/tools/vm" --timeout 60 "$SERIES" -- "seq 40000" | { sleep 6; md5sum; }'
	[ "$output" = "$(seq 40000 | md5sum)" ]
}

@test "a command without end is a time-out" {
	run -124 --separate-stderr vm --timeout 25 "$SERIES" -- 'echo begun; sleep 1000'
	[ "$output" = begun ]
	[[ $stderr == *"tools/vm: no end after 25 s"* ]]
}

@test "a panic is a splat, at once" {
	run -126 --separate-stderr vm --timeout 60 "$SERIES" -- 'echo c >/proc/sysrq-trigger; sleep 1000'
	[[ $stderr == *"the kernel complained"*"sysrq"* ]]
}

@test "a warning is a splat even when the command succeeds, and the console is kept" {
	run -126 --separate-stderr vm --timeout 60 --console "$BATS_TEST_TMPDIR/console" "$SERIES" -- \
		'echo "WARNING: CPU: 0 PID: 1 at net/core/dev.c:1" >/dev/kmsg; echo "DEBUG: fine" >/dev/kmsg'
	[[ $stderr == *"the kernel complained (status of the command: 0)"* ]]
	grep -q 'Linux version' "$BATS_TEST_TMPDIR/console"
}

@test "kernel text can be patched under two busy processors" {
	run -0 --separate-stderr vm --timeout 100 --smp 2 "$SERIES" -- '
		while :; do ls -R /proc/self >/dev/null 2>&1; done &
		cd /sys/kernel/tracing/events
		for events in sched irq sock tcp timer; do
			echo 1 >$events/enable
			echo 0 >$events/enable
		done
		echo patched'
	[ "$output" = patched ]
}

@test "a clock that counts instructions" {
	run -0 --separate-stderr vm --timeout 100 --icount "$SERIES" -- nproc
	[ "$output" = 1 ]
}

@test "wrong usage is one line and status 125" {
	run -125 vm "$SERIES" true
	[ "${#lines[@]}" -eq 1 ]
	run -125 vm --smp many "$SERIES" -- true
	[ "${#lines[@]}" -eq 1 ]
	run -125 vm --add /no/such/file "$SERIES" -- true
	[ "${#lines[@]}" -eq 1 ]
	run -125 vm nonsense -- true
	[ "${#lines[@]}" -eq 1 ]
}

@test "a kernel that is cached needs neither mirror nor lists" {
	local kernel
	kernel=$("$ROOT/tools/kernel" "$SERIES")
	mkdir -p "$BATS_TEST_TMPDIR/cache/kernels/$SERIES"
	ln -s "$kernel" "$BATS_TEST_TMPDIR/cache/kernels/$SERIES/vmlinuz"
	EPHEMPORT_CACHE=$BATS_TEST_TMPDIR/cache EPHEMPORT_DEBIAN_MIRROR=file:///nowhere \
		run -0 "$ROOT/tools/kernel" "$SERIES"
	[ "$output" = "$BATS_TEST_TMPDIR/cache/kernels/$SERIES/vmlinuz" ]
	EPHEMPORT_CACHE=$BATS_TEST_TMPDIR/cache EPHEMPORT_DEBIAN_MIRROR=file:///nowhere \
		run -1 "$ROOT/tools/kernel" 9.9
	[ "${#lines[@]}" -eq 1 ]
}
