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
: >"$work/notes"

# By a name that nobody else has: other loads may run on this kernel.
name=load-$$
cp "$(command -v load)" "$work/$name"

# shellcheck disable=SC2086 # arguments, not one word
ephemport stat $arguments --json --comm "$name" --backend "$backend" >"$work/stat" 2>"$work/notes" &
counter=$!
tries=200
until grep -q 'tracing with' "$work/notes"; do
	tries=$((tries - 1))
	if [ $tries -eq 0 ] || ! kill -0 $counter 2>/dev/null; then
		echo "stat did not start:"
		cat "$work/notes"
		exit 1
	fi
	sleep 0.1
done

# UDP-Lite's connect() is the one allocation that the tracepoint backend does not see by itself.
scenarios=$(load --list | awk '$1 !~ /knee/ { print $1 }')
if grep -q tracepoint "$work/notes"; then
	scenarios=$(echo "$scenarios" | grep -v '^udplite4_connect$')
fi
"$work/$name" --netns --log "$work/log" --range "$range" \
	--scenario "$(echo "$scenarios" | tr '\n' ',' | sed 's/,$//')" "$@" 2>"$work/said" || {
	echo "the load failed:"
	cat "$work/said"
	kill -INT $counter
	exit 1
}
kill -INT $counter
if ! wait $counter; then
	echo "stat ended badly:"
	cat "$work/notes"
	exit 1
fi

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
