# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# private: runs the script on standard input in namespaces of its own, see range_private.bash.

bats_require_minimum_version 1.5.0

setup_file()
{
	EPHEMPORT=$(realpath "${EPHEMPORT:-$BATS_TEST_DIRNAME/../../ephemport}")
	CORPUS=$(realpath "$BATS_TEST_DIRNAME/../fuzz/corpus/import")
	LIVE=$(realpath "$BATS_TEST_DIRNAME")
	export EPHEMPORT CORPUS LIVE
}

# bats honours a skip in a test, not in setup_file().
needs_namespaces()
{
	unshare -nm true 2>/dev/null || skip "namespaces cannot be made here: $(unshare -nm true 2>&1)"
}

# shellcheck disable=SC2154 # run sets them
private()
{
	needs_namespaces
	run unshare -nm --propagation private bash "$LIVE/range_private.bash"
	echo "$output"
	((status == 0))
}

# The same with process 1 and /proc of its own, as at a boot.
# shellcheck disable=SC2154
private_boot()
{
	needs_namespaces
	run unshare -nmpf --mount-proc --propagation private bash "$LIVE/range_private.bash"
	echo "$output"
	((status == 0))
}

strace_works()
{
	command -v strace >/dev/null && strace -f -o /dev/null -e inject=fsync:error=EIO true
}

# Leaves the library of fault.c in $FAULT.
fault_build()
{
	FAULT=$BATS_FILE_TMPDIR/fault.so
	[[ -e $FAULT ]] || cc -shared -fPIC -O1 -Wall -Wextra -Werror -o "$FAULT" "$LIVE/fault.c" ||
		skip "there is no C compiler"
	export FAULT
}
