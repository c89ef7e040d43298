"""The line to the relay: WebSocket over TLS, log-in, reconnecting (docs/protocol.md, section 16)."""

import asyncio
import os
import random
import ssl
import urllib.parse

import websockets
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

import cbor_strict
import shapes
from cbor_strict import Refused

PATH = "/mdap1/device"
SUBPROTOCOL = "mdap1"
LOG_IN_TIME = 15
SLOWEST = 300
ON_A_PERSONS_WORD = (4403, 4404, 4409, 4426)


def public_key(seed):
    """The 32 bytes of the public key of an Ed25519 seed."""
    return Ed25519PrivateKey.from_private_bytes(seed).public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)


def signature(seed, relay_id, pin, nd, nr):
    """The signature of a handheld's log-in."""
    signed = b"mdap1 dev\0" + cbor_strict.encode([relay_id, pin, nd, nr])
    return Ed25519PrivateKey.from_private_bytes(seed).sign(signed)


def device_url(url):
    """The address to dial; plain ws:// is for loopback only."""
    parts = urllib.parse.urlsplit(url)
    if parts.scheme not in ("wss", "ws") or not parts.hostname:
        raise ValueError("the relay's URL begins with wss://")
    if parts.scheme == "ws" and parts.hostname not in ("localhost", "127.0.0.1", "::1"):
        raise ValueError("ws:// is for loopback only")
    return parts._replace(path=parts.path.rstrip("/") or PATH, query="", fragment="").geturl()


class LogInFailed(Exception):
    """The relay did not log us in as it should; `code` closes the line."""

    def __init__(self, words, code):
        super().__init__(words)
        self.code = code


class Session:
    """One logged-in line."""

    def __init__(self, socket):
        self.socket = socket

    async def send(self, frame):
        """Send a frame; on a broken line it is lost, which the log-in after makes good."""
        try:
            await self.socket.send(cbor_strict.encode(frame))
        except websockets.ConnectionClosed:
            pass

    async def close(self, code=1000):
        """End the line."""
        await self.socket.close(code)


class Link:
    """Keeps a line up and puts what happens into `events`, in order, as tuples:

    ("up", session, [4]), ("frame", session, bytes), ("down", session, close code), ("failed", None, reason),
    ("untrusted", None, reason), ("refused", None, close code), ("stopped", None, close code).
    """

    def __init__(self, url, relay_id, ca_file, identity):
        """identity() gives (seed, PIN or None, certificate or None) at each log-in."""
        self.url = device_url(url)
        self.relay_id = relay_id
        self.identity = identity
        self.events = asyncio.Queue()
        self.tls = None
        if self.url.startswith("wss:"):
            self.tls = ssl.create_default_context(cafile=ca_file)
            self.tls.minimum_version = ssl.TLSVersion.TLSv1_2

    async def run(self):
        """Dial, log in, read, again and again."""
        loop = asyncio.get_running_loop()
        delay, with_certificate = 1, False
        while True:
            began, code = loop.time(), None
            try:
                code = await self._one_line(with_certificate)
            except ssl.SSLCertVerificationError as fault:
                self._tell("untrusted", None, fault.verify_message)
            except (OSError, asyncio.TimeoutError, LogInFailed, websockets.InvalidHandshake) as fault:
                self._tell("failed", None, f"{type(fault).__name__}: {fault}")

            if code == 4404 and not with_certificate and self.identity()[2]:
                with_certificate = True
                continue
            if code in ON_A_PERSONS_WORD:
                self._tell("stopped", None, code)
                return
            with_certificate = False
            if loop.time() - began >= 60:
                delay = 1
            if code in (1001, 1012):
                await asyncio.sleep(random.uniform(0, 30))
            else:
                await asyncio.sleep(delay * random.uniform(0.5, 1.5))
                delay = min(2 * delay, SLOWEST)

    async def _one_line(self, with_certificate):
        """One line from dialling to its end: the close code."""
        socket = await self._dial()
        try:
            try:
                welcome = await asyncio.wait_for(self._log_in(socket, with_certificate), LOG_IN_TIME)
            except LogInFailed as fault:
                await socket.close(fault.code)
                raise
            except websockets.ConnectionClosed as closed:
                code = _close_code(closed)
                self._tell("refused", None, code)
                return code
            session = Session(socket)
            self._tell("up", session, welcome)
            code = await self._read(socket, session)
            self._tell("down", session, code)
            return code
        finally:
            await socket.close()

    def _tell(self, *event):
        self.events.put_nowait(event)

    async def _dial(self):
        socket = await websockets.connect(
            self.url, ssl=self.tls, subprotocols=[SUBPROTOCOL], compression=None, max_size=shapes.FRAME_LIMIT,
            open_timeout=LOG_IN_TIME, ping_interval=45, ping_timeout=30, close_timeout=5)
        if socket.subprotocol != SUBPROTOCOL:
            await socket.close(1002)
            raise websockets.InvalidHandshake("the relay does not speak the subprotocol")
        return socket

    async def _log_in(self, socket, with_certificate):
        seed, pin, certificate = self.identity()
        nd = os.urandom(32)
        hello = [1, 1, pin, public_key(seed), nd]
        await socket.send(cbor_strict.encode(hello + ([certificate] if with_certificate else [])))
        _, relay_id, nr = await self._expect(socket, 2)
        if relay_id != self.relay_id:
            raise LogInFailed(f"this is the relay {relay_id}", 1000)
        await socket.send(cbor_strict.encode([3, signature(seed, relay_id, pin, nd, nr)]))
        welcome = await self._expect(socket, 4)
        if pin is not None and welcome[1] != pin:
            raise LogInFailed("the relay gave another PIN", 4400)
        return welcome

    async def _expect(self, socket, number):
        data = await socket.recv()
        try:
            if isinstance(data, str):
                raise Refused("text")
            frame = shapes.frame(data)
            if frame[0] != number:
                raise Refused("unexpected", f"frame {frame[0]}")
        except Refused as fault:
            raise LogInFailed(f"log-in: {fault}", 1003 if isinstance(data, str) else 4400) from None
        return frame

    async def _read(self, socket, session):
        try:
            while True:
                data = await socket.recv()
                if isinstance(data, str):
                    await socket.close(1003)
                    return 1003
                self._tell("frame", session, data)
        except websockets.ConnectionClosed as closed:
            return _close_code(closed)


def _close_code(closed):
    """The code with which a line ended; 1006 if it just broke."""
    frame = closed.rcvd or closed.sent
    return frame.code if frame else 1006
