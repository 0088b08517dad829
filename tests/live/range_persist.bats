#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# ephemport range set --persist and unset: files, and the two programs that read them at boot.

load range_setup

@test "persist: a drop-in that both readers take, and show agrees" {
	private_boot <<'END'
expect 0 "$EPHEMPORT" range set 49152-65535 --persist
is "$(now)" "49152 65535"
is "$(stat -c '%a %U' /etc/sysctl.d/60-ephemport.conf)" "644 root"
is "$(ls -A /etc/sysctl.d)" 60-ephemport.conf
is "$(ls /run/ephemport)" ""
if [[ -x /lib/systemd/systemd-sysctl ]]; then
	echo 32768 60999 >$range_file
	/lib/systemd/systemd-sysctl 2>/dev/null || true
	is "$(now)" "49152 65535"
fi
echo 32768 60999 >$range_file
sysctl --system >/dev/null 2>&1 || true
is "$(now)" "49152 65535"
expect 0 "$EPHEMPORT" range show --json
is "$(jq -c '[.boot_agrees, .boot_procps_agrees, .boot_file]' <<<"$out")" \
	'[true,true,"/etc/sysctl.d/60-ephemport.conf"]'
expect 0 "$EPHEMPORT" range unset --persist
is "$(ls -A /etc/sysctl.d)" ""
is "$(now)" "49152 65535"
expect 0 "$EPHEMPORT" range unset --persist
has "$err" "nothing to take out"
END
}

@test "persist: the name wins over what is there, and a file that still wins is named" {
	private_boot <<'END'
printf 'net.ipv4.ip_local_port_range = 1024 65535\n' >/etc/sysctl.conf
ln -s ../sysctl.conf /etc/sysctl.d/99-sysctl.conf
expect 0 "$EPHEMPORT" range set 49152-65535 --persist
is "$(ls -A /etc/sysctl.d)" "$(printf '99-sysctl.conf\nzz-ephemport.conf')"
has "$err" "sysctl --system will still give 1024-65535: /etc/sysctl.conf:1 wins over"
hasnt "$err" "systemd-sysctl will still"
if [[ -x /lib/systemd/systemd-sysctl ]]; then
	echo 32768 60999 >$range_file
	/lib/systemd/systemd-sysctl 2>/dev/null || true
	is "$(now)" "49152 65535"
fi
sysctl --system >/dev/null 2>&1 || true
is "$(now)" "1024 65535"
expect 0 "$EPHEMPORT" range unset --persist
printf 'net.ipv4.ip_local_port_range = 5000 5001\n' >/etc/sysctl.d/zzz.conf
expect 0 "$EPHEMPORT" range set 49152-65535 --persist
has "$err" "systemd-sysctl will still give 5000-5001: /etc/sysctl.d/zzz.conf:1 wins over"
END
}

@test "persist: the line of /etc/sysctl.conf is changed in place, all else is kept" {
	private <<'END'
printf '# top\r\n\tnet.ipv4.ip_local_port_range\t=40000 50001 \nkernel.pid_max = 4194304' >/etc/sysctl.conf
chmod 640 /etc/sysctl.conf
chown 65534:12 /etc/sysctl.conf
ln -s ../sysctl.conf /etc/sysctl.d/99-sysctl.conf
# By the link: the link stays a link.
expect 0 "$EPHEMPORT" range set 49152-65535 --persist=/etc/sysctl.d/99-sysctl.conf
is "$(od -c /etc/sysctl.conf)" "$(printf '# top\r\n\tnet.ipv4.ip_local_port_range\t=49152 65535 \nkernel.pid_max = 4194304' | od -c)"
is "$(stat -c '%a %u %g' /etc/sysctl.conf)" "640 65534 12"
[[ -L /etc/sysctl.d/99-sysctl.conf ]]
is "$(ls -A /etc/sysctl.d)" 99-sysctl.conf
END
}

@test "persist: what a changed line said before is told, and the way back that is named works" {
	private <<'END'
printf '# top\nnet.ipv4.ip_local_port_range = 40000 50001\n# end\n' >/etc/sysctl.conf
cp -a /etc/sysctl.conf /run/before
expect 0 "$EPHEMPORT" range set 49152-65535 --persist=/etc/sysctl.conf
way=$(sed -n 's/^.*note: and at boot: ephemport \(.*\), which \/etc\/sysctl.conf:2 said$/\1/p' <<<"$err")
hasnt "$err" "range unset"
# shellcheck disable=SC2086 # words
expect 0 "$EPHEMPORT" $way
cmp /etc/sysctl.conf /run/before
# As it is already.
expect 0 "$EPHEMPORT" range set 40000-50001 --persist=/etc/sysctl.conf
has "$err" "nothing to take back, /etc/sysctl.conf:2 said so before"
cmp /etc/sysctl.conf /run/before
# One that takes --force.
echo 'net.ipv4.ip_local_port_range = 32000 60000' >/etc/sysctl.conf
expect 0 "$EPHEMPORT" range set 49152-65535 --persist=/etc/sysctl.conf
has "$err" "range set 32000-60000 --persist=/etc/sysctl.conf --force, which /etc/sysctl.conf:1 said"
# No range at all.
echo 'net.ipv4.ip_local_port_range = "1024 x"' >/etc/sysctl.conf
expect 0 "$EPHEMPORT" range set 49152-65535 --persist=/etc/sysctl.conf
has "$err" "put '\"1024 x\"' back, which /etc/sysctl.conf:1 said"
# What is taken out is told.
expect 0 "$EPHEMPORT" range unset --persist=/etc/sysctl.conf
has "$out" "/etc/sysctl.conf: line 1, '49152 65535', taken out"
END
}

@test "persist: a missing line is appended, and unset gives the file back" {
	private <<'END'
printf '# top\n; other\nkernel.pid_max = 4194304\n' >/etc/sysctl.conf
cp -a /etc/sysctl.conf /run/before
expect 0 "$EPHEMPORT" range set 49152-65535 --persist=/etc/sysctl.conf
is "$(tail -n 1 /etc/sysctl.conf)" "net.ipv4.ip_local_port_range = 49152 65535"
expect 0 "$EPHEMPORT" range unset --persist=/etc/sysctl.conf
cmp /etc/sysctl.conf /run/before
# Not there at all: made.
rm /etc/sysctl.conf
expect 0 "$EPHEMPORT" range set 49152-65535 --persist=/etc/sysctl.conf
is "$(</etc/sysctl.conf)" "net.ipv4.ip_local_port_range = 49152 65535"
# Our drop-in keeps what somebody added.
expect 0 "$EPHEMPORT" range set 49152-65535 --persist
echo 'kernel.pid_max = 4194304' >>/etc/sysctl.d/60-ephemport.conf
expect 0 "$EPHEMPORT" range unset --persist
has "$(</etc/sysctl.d/60-ephemport.conf)" "kernel.pid_max = 4194304"
hasnt "$(</etc/sysctl.d/60-ephemport.conf)" "port_range ="
END
}

@test "persist: a place that cannot be written changes nothing" {
	private <<'END'
ln -s /dev/null /etc/sysctl.d/60-ephemport.conf
expect 2 "$EPHEMPORT" range set 49152-65535 --persist
has "$err" "masked"
rm /etc/sysctl.d/60-ephemport.conf
ln -s /nowhere /etc/sysctl.d/a.conf
expect 1 "$EPHEMPORT" range set 49152-65535 --persist=/etc/sysctl.d/a.conf
has "$err" "link to nowhere"
expect 2 "$EPHEMPORT" range set 49152-65535 --persist=/etc/sysctl.d
has "$err" "is no regular file"
expect 1 "$EPHEMPORT" range set 49152-65535 --persist=/nowhere/x.conf
has "$err" "/nowhere: No such file"
# A mount of its own, as container runtimes make of files.
: >/run/mine; : >/etc/sysctl.conf
mount --bind /run/mine /etc/sysctl.conf
expect 1 "$EPHEMPORT" range set 49152-65535 --persist=/etc/sysctl.conf
has "$err" "mount of its own"
has "$err" "the old range is back in force"
is "$(now)" "32768 60999"
is "$(</run/mine)" ""
is "$(find /etc -name '.*ephemport*')" ""
END
}

@test "persist: a full disk leaves the old file and the old range" {
	private <<'END'
mount -t tmpfs -o size=8k none /etc/sysctl.d
printf 'net.ipv4.ip_local_port_range = 40000 40099\n' >/etc/sysctl.d/50-a.conf
head -c 4096 /dev/zero >/etc/sysctl.d/fill
expect 1 "$EPHEMPORT" range set 49152-65535 --persist=/etc/sysctl.d/50-a.conf
has "$err" "No space left"
has "$err" "nothing is changed"
is "$(now)" "32768 60999"
is "$(</etc/sysctl.d/50-a.conf)" "net.ipv4.ip_local_port_range = 40000 40099"
is "$(ls -A /etc/sysctl.d)" "$(printf '50-a.conf\nfill')"
END
}

@test "persist: whichever call fails, all is old or all is new" {
	fault_build
	private <<'END'
source "$LIVE/range_faults.bash"
failed=0
for ((n = 1;; n++)); do
	one "$n"
	[[ -e /run/mark ]] || break
	case $status in
	0) is "$file $range" "new new" ;;
	*) is "$file $range" "old old"; failed=$((failed + 1)); [[ -s /run/err ]] ;;
	esac
	is "$(find /etc -name '.*ephemport*')" "" || die "call $n"
done
is "$status $file $range" "0 new new"
((n > 8 && failed > 4)) || die "$n calls, $failed of them made it fail: that is too few"
END
}

@test "persist: wherever it is killed, the file is whole, and what was left is told and mended" {
	fault_build
	private <<'END'
source "$LIVE/range_faults.bash"
export FAULT_KILL=1
mixed=0
for ((n = 1;; n++)); do
	one "$n"
	[[ -e /run/mark ]] || break
	is "$status" 137
	[[ $file != third && $range != third ]] || die "call $n: $file $range"
	if [[ $file != "$range" ]]; then
		mixed=$((mixed + 1))
		expect 0 "$EPHEMPORT" range show
		has "$err" "was left by an unfinished"
	fi
	# The next run is not in the way of what this one left behind.
	(unset FAULT_KILL; expect 0 "$EPHEMPORT" range set 49152-65535 --persist=/etc/sysctl.conf)
	is "$(</etc/sysctl.conf)" "$new_file"
	is "$(find /etc -name '.*ephemport*')" ""
done
((n > 8 && mixed > 0)) || die "$n calls, $mixed mixtures: that is too few"
END
}

@test "persist: the new file is on the disk before it takes the name, and the name after" {
	strace_works || skip "strace cannot follow here"
	private <<'END'
: >/etc/sysctl.conf
expect 0 strace -f -y -o /run/trace -e trace=fsync,rename,renameat,renameat2 \
	"$EPHEMPORT" range set 49152-65535 --persist=/etc/sysctl.conf
is "$(grep -v /run/ephemport /run/trace | grep -o -e 'fsync([0-9]*<[^>]*' -e 'rename[a-z0-9]*(' |
	sed 's/[0-9]*//g' | paste -sd' ')" \
	"fsync(</etc/.sysctl.conf.ephemport. rename( fsync(</etc"
END
}

@test "persist: a file that somebody else changes meanwhile is not overwritten" {
	fault_build
	private <<'END'
for ((n = 1; n < 5; n++)); do
	echo '# one' >/etc/sysctl.conf
	expect 1 env LD_PRELOAD="$FAULT" FAULT_AT=$n FAULT_RUN='echo "# other" >/etc/sysctl.conf' \
		"$EPHEMPORT" range set 49152-65535 --persist=/etc/sysctl.conf
	has "$err" "changed by somebody else meanwhile"
	is "$(</etc/sysctl.conf)" "# other"
	is "$(now)" "32768 60999"
done
END
}

@test "unset: says what the boot gives without the line" {
	private <<'END'
printf 'net.ipv4.ip_local_port_range = 40000 40099\n' >/etc/sysctl.d/10-a.conf
expect 0 "$EPHEMPORT" range set 49152-65535 --persist
expect 0 "$EPHEMPORT" range unset --persist --dry-run
has "$out" "(planned)"
[[ -e /etc/sysctl.d/60-ephemport.conf ]]
has "$out" "systemd-sysctl: 40000-40099, by /etc/sysctl.d/10-a.conf:1"
expect 2 "$EPHEMPORT" range unset
has "$err" "use --persist"
END
}
