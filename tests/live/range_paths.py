#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""usage: range_paths.py

Uses ranges up on every path, each row in a process of its own, and prints a line for each: its name,
pid, the number of ports, the errno at the end, and of which parity those were that came first: as
many as the smaller half ("mixed": both). For a network namespace of one's own with lo up.
"""
import errno
import os
import socket
import struct

IP_BIND_ADDRESS_NO_PORT = 24
IP_LOCAL_PORT_RANGE = 51
SYSCTL = "/proc/sys/net/ipv4/"
TARGETS = (81, 82)


def write(name, value):
    with open(SYSCTL + name, "w", encoding="ascii") as file:
        file.write(value + "\n")


class Taker:
    """One socket a call, kept."""

    def __init__(self, way, option=None, address="127.0.0.1", port=TARGETS[0]):
        self.way, self.option, self.address, self.port = way, option, address, port
        self.kept = []

    def __call__(self):
        family = socket.AF_INET6 if ":" in self.address else socket.AF_INET
        kind = socket.SOCK_DGRAM if self.way.startswith("udp") else socket.SOCK_STREAM
        taken = socket.socket(family, kind)
        self.kept.append(taken)
        if kind == socket.SOCK_STREAM:
            # Nothing in TIME_WAIT for the next row.
            taken.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        if self.option:
            low, high = self.option
            taken.setsockopt(socket.IPPROTO_IP, IP_LOCAL_PORT_RANGE,
                             struct.pack("=I", high << 16 | low))
        if self.way == "noport_connect":
            taken.setsockopt(socket.IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, 1)
        if self.way in ("bind_connect", "noport_connect", "udp_bind"):
            taken.bind((self.address, 0))
        if self.way == "udp_connect":
            # As if to many: 127.0.0.0/8 is all here.
            taken.connect((f"127.1.{len(self.kept) // 250}.{len(self.kept) % 250 + 1}", 9))
        elif self.way.endswith("connect"):
            taken.connect((self.address, self.port))
        elif self.way == "listen":
            taken.listen()
        return taken.getsockname()[1]


def use_up(*takers):
    """All ports that the takers get, one taker after the other, and the last error."""
    ports, error = [], 0
    for taker in takers:
        try:
            while True:
                ports.append(taker())
        except OSError as failed:
            error = failed.errno
    return ports, error


def first_parity(ports):
    first = {port % 2 for port in ports[: len(ports) // 2]}
    return "mixed" if len(first) != 1 else "odd" if first.pop() else "even"


def row(name, *takers, ports="40000 40099", reserved="", holders=()):
    pid = os.fork()
    if pid:
        os.waitpid(pid, 0)
        return
    # What nobody accepts fills up a queue: each row has its own.
    servers = [socket.create_server((address, port), family=family, backlog=1000)
               for port in TARGETS
               for address, family in (("127.0.0.1", socket.AF_INET), ("::1", socket.AF_INET6))]
    write("ip_local_port_range", ports)
    write("ip_local_reserved_ports", reserved)
    held = [socket.socket(socket.AF_INET, kind) for kind, _ in holders]
    for holder, (kind, port) in zip(held, holders):
        holder.bind(("127.0.0.2", port))
        if kind == socket.SOCK_STREAM:
            holder.listen()
    try:
        got, error = use_up(*takers)
    finally:
        write("ip_local_reserved_ports", "")
    for server in servers:
        server.close()
    if error == errno.ENOPROTOOPT:
        print(name, "skip", flush=True)
        os._exit(0)
    for _, port in holders:
        if port in got and holders[0][0] == socket.SOCK_STREAM:
            error = 0  # no row has that
    print(name, os.getpid(), len(got), errno.errorcode.get(error, 0), first_parity(got), flush=True)
    os._exit(0)


def main():
    tcp = [(socket.SOCK_STREAM, port) for port in (40010, 40033, 40077)]
    udp = [(socket.SOCK_DGRAM, port) for port in (40010, 40033, 40077)]
    connect, second = Taker("connect"), Taker("connect", port=TARGETS[1])
    row("connect", connect)
    row("connect_two", connect, second)
    row("connect_odd_low", connect, ports="40001 40100")
    row("connect_same_parity", connect, ports="40000 40100")
    row("bind", Taker("bind_connect"))
    row("bind_two", Taker("bind_connect"), Taker("bind_connect", port=TARGETS[1]))
    row("noport", Taker("noport_connect"))
    row("noport_two", Taker("noport_connect"), Taker("noport_connect", port=TARGETS[1]))
    row("option_inside", Taker("connect", (40020, 40029)))
    row("option_outside", Taker("connect", (30000, 30009)))
    row("option_partly", Taker("connect", (40090, 50000)))
    row("listen", Taker("listen"))
    row("udp_bind", Taker("udp_bind"))
    row("udp_connect", Taker("udp_connect"))
    row("reserved", connect, reserved="40010-40019")
    row("tcp_inside", connect, holders=tcp)
    row("udp_inside", connect, holders=udp)
    row("ipv6", Taker("connect", address="::1"))
    row("one_port", connect, ports="60000 60000")


main()
