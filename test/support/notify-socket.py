"""Listens as a service manager does (sd_notify(3)) and prints each message as one JSON list of its assignments.

notify-socket.py PATH. The descriptor that comes with BARRIER=1 is closed, which tells the sender that its messages
were read. Ends when standard input ends.
"""
import json
import os
import selectors
import socket
import sys


def take(listener):
    data, descriptors, _flags, _sender = socket.recv_fds(listener, 65536, 16)
    for descriptor in descriptors:
        os.close(descriptor)
    lines = [line for line in data.decode().split("\n") if line]
    if lines and lines != ["BARRIER=1"]:
        print(json.dumps(lines), flush=True)


def main():
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    listener.bind(sys.argv[1])
    print(json.dumps(["LISTENING"]), flush=True)
    with selectors.DefaultSelector() as selector:
        selector.register(listener, selectors.EVENT_READ)
        selector.register(sys.stdin, selectors.EVENT_READ)
        while True:
            for key, _events in selector.select():
                if key.fileobj is sys.stdin:
                    return
                take(listener)


main()
