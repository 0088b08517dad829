#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# ephemport range show, held against /proc/sys read by other programs.

load range_setup

@test "show: a new namespace has the kernel's default, whatever its parent has" {
	private <<'END'
echo 40000 40099 >$range_file
expect 0 unshare -n "$EPHEMPORT" range show --json
is "$(jq -r '"\(.type) \(.low) \(.high) \(.count) \(.knee) \(.parity)"' <<<"$out")" \
	"range 32768 60999 28232 14116 differs"
expect 0 "$EPHEMPORT" range show --json
is "$(jq -r '"\(.low) \(.high) \(.count) \(.knee)"' <<<"$out")" "40000 40099 100 50"
is "$(jq .netns <<<"$out")" "$(stat -Lc %i /proc/self/ns/net)"
END
}

@test "show: the values that decide, as they are in /proc/sys" {
	private <<'END'
cd /proc/sys/net/ipv4
echo 500 >ip_unprivileged_port_start
echo 40000 40100 >ip_local_port_range
echo 39999-40009,40100,50000 >ip_local_reserved_ports
echo 1 >tcp_tw_reuse
expect 0 "$EPHEMPORT" range show --json
is "$(jq -r '"\(.reserved) \(.reserved_count) \(.unprivileged_start) \(.tcp_tw_reuse) \(.parity)"' <<<"$out")" \
	"40000-40009,40100 11 500 1 same"
delay=null
[[ ! -e tcp_tw_reuse_delay ]] || delay=$(cat tcp_tw_reuse_delay)
is "$(jq .tcp_tw_reuse_delay_ms <<<"$out")" "$delay"
step=null
[[ ! -e ip_local_port_step_width ]] || step=$(cat ip_local_port_step_width)
is "$(jq .step_width <<<"$out")" "$step"
expect 0 "$EPHEMPORT" range show
has "$out" "40000-40100, 101 ports"
has "$out" "11 ports inside: 40000-40009,40100"
END
}

@test "show: --style writes it as each system does" {
	private <<'END'
echo 49152 65535 >$range_file
expect 0 "$EPHEMPORT" range show --style netsh
is "$out" "start=49152 num=16384"
expect 0 "$EPHEMPORT" range show --style sysctl
is "$out" "49152 65535"
expect 0 "$EPHEMPORT" range show --style plain
is "$out" "49152-65535"
expect 2 "$EPHEMPORT" range show --style windows
has "$err" "use sysctl, netsh or plain"
END
}

@test "show: another namespace by pid and by path, and the caller's stays as it is" {
	private <<'END'
other b
nsenter -n -t "$b" sh -c "echo 50000 50001 >$range_file"
expect 0 "$EPHEMPORT" range show --netns "$b" --style plain
is "$out" 50000-50001
expect 0 "$EPHEMPORT" range show --netns "/proc/$b/ns/net" --style plain
is "$out" 50000-50001
is "$(now)" "32768 60999"
expect 0 "$EPHEMPORT" range show --netns "$b"
has "$out" "sleep ($b)"
END
}

@test "show: all finds what a process, a mount and a thread keep alive" {
	private <<'END'
other b
ip netns add blue
# A thread in a namespace of its own, its process elsewhere.
coproc thread { exec python3 -u -c '
import ctypes, os, threading, time
libc = ctypes.CDLL(None, use_errno=True)
def work():
    assert libc.unshare(0x40000000) == 0
    print(os.stat("/proc/thread-self/ns/net").st_ino, flush=True)
    time.sleep(1000)
threading.Thread(target=work, daemon=True).start()
time.sleep(1000)'; }
others+=("$thread_PID")
read -r inode <&"${thread[0]}"
expect 0 "$EPHEMPORT" range show --netns all --json
has "$(jq .netns <<<"$out")" "$inode"
has "$(jq .netns <<<"$out")" "$(stat -Lc %i "/proc/$b/ns/net")"
is "$(jq -r 'select(.name == "blue") | "\(.netns) \(.pids | length)"' <<<"$out")" \
	"$(stat -Lc %i /run/netns/blue) 0"
is "$(jq -r 'select(.current) | .netns' <<<"$out")" "$(stat -Lc %i /proc/self/ns/net)"
# Each once.
is "$(jq .netns <<<"$out" | sort | uniq -d)" ""
expect 0 "$EPHEMPORT" range show --netns /run/netns/blue --json
is "$(jq -r .name <<<"$out")" blue
END
}

@test "show: a mount that only another mount namespace has is found, too" {
	private <<'END'
mkfifo /run/go
unshare -m --propagation private bash -c '
	mount -t tmpfs none /mnt; : >/mnt/hidden
	unshare -n sh -c "mount --bind /proc/self/ns/net /mnt/hidden; stat -Lc %i /mnt/hidden" >/run/inode
	echo >/run/go; exec sleep 1000' &
others+=($!)
read -r </run/go
expect 0 "$EPHEMPORT" range show --netns all --json
is "$(jq -r 'select(.name == "hidden") | .netns' <<<"$out")" "$(</run/inode)"
END
}

@test "show: what is no namespace is refused, with what would be right" {
	private <<'END'
expect 1 "$EPHEMPORT" range show --netns 4194304
has "$err" "there is no process 4194304"
expect 2 "$EPHEMPORT" range show --netns /proc/self/ns/mnt
has "$err" "is no network namespace: use a pid"
expect 2 "$EPHEMPORT" range show --netns /etc/passwd
has "$err" "is no network namespace"
expect 1 "$EPHEMPORT" range show --netns /nowhere
has "$err" "/nowhere cannot be opened: No such file or directory"
expect 2 "$EPHEMPORT" range show 1024-65535
has "$err" "one word too many"
END
}

@test "show: works without privileges, and says what it cannot see" {
	private <<'END'
expect 0 setpriv --reuid 65534 --regid 65534 --clear-groups "$EPHEMPORT" range show --style plain
is "$out" 32768-60999
expect 3 setpriv --reuid 65534 --regid 65534 --clear-groups "$EPHEMPORT" range show --netns 1
has "$err" "it takes root"
END
}

@test "show: says what the next boot gives and whether it agrees" {
	private_boot <<'END'
printf '# mine\nnet.ipv4.ip_local_port_range = 49152 65535\n' >/etc/sysctl.d/50-a.conf
expect 0 "$EPHEMPORT" range show
has "$out" "systemd-sysctl: 49152-65535, by /etc/sysctl.d/50-a.conf:2: differs from now"
hasnt "$out" "this is another"
echo 49152 65535 >$range_file
expect 0 "$EPHEMPORT" range show --json
is "$(jq -c '[.boot_agrees, .boot_file, .boot_line, .boot_procps_agrees, .boot_reaches]' <<<"$out")" \
	'[true,"/etc/sysctl.d/50-a.conf",2,true,true]'
# No file reaches a namespace other than that of process 1.
other b
expect 0 "$EPHEMPORT" range show --netns "$b" --json
is "$(jq -c '[.boot_low, .boot_reaches]' <<<"$out")" '[null,false]'
END
}
