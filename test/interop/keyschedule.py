"""From password to master key: registration values, transcript hashes, boxes (docs/protocol.md, sections 5, 9, 10)."""

import hashlib
import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

import spake2plus
from spake2plus import expand, extract, lv, sha256

PROFILE = 1


def kdf_salt(email, profile=PROFILE):
    """The salt of the password's stretching."""
    return sha256(b"mdap1 salt", bytes([profile]), email.encode())


def stretch(password, email):
    """The 80 bytes that scrypt makes of a canonical password and address."""
    return hashlib.scrypt(lv(password.encode()) + lv(email.encode()) + lv(b""), salt=kdf_salt(email),
                          n=2**15, r=8, p=1, dklen=80, maxmem=64 * 2**20)


def scalars(okm):
    """w0 and w1."""
    w0 = int.from_bytes(okm[:40], "big") % spake2plus.ORDER
    w1 = int.from_bytes(okm[40:], "big") % spake2plus.ORDER
    if not w0 or not w1:
        raise ValueError("this password cannot be used")
    return w0, w1


def context(body, m2):
    """The Context of the transcript."""
    return b"mdap1 spake2+\0" + sha256(body) + sha256(m2)


def id_prover(email, pin):
    """The prover's name in the transcript."""
    return email.encode() + b"\0" + pin.encode()


class Handshake:
    """The keys of one run. th3 and what needs it come with `with_m3`, th4 with `with_m4`."""

    def __init__(self, body, m2, k_shared):
        self.th = sha256(sha256(body), sha256(m2))
        self.prk = extract(sha256(b"mdap1 act"), k_shared)
        self.k_d2s = expand(self.prk, b"mdap1 hs d2s" + self.th, 32)
        self.k_s2d = expand(self.prk, b"mdap1 hs s2d" + self.th, 32)

    def seal_m3(self, device_info, nonce=None):
        """Key 4 of M3."""
        return seal(self.k_d2s, device_info, b"mdap1 m3" + self.th, nonce)

    def open_m3(self, box):
        """The device-info in M3, or None."""
        return unseal(self.k_d2s, box, b"mdap1 m3" + self.th)

    def th3(self, m3):
        """The transcript hash with M3."""
        return sha256(self.th, sha256(m3))

    def master_key(self, suite, kid, th3):
        """MK."""
        return expand(self.prk, b"mdap1 mk" + bytes([suite]) + kid.to_bytes(4, "big") + th3, 32)


def seal_m4(k_s2d, th3, server_info, nonce=None):
    """Key 4 of M4."""
    return seal(k_s2d, server_info, b"mdap1 m4" + th3, nonce)


def open_m4(k_s2d, th3, box):
    """The server-info in M4, or None."""
    return unseal(k_s2d, box, b"mdap1 m4" + th3)


def th4(th3, m4):
    """The transcript hash with M4, which the key checks carry."""
    return sha256(th3, sha256(m4))


def seal(key, plain, aad, nonce=None):
    """Nonce, ciphertext, tag."""
    nonce = nonce or os.urandom(12)
    return nonce + AESGCM(key).encrypt(nonce, plain, aad)


def unseal(key, box, aad):
    """The content of a box, or None if it does not open."""
    try:
        return AESGCM(key).decrypt(box[:12], box[12:], aad)
    except InvalidTag:
        return None
