# SPDX-License-Identifier: GPL-2.0-only
# Sourced by the scripts of range_persist.bats.
# shellcheck shell=bash disable=SC2034,SC2154

# Runs set with the fault of the Nth call, for each N that there is, and asks of each whether the file
# and the range are the old ones or the new ones. One that is killed may leave a mixture of the two,
# each of them whole; then a note tells of it.
old_file="# mine
net.ipv4.ip_local_port_range = 40000 40099
# end"
new_file=${old_file/40000 40099/49152 65535}
one() # N
{
	echo "$old_file" >/etc/sysctl.conf
	echo 32768 60999 >"$range_file"
	rm -f /run/mark
	status=0
	LD_PRELOAD=$FAULT FAULT_AT=$1 FAULT_MARK=/run/mark \
		"$EPHEMPORT" range set 49152-65535 --persist=/etc/sysctl.conf >/run/out 2>/run/err ||
		status=$?
	file=third
	[[ $(</etc/sysctl.conf) != "$old_file" ]] || file=old
	[[ $(</etc/sysctl.conf) != "$new_file" ]] || file=new
	range=third
	! is_now "32768 60999" || range=old
	! is_now "49152 65535" || range=new
}
