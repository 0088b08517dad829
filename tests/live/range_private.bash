# SPDX-License-Identifier: GPL-2.0-only
# Runs the script on standard input in a network and a mount namespace of its own, with an /etc, a
# /run and a /usr/lib/sysctl.d that nobody else sees. Called by range_setup.bash.
# shellcheck shell=bash
set -euo pipefail

range_file=/proc/sys/net/ipv4/ip_local_port_range

mount -t tmpfs none /run
mkdir /run/etc
for file in passwd group nsswitch.conf ld.so.cache ld.so.conf hosts protocols services localtime; do
	if [[ -e /etc/$file ]]; then cp -a "/etc/$file" /run/etc/; fi
done
mkdir /run/etc/sysctl.d
mount --bind /run/etc /etc
mount -t tmpfs none /usr/lib/sysctl.d

die()
{
	echo "line ${BASH_LINENO[1]}: $*" >&2
	exit 1
}

# is HAVE WANT
is()
{
	[[ $1 == "$2" ]] || die "have '$1', want '$2'"
}

# has TEXT PART: also a pattern
has()
{
	[[ $1 == *$2* ]] || die "'$2' is not in: $1"
}

hasnt()
{
	[[ $1 != *$2* ]] || die "'$2' is in: $1"
}

# expect STATUS COMMAND...: leaves $out and $err
expect()
{
	local want=$1 status=0
	shift
	"$@" >/run/out 2>/run/err || status=$?
	out=$(</run/out)
	err=$(</run/err)
	[[ $status == "$want" ]] || die "status $status, want $want: $* : $out $err"
}

# The range in force, as the kernel says it.
now()
{
	tr '\t' ' ' <"$range_file"
}

# await COMMAND...: until it holds; ten seconds at most
await()
{
	local end=$((SECONDS + 10))
	until "$@" >/dev/null 2>&1; do
		((SECONDS < end)) || die "did not come: $*"
		sleep 0.02
	done
}

is_now()
{
	[[ $(now) == "$1" ]]
}

# other NAME: starts a process in a network namespace of its own; its pid is in $NAME
other()
{
	local fifo=/run/fifo.$1 pid
	mkfifo "$fifo"
	# shellcheck disable=SC2016 # for that shell to expand
	unshare -n sh -c 'echo >"$1"; exec sleep 1000' sh "$fifo" &
	pid=$!
	read -r <"$fifo"
	printf -v "$1" %s "$pid"
	others+=("$pid")
}

# start COMMAND...: a tracing command of ephemport in the background, live on return. Its output is
# in the files $seen and $said, its pid in $watch.
start()
{
	seen=/run/watch.out said=/run/watch.err
	"$EPHEMPORT" "$@" >$seen 2>$said 3>&- &
	watch=$!
	others+=("$watch")
	await grep -qE '(watching|tracing) .*with the' $said
}

# ended STATUS: it ends by itself
ended()
{
	local status=0
	wait "$watch" || status=$?
	[[ $status == "$1" ]] || die "status $status, want $1: $(cat "$seen" "$said")"
}

# finish STATUS [SIGNAL]
finish()
{
	kill -"${2:-INT}" "$watch"
	ended "$1"
}

# check NAME KEY...: of the JSON that 'range verify' left in $seen, those keys of that check
check()
{
	local name=$1 keys
	shift
	keys=$(IFS=,; echo "$*")
	jq -c "select(.check == \"$name\") | [$keys]" <"$seen"
}

others=()
trap 'for pid in "${others[@]}"; do kill "$pid" 2>/dev/null || true; done' EXIT

# shellcheck source=/dev/null
source /dev/stdin
