#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Runs a command on a terminal of its own and types into it.

usage: run_terminal.py PATTERN KEYS COMMAND...

Waits for PATTERN in what the terminal shows, types KEYS (with escapes as in Python), goes on until
the terminal is closed, prints all that it showed and ends with the command's status.
"""
import os
import pty
import re
import select
import signal
import sys
import time

LIMIT = 60


def main():
    pattern = re.compile(sys.argv[1].encode())
    keys = sys.argv[2].encode().decode("unicode_escape").encode()
    pid, terminal = pty.fork()
    if not pid:
        os.execvp(sys.argv[3], sys.argv[3:])
    shown, typed, deadline = b"", False, time.monotonic() + LIMIT
    while time.monotonic() < deadline:
        if not select.select([terminal], [], [], 1)[0]:
            continue
        try:
            data = os.read(terminal, 4096)
        except OSError:
            break
        if not data:
            break
        shown += data
        if not typed and pattern.search(shown):
            os.write(terminal, keys)
            typed = True
    else:
        os.kill(pid, signal.SIGKILL)
    sys.stdout.buffer.write(shown)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) % 256


if __name__ == "__main__":
    sys.exit(main())
