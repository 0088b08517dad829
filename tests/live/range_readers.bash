# SPDX-License-Identifier: GPL-2.0-only
# Sourced by the scripts of range_boot.bats: the programs that read the files at boot.
# shellcheck shell=bash disable=SC2154

# What one of them leaves behind, from the kernel's default on.
real()
{
	echo 32768 60999 >"$range_file"
	"$@" >/dev/null 2>&1 || true
	now
}
# agree NAME: both readers with what is in the files now; then empties them.
agree()
{
	local said
	expect 0 "$EPHEMPORT" range show --json
	said=$(jq -r ".[\"boot_low\",\"boot_high\"]" <<<"$out" | paste -sd" ")
	if [[ -x /lib/systemd/systemd-sysctl ]]; then
		is "$1, systemd-sysctl: $said" "$1, systemd-sysctl: $(real /lib/systemd/systemd-sysctl)"
	fi
	said=$(jq -r ".[\"boot_procps_low\",\"boot_procps_high\"]" <<<"$out" | paste -sd" ")
	is "$1, sysctl --system: $said" "$1, sysctl --system: $(real sysctl --system)"
	find /etc/sysctl.d /usr/lib/sysctl.d /run/sysctl.d -mindepth 1 -delete 2>/dev/null || true
	rm -f /etc/sysctl.conf
}
K=net.ipv4.ip_local_port_range
put() # FILE FORMAT
{
	mkdir -p "$(dirname "$1")"
	# shellcheck disable=SC2059 # it is one
	printf -- "${2//@/$K}" >"$1"
}
