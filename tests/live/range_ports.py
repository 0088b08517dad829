#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""usage: range_ports.py WAY:N...

Takes N ports on each way (connect, listen, bind, autobind; named: of the caller's choice from 33333
on; option: bind under IP_LOCAL_PORT_RANGE 40010-40012) and prints each as getsockname() tells it.
connect needs the server that the way server:PORT starts.
"""
import socket
import struct
import sys

IP_BIND_ADDRESS_NO_PORT = 24
IP_LOCAL_PORT_RANGE = 51


def take(way, number, server):
    kind = socket.SOCK_DGRAM if way == "autobind" else socket.SOCK_STREAM
    taken = socket.socket(socket.AF_INET, kind)
    if way == "connect":
        taken.connect(server)
    elif way == "listen":
        taken.setsockopt(socket.IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, 1)
        taken.bind(("127.0.0.1", 0))
        taken.listen()
    elif way == "autobind":
        taken.connect(("127.0.0.1", 9))
    elif way == "named":
        taken.bind(("127.0.0.1", 33333 + number))
    else:
        if way == "option":
            option = struct.pack("=I", 40012 << 16 | 40010)
            taken.setsockopt(socket.IPPROTO_IP, IP_LOCAL_PORT_RANGE, option)
        taken.bind(("127.0.0.1", 0))
    return taken


def main():
    kept = []
    server = None
    for word in sys.argv[1:]:
        way, number = word.split(":")
        if way == "server":
            kept.append(socket.create_server(("127.0.0.1", int(number)), backlog=1000))
            server = kept[-1].getsockname()
            continue
        for i in range(int(number)):
            try:
                kept.append(take(way, i, server))
            except OSError as error:
                print(way, "failed", error.errno)
                continue
            print(way, kept[-1].getsockname()[1])


main()
