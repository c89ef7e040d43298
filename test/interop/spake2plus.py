"""SPAKE2+ (RFC 9383) over P-256 with SHA-256, HKDF and HMAC, with the arithmetic it needs.

The arithmetic is plain and its time depends on the numbers: good for tests, not for a product.
"""

import hashlib
import hmac
import secrets

P = 2**256 - 2**224 + 2**192 + 2**96 - 1
ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
_B = 0x5AC635D8AA3A93E7B3EBBD55769886BC651D06B0CC53B0F63BCE3C3E27D2604B

INFINITY = None
G = (0x6B17D1F2E12C4247F8BCE6E563A440F277037D812DEB33A0F4A13945D898C296,
     0x4FE342E2FE1A7F9B8EE7EB4A7C0F9E162BCE33576B315ECECBB6406837BF51F5)


class BadPoint(ValueError):
    """A share that must be refused, or a result at infinity."""


def _decompress(text):
    raw = bytes.fromhex(text)
    x = int.from_bytes(raw[1:], "big")
    y = pow(x**3 - 3 * x + _B, (P + 1) // 4, P)
    return x, (y if y % 2 == raw[0] % 2 else P - y)


M = _decompress("02886e2f97ace46e55ba9dd7242579f2993b64e16ef3dcab95afd497333d8fa12f")
N = _decompress("03d8bbd6c639c62937b04d997f38c3770719c629d7014d49a24b4f98baa1292b49")


def add(a, b):
    """The sum of two points."""
    if a is INFINITY:
        return b
    if b is INFINITY:
        return a
    if a[0] == b[0]:
        if (a[1] + b[1]) % P == 0:
            return INFINITY
        slope = (3 * a[0] * a[0] - 3) * pow(2 * a[1], -1, P) % P
    else:
        slope = (b[1] - a[1]) * pow(b[0] - a[0], -1, P) % P
    x = (slope * slope - a[0] - b[0]) % P
    return x, (slope * (a[0] - x) - a[1]) % P


def negative(a):
    """The point that adds up to infinity with a."""
    return INFINITY if a is INFINITY else (a[0], -a[1] % P)


def multiply(k, a):
    """k times a point."""
    result = INFINITY
    for bit in bin(k % ORDER)[2:]:
        result = add(result, result)
        if bit == "1":
            result = add(result, a)
    return result


def to_bytes(a):
    """A point as 65 bytes."""
    if a is INFINITY:
        raise BadPoint("point at infinity")
    return b"\x04" + a[0].to_bytes(32, "big") + a[1].to_bytes(32, "big")


def from_bytes(raw):
    """A point received: uncompressed, reduced, on the curve."""
    if len(raw) != 65 or raw[0] != 4:
        raise BadPoint("not 65 bytes that begin with 04")
    x, y = int.from_bytes(raw[1:33], "big"), int.from_bytes(raw[33:], "big")
    if x >= P or y >= P or (y * y - x**3 + 3 * x - _B) % P:
        raise BadPoint("not on the curve")
    return x, y


def lv(data):
    """Length as 8 bytes little-endian, then the data."""
    return len(data).to_bytes(8, "little") + data


def sha256(*parts):
    """SHA-256 of the parts, joined."""
    return hashlib.sha256(b"".join(parts)).digest()


def mac(key, *parts):
    """HMAC-SHA256 of the parts, joined."""
    return hmac.new(key, b"".join(parts), hashlib.sha256).digest()


def extract(salt, ikm):
    """HKDF-Extract; an empty salt stands for 32 zero bytes, as HMAC pads its key."""
    return mac(salt, ikm)


def expand(prk, info, size):
    """HKDF-Expand."""
    out, block = b"", b""
    for count in range(1, -(-size // 32) + 1):
        block = mac(prk, block, info, bytes([count]))
        out += block
    return out[:size]


def random_scalar():
    """A uniform number in 1..n-1."""
    return secrets.randbelow(ORDER - 1) + 1


def share_p(x, w0):
    """The prover's share X, as bytes."""
    return to_bytes(add(multiply(x, G), multiply(w0, M)))


def share_v(y, w0):
    """The verifier's share Y, as bytes."""
    return to_bytes(add(multiply(y, G), multiply(w0, N)))


def prover_results(x, w0, w1, share):
    """Z and V, by the prover from the verifier's share."""
    point = add(from_bytes(share), negative(multiply(w0, N)))
    return to_bytes(multiply(x, point)), to_bytes(multiply(w1, point))


def verifier_results(y, w0, record, share):
    """Z and V, by the verifier from the prover's share; record is L."""
    point = add(from_bytes(share), negative(multiply(w0, M)))
    if point is INFINITY:
        raise BadPoint("point at infinity")
    return to_bytes(multiply(y, point)), to_bytes(multiply(y, from_bytes(record)))


def transcript(context, prover, verifier, share_of_p, share_of_v, z, v, w0):
    """TT."""
    parts = (context, prover, verifier, to_bytes(M), to_bytes(N), share_of_p, share_of_v, z, v, w0.to_bytes(32, "big"))
    return b"".join(lv(part) for part in parts)


def keys(tt, share_of_p, share_of_v):
    """What follows from TT: K_main, K_confirmP, K_confirmV, K_shared, confirmP, confirmV."""
    main = sha256(tt)
    prk = extract(b"", main)
    confirmation = expand(prk, b"ConfirmationKeys", 64)
    return {
        "K_main": main,
        "K_confirmP": confirmation[:32],
        "K_confirmV": confirmation[32:],
        "K_shared": expand(prk, b"SharedKey", 32),
        "confirmP": mac(confirmation[:32], share_of_v),
        "confirmV": mac(confirmation[32:], share_of_p),
    }
