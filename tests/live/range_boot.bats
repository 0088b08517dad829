#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# What 'range show' says of the next boot, held against the programs that read the files: each case
# is read by systemd-sysctl and by 'sysctl --system' in a namespace of its own.

load range_setup

@test "boot: lines, one by one" {
	private <<'END'
source "$LIVE/range_readers.bash"
cases=0
while IFS= read -r text; do
	put /etc/sysctl.d/a.conf "$text"
	agree "$text"
	cases=$((cases + 1))
done <<'CASES'
@ = 40000 40001\n
@=40000 40001
@ = 40000 40001\n@="1024 65535"\n
@ = 40000 40001\n@=5000 4000\n
@ = 40000 40001\n@=1000 65535\n
@ = 40000 40001\n@=\n
@ = 40000 40001\n@\n
@ = 40000-40001\n
@ = 40000,40001\n
@ = 50000\n
@ = 50000 50001 7\n
@ = 0x8000 40001\n
@ = 040000 40001\n
@ = 40000 40001 # comment\n
@ = 40000 40001 "\n
 \t@ = 40000 40001 \t\r\n
@=40000 40001\rnet.ipv4.ip_forward=0\n
-@ = 40000 40001\n
- @ = 40000 40001\n
;@ = 40000 40001\n
# @ = 40000 40001\n
  # @ = 40000 40001\n
net/ipv4/ip_local_port_range = 40000 40001\n
/net/ipv4/ip_local_port_range = 40000 40001\n
net//ipv4/ip_local_port_range = 40000 40001\n
net..ipv4.ip_local_port_range = 40000 40001\n
net.ipv4/ip_local_port_range = 40000 40001\n
@. = 40000 40001\n
net.ipv4.*_port_range = 43000 43001\n
net.*.ip_local_port_range = 43000 43001\n
*.ipv4.ip_local_port_range = 43000 43001\n
net.*_range = 43000 43001\n
net.ipv?.[i]p_local_port_range = 43000 43001\n
@ = 40000 40001\nnet.ipv4.ip_local*range = 41000 41001\n
net.ipv4.ip_local*range = 41000 41001\n@ = 40000 40001\n
net.ipv4.ip_local*range = 41000 41001\n@ = "4"\n
net.ipv4.ip_local_port_r* = 41000 41001\nnet.ipv4.ip_local_p*_range = 42000 42001\nnet.ipv4.ip_local_port_r* = 41000 41001\n
net.ipv4.ip_local_port_r* = 41000 41001\nnet.ipv4.ip_local_p*_range = 42000 42001\nnet.ipv4.ip_local_port_r* = 43000 43001\n
net.ipv4.ip_local_port_r* = 41000 41001\n-@\n
-@\nnet.ipv4.ip_local_port_r* = 41000 41001\n
-net.ipv4.ip_local_port_r*\nnet.ipv4.ip_local*_range = 43000 43001\n
@ = 40000 40001\n-@\n
-@\n@ = 40000 40001\n
@ = 40000 40001\n\n\n@ = 44000 44001\n@ = 40000 40001\n
CASES
((cases == 44)) || die "$cases cases"
END
}

@test "boot: files, names and masks" {
	private <<'END'
source "$LIVE/range_readers.bash"
put /etc/sysctl.d/b.conf "@ = 40000 40001\n"; put /etc/sysctl.d/B.conf "@ = 41000 41001\n"
agree "B before b"
put /usr/lib/sysctl.d/50-a.conf "@ = 40000 40001\n"; put /etc/sysctl.d/10-b.conf "@ = 41000 41001\n"
agree "by name, whatever the directory"
put /usr/lib/sysctl.d/50-a.conf "@ = 40000 40001\n"; put /etc/sysctl.d/50-a.conf "kernel.pid_max = 4194304\n"
agree "etc replaces usr/lib"
put /run/sysctl.d/50-a.conf "@ = 40000 40001\n"; put /usr/lib/sysctl.d/50-a.conf "@ = 41000 41001\n"
agree "run replaces usr/lib"
put /run/sysctl.d/50-a.conf "@ = 40000 40001\n"; ln -s /dev/null /etc/sysctl.d/50-a.conf
agree "masked"
ln -s /nowhere /etc/sysctl.d/a.conf; put /etc/sysctl.d/b.conf "@ = 40000 40001\n"
agree "dangling link"
mkdir /etc/sysctl.d/a.conf; put /etc/sysctl.d/b.conf "@ = 40000 40001\n"
agree "a directory"
put /etc/sysctl.d/.a.conf "@ = 40000 40001\n"
agree "hidden"
put /etc/sysctl.d/a.conf~ "@ = 40000 40001\n"; put /etc/sysctl.d/a.confx "@ = 40000 40001\n"; put /etc/sysctl.d/conf "@ = 40000 40001\n"
agree "other names"
put /etc/sysctl.d/99-zz.conf "@ = 40000 40001\n"; put /etc/sysctl.conf "@ = 41000 41001\n"
agree "sysctl.conf"
put /etc/sysctl.conf "@ = 41000 41001\n"; ln -s ../sysctl.conf /etc/sysctl.d/99-sysctl.conf
put /etc/sysctl.d/99-kubernetes-cri.conf "@ = 40000 40001\n"
agree "99-sysctl.conf behind 99-kubernetes-cri.conf"
put /etc/sysctl.d/a.conf "net.ipv4.ip_local_port_r* = 41000 41001\n"; put /etc/sysctl.conf "@ = 40000 40001\n"
agree "a pattern, and the key in sysctl.conf"
agree "no file"
END
}
