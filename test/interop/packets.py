"""Packets: sealing and opening, numbers, the replay window, parts (docs/protocol.md, sections 11 and 12)."""

import hmac
import os
import zlib

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import padding
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

import cbor_strict
import shapes
from cbor_strict import Refused
from spake2plus import expand, mac, sha256

OTAKEYGEN, ITADMIN, CMIME, CICAL, SYNC, SERVICE_BOOK, ACK = range(1, 8)
TO_SERVER, TO_HANDHELD = 0, 1
COMPRESSED = 1
WINDOW = 1024
BLOCK = 64
CHUNK = 49152
UNCUT = 61440
PARTS_KEPT = 4 << 20
PARTS_LIFE = 7 * 86400


def direction_key(mk, direction):
    """S_dir."""
    return expand(mk, b"mdap1 dir s2d" if direction else b"mdap1 dir d2s", 32)


def seal(mk, suite, kid, direction, seq, ctype, content, flags=0, salt=None):
    """The bytes of a packet; content is compressed already if flags say so."""
    header = cbor_strict.encode([1, kid, direction, seq, salt or os.urandom(16), ctype, flags])
    secret = direction_key(mk, direction)
    info = b"mdap1 pkt" + sha256(header)
    if suite == 1:
        okm = expand(secret, info, 44)
        body = AESGCM(okm[:32]).encrypt(okm[32:], content, header)
    else:
        okm = expand(secret, info, 64)
        padder = padding.PKCS7(64).padder()
        cipher = Cipher(algorithms.TripleDES(okm[:24]), modes.CBC(okm[24:32])).encryptor()
        text = cipher.update(padder.update(content) + padder.finalize()) + cipher.finalize()
        body = text + mac(okm[32:], header, text)
    return cbor_strict.encode([header, body])


def unseal(mk, suite, header, body):
    """The content as it was sealed, or None if the packet does not authenticate."""
    direction = cbor_strict.decode(header)[2]
    secret = direction_key(mk, direction)
    info = b"mdap1 pkt" + sha256(header)
    if suite == 1:
        okm = expand(secret, info, 44)
        try:
            return AESGCM(okm[:32]).decrypt(okm[32:], body, header)
        except InvalidTag:
            return None
    okm = expand(secret, info, 64)
    text, tag = body[:-32], body[-32:]
    if len(body) < 40 or len(text) % 8 or not hmac.compare_digest(mac(okm[32:], header, text), tag):
        return None
    cipher = Cipher(algorithms.TripleDES(okm[:24]), modes.CBC(okm[24:32])).decryptor()
    unpadder = padding.PKCS7(64).unpadder()
    try:
        return unpadder.update(cipher.update(text) + cipher.finalize()) + unpadder.finalize()
    except ValueError:
        return None


def inflate(data):
    """Raw deflate undone, at most 1 MiB."""
    engine = zlib.decompressobj(-15)
    try:
        content = engine.decompress(data, shapes.PACKET_LIMIT + 1)
    except zlib.error as fault:
        raise Refused("bad_deflate", str(fault)) from None
    if len(content) > shapes.PACKET_LIMIT or not engine.eof or engine.unused_data:
        raise Refused("bad_deflate", "too long, cut short or with bytes left over")
    return content


def tag_of(header):
    """The tag by which an ACK names a packet."""
    return sha256(header)[:8]


def ack(kid, seq, tag, status, detail=None):
    """The content of an ACK."""
    return cbor_strict.encode([kid, seq, tag, status] + ([] if detail is None else [detail]))


class Numbers:
    """Numbers for packets, reserved in blocks: `saved` is a dict that the caller puts on disk before it sends."""

    def __init__(self, saved):
        self.saved = saved
        self.next = max(1, saved.get("reserved", 0))

    def take(self):
        """A number that was never given before; the dict may have changed."""
        if self.next >= self.saved.get("reserved", 0):
            self.saved["reserved"] = self.next + BLOCK
        self.next += 1
        return self.next - 1


class Window:
    """The numbers of one key that were seen, with the answers given. Kept in a dict fit for JSON."""

    def __init__(self, saved):
        self.saved = saved
        saved.setdefault("top", -1)
        saved.setdefault("marks", {})

    def look(self, seq, tag):
        """"new", "old" (to be dropped), or the answer given before as (status, detail); status None: no answer."""
        if seq > self.saved["top"]:
            return "new"
        if seq <= self.saved["top"] - WINDOW:
            return "old"
        mark = self.saved["marks"].get(str(seq))
        if mark is None:
            return "new"
        if mark["tag"] != tag.hex():
            return "old"
        return mark["status"], None if mark["detail"] is None else bytes.fromhex(mark["detail"])

    def mark(self, seq, tag, status=None, detail=None):
        """Remember a number and the answer."""
        self.saved["top"] = max(self.saved["top"], seq)
        self.saved["marks"][str(seq)] = {"tag": tag.hex(), "status": status,
                                         "detail": None if detail is None else detail.hex()}
        for number in [n for n in self.saved["marks"] if int(n) <= self.saved["top"] - WINDOW]:
            del self.saved["marks"][number]


def payloads(packet):
    """A packet as payloads: one, or its parts."""
    whole = cbor_strict.encode([5, packet])
    if len(whole) <= UNCUT:
        return [whole]
    name, count = sha256(packet)[:16], -(-len(packet) // CHUNK)
    return [cbor_strict.encode([7, cbor_strict.encode([name, i, count, packet[i * CHUNK:(i + 1) * CHUNK]])])
            for i in range(count)]


class Parts:
    """Incomplete sets of parts, per sender. Kept in a dict fit for JSON."""

    def __init__(self, saved):
        self.saved = saved

    def add(self, sender, part, now):
        """Take a part ([id, index, count, chunk]); the whole packet if this was the last one, else None."""
        name, index, count, chunk = part
        self.expire(now)
        sets = self.saved.setdefault(sender, {})
        one = sets.setdefault(name.hex(), {"count": count, "since": now, "chunks": {}})
        if one["count"] != count or one["chunks"].get(str(index), chunk.hex()) != chunk.hex():
            del sets[name.hex()]
            return None
        one["chunks"][str(index)] = chunk.hex()
        if len(one["chunks"]) == count:
            del sets[name.hex()]
            packet = b"".join(bytes.fromhex(one["chunks"][str(i)]) for i in range(count))
            return packet if sha256(packet)[:16] == name and len(packet) <= shapes.PACKET_LIMIT else None
        while sum(len(c) // 2 for s in sets.values() for c in s["chunks"].values()) > PARTS_KEPT:
            del sets[min(sets, key=lambda key: sets[key]["since"])]
        return None

    def expire(self, now):
        """Forget sets that are too old."""
        for sets in self.saved.values():
            for name in [n for n, one in sets.items() if now - one["since"] > PARTS_LIFE]:
                del sets[name]
