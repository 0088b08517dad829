#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# usage: counts.sh BACKEND LOW-HIGH "STAT-ARGUMENTS" LOAD-OPTION...
#
# Counts tests/load in a namespace of its own with that range and holds the sums of `ephemport stat`
# by path, protocol, family and errno against its log: what getsockname() and errno said. Needs
# ephemport and load in PATH; plain sh, for guests. COUNTS_KEEP=DIR keeps the files: log, stat, notes.
set -eu

backend=$1 range=$2 arguments=$3
shift 3
work=${COUNTS_KEEP:-$(mktemp -d)}
[ -n "${COUNTS_KEEP:-}" ] || trap 'rm -rf "$work"' EXIT
mkdir -p "$work"
# shellcheck source=/dev/null
. "$(dirname "$0")/tracer.sh"

# By a name that nobody else has: other loads may run on this kernel.
name=load-$$
cp "$(command -v load)" "$work/$name"

# shellcheck disable=SC2086 # arguments, not one word
tracer_start "$work/stat" stat $arguments --json --comm "$name" --backend "$backend"
"$work/$name" --netns --log "$work/log" --range "$range" \
	--scenario "$(scenarios)" "$@" 2>"$work/said" || {
	cat "$work/said"
	tracer_abort "the load failed"
}
tracer_stop

sed -n 's/.*"path":"\([a-z]*\)","proto":"\([a-z]*\)","family":\([46]\),.*"errno":\([^,]*\),.*/\1 \2 \3 \4/p' \
	"$work/log" | awk '{ sum[$0]++ } END { for (key in sum) print key, sum[key] }' |
	sort >"$work/want"
sed -n '/"type":"stat",/s/.*"path":"\([a-z]*\)","proto":"\([a-z]*\)","family":\([46]\),"errno":\([^,]*\),.*"count":\([0-9]*\),.*/\1 \2 \3 \4 \5/p' \
	"$work/stat" | awk '{ sum[$1 " " $2 " " $3 " " $4] += $5 }
		END { for (key in sum) print key, sum[key] }' | sort >"$work/got"
rm -f "$work/$name"
if ! diff "$work/want" "$work/got" || ! [ -s "$work/want" ]; then
	echo "the counts (>) are not those of the log (<)"
	exit 1
fi
echo "$(wc -l <"$work/log") allocations, $(wc -l <"$work/want") kinds: all counted"
