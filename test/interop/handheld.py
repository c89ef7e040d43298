#!/usr/bin/python3
"""A handheld for MDAP/1: activates itself at a Postkey server through a relay.

Prints one JSON line for each text a handheld would show, and a last one with the outcome.
"""

import argparse
import asyncio
import json
import sys
import time

import canonical
from cbor_strict import Refused
from machine import Machine, Wish
from relay import Link
from store import Store

OFFERS = {"aes": [1], "3des": [2], "both": [1, 2]}


def say(**line):
    """One line of JSON, at once."""
    print(json.dumps(line, ensure_ascii=False), flush=True)


def arguments():
    """What was asked for on the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    activate = commands.add_parser("activate", help="activate this handheld, or go on with an activation")
    activate.add_argument("--relay-url", required=True, help="wss://host:port")
    activate.add_argument("--relay-id", required=True)
    activate.add_argument("--ca", required=True, help="the relay's CA certificate, PEM: the only trust root")
    activate.add_argument("--email", required=True)
    activate.add_argument("--password-file", required=True)
    activate.add_argument("--suite", choices=sorted(OFFERS), default="both")
    activate.add_argument("--state", required=True, help="file that holds identity, keys and the run; made if missing")
    activate.add_argument("--timeout", type=float, default=600, help="seconds; the run stays in the state file")
    activate.add_argument("--anyway", action="store_true", help="try although E23 advises against it")
    activate.add_argument("--patient", action="store_true", help="an error before M2 is shown and does not end the run")
    activate.add_argument("--anew", action="store_true", help="begin a new run even if the state file holds one")
    return parser.parse_args()


def wish_of(options):
    """The arguments as the machine wants them; ValueError with words if they cannot be used."""
    with open(options.password_file, encoding="utf-8") as file:
        password = canonical.password(file.read())
    if not password:
        raise ValueError("the password is empty")
    if not canonical.is_domain(options.relay_id, 64):
        raise ValueError("the relay id is no DNS name of lower-case A-labels")
    return Wish(email=canonical.email(options.email), password=password, offer=OFFERS[options.suite],
                relay_id=options.relay_id, anyway=options.anyway, patient=options.patient, anew=options.anew)


async def run(machine, link, timeout):
    """Drive the machine with what happens on the line until it has an outcome."""
    deadline = time.monotonic() + timeout
    session = None
    dialling = asyncio.create_task(link.run())
    try:
        while True:
            wait = machine.tick()
            await flush(machine, session)
            if machine.outcome:
                break
            left = deadline - time.monotonic()
            if left <= 0:
                machine.timed_out()
                break
            try:
                event = await asyncio.wait_for(link.events.get(), left if wait is None else min(wait, left))
            except asyncio.TimeoutError:
                if dialling.done():
                    dialling.result()
                continue
            session = await handle(machine, event, session)
            await flush(machine, session)
    finally:
        dialling.cancel()
        await asyncio.gather(dialling, return_exceptions=True)
        if session:
            await session.close()


async def handle(machine, event, session):
    """One event of the line; the session that is up afterwards."""
    kind, its_session, value = event
    if kind == "up":
        machine.logged_in(value)
        return its_session
    if kind == "frame":
        try:
            machine.frame(value)
        except Refused as fault:
            print(f"frame refused: {fault}", file=sys.stderr)
            machine.outbox.clear()
            await its_session.close(4400)
        return session
    if kind == "untrusted":
        machine.untrusted()
    elif kind in ("down", "refused"):
        machine.disconnected()
        machine.refused(value, for_good=False)
    elif kind == "stopped":
        machine.refused(value, for_good=True)
    else:
        machine.disconnected()
    print(f"line: {kind} {value}", file=sys.stderr)
    return None


async def flush(machine, session):
    """Send what the machine put out."""
    frames, machine.outbox = machine.outbox, []
    for frame in frames if session else []:
        await session.send(frame)


def main():
    """The program: exit status 0 on Activation Complete, 1 on any other end, 2 if it could not begin."""
    options = arguments()
    try:
        wish = wish_of(options)
        store = Store(options.state)
        if store.data.get("relay", {}).get("id", wish.relay_id) != wish.relay_id:
            raise ValueError("the state file belongs to another relay")
        machine = Machine(store, wish, lambda text: say(shown=text))
        link = Link(options.relay_url, wish.relay_id, options.ca, machine.identity)
    except (ValueError, OSError) as fault:
        say(ok=False, code=None, reason=str(fault))
        return 2
    machine.begin()
    if not machine.outcome:
        asyncio.run(run(machine, link, options.timeout))
    say(**machine.outcome)
    return 0 if machine.outcome["ok"] else 1


if __name__ == "__main__":
    sys.exit(main())
