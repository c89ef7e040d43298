"""CBOR in the core deterministic encoding, read and written strictly (docs/protocol.md, section 6).

Only what MDAP/1 uses: integers within +-(2^53 - 1), byte strings, texts, arrays, maps with integer or text keys,
true, false and null. They are Python's int, bytes, str, list, dict, bool and None.
"""

LARGEST = 2**53 - 1
DEEPEST = 16


class Refused(Exception):
    """Bytes that must not be accepted; `fault` names the reason with one word."""

    def __init__(self, fault, words=""):
        super().__init__(f"{fault}: {words}" if words else fault)
        self.fault = fault


def encode(value):
    """The one encoding of a value."""
    if value is None:
        return b"\xf6"
    if isinstance(value, bool):
        return b"\xf5" if value else b"\xf4"
    if isinstance(value, int):
        if abs(value) > LARGEST:
            raise ValueError("integer too large")
        return _head(0, value) if value >= 0 else _head(1, -1 - value)
    if isinstance(value, bytes):
        return _head(2, len(value)) + value
    if isinstance(value, str):
        utf8 = value.encode()
        return _head(3, len(utf8)) + utf8
    if isinstance(value, (list, tuple)):
        return _head(4, len(value)) + b"".join(encode(item) for item in value)
    if isinstance(value, dict):
        pairs = sorted((encode(key), encode(item)) for key, item in value.items())
        return _head(5, len(pairs)) + b"".join(key + item for key, item in pairs)
    raise TypeError(f"no CBOR for {type(value).__name__}")


def decode(data, limit=None):
    """The value in data, which must be its one encoding and nothing more."""
    if limit is not None and len(data) > limit:
        raise Refused("too_big", f"{len(data)} bytes, at most {limit}")
    value, end = _item(bytes(data), 0, 0)
    if end != len(data):
        raise Refused("bad_cbor", "bytes left over")
    return value


def _head(major, number):
    if number < 24:
        return bytes([major << 5 | number])
    for code, size in ((24, 1), (25, 2), (26, 4), (27, 8)):
        if number < 1 << 8 * size:
            return bytes([major << 5 | code]) + number.to_bytes(size, "big")
    raise ValueError("number too large")


def _take(data, at, size):
    if size > len(data) - at:
        raise Refused("bad_cbor", "cut short")
    return data[at:at + size], at + size


def _number(data, at, low):
    """The number in or after a first byte whose low five bits are given."""
    if low < 24:
        return low, at
    if low == 31:
        raise Refused("not_deterministic", "indefinite length")
    if low > 27:
        raise Refused("bad_cbor", "reserved length")
    raw, at = _take(data, at, 1 << (low - 24))
    number = int.from_bytes(raw, "big")
    if number < (24, 1 << 8, 1 << 16, 1 << 32)[low - 24]:
        raise Refused("not_deterministic", "not the shortest form")
    return number, at


def _item(data, at, depth):
    first, at = _take(data, at, 1)
    major, low = first[0] >> 5, first[0] & 31
    if major == 7:
        if first not in (b"\xf4", b"\xf5", b"\xf6"):
            raise Refused("bad_cbor", "float, undefined or another simple value")
        return {0xF4: False, 0xF5: True, 0xF6: None}[first[0]], at
    if major == 6:
        raise Refused("bad_cbor", "tag")
    if major < 2 and low == 31:
        raise Refused("bad_cbor", "integer without end")
    number, at = _number(data, at, low)
    if major < 2:
        if number > LARGEST - major:
            raise Refused("bad_cbor", "integer too large")
        return (number if major == 0 else -1 - number), at
    if major == 2:
        return _take(data, at, number)
    if major == 3:
        return _text(data, at, number)
    if depth == DEEPEST:
        raise Refused("too_deep")
    if number > len(data) - at:
        raise Refused("bad_cbor", "more items announced than there are bytes")
    return (_array if major == 4 else _map)(data, at, number, depth + 1)


def _text(data, at, size):
    raw, at = _take(data, at, size)
    try:
        return raw.decode("utf-8"), at
    except UnicodeDecodeError:
        raise Refused("bad_cbor", "text is not UTF-8") from None


def _array(data, at, count, depth):
    items = []
    for _ in range(count):
        item, at = _item(data, at, depth)
        items.append(item)
    return items, at


def _map(data, at, count, depth):
    result, before = {}, b""
    for _ in range(count):
        start = at
        if at < len(data) and data[at] >> 5 not in (0, 1, 3):
            raise Refused("bad_cbor", "key is neither integer nor text")
        key, at = _item(data, at, depth)
        if data[start:at] <= before:
            raise Refused("not_deterministic", "keys twice or out of order")
        before = data[start:at]
        result[key], at = _item(data, at, depth)
    return result, at
