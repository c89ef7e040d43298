"""The grammar of docs/protocol.cddl as checks: each takes a decoded value and gives it back, or raises Refused.

`DECODERS` maps the names of structures to functions from bytes to values. Frames and payloads come as lists, the
maps as dicts with the grammar's integer keys.
"""

import re

import canonical
import cbor_strict
from cbor_strict import LARGEST, Refused

FILE_MAGIC = bytes.fromhex("d9d9f784684d4441502d455450")
PACKET_LIMIT = 1 << 20
FRAME_LIMIT = 65536
PAYLOAD_LIMIT = 65000


# ---- building blocks ----------------------------------------------------------------------------------------

def _kind(value, kind, name):
    if type(value) is not kind:
        raise Refused("wrong_shape", f"not {name}")


def whole(low=0, high=LARGEST):
    """An integer within bounds."""
    def check(value):
        _kind(value, int, "an integer")
        if not low <= value <= high:
            raise Refused("out_of_range", f"{value} is not within {low} to {high}")
        return value
    return check


def blob(low, high=None):
    """A byte string with a length within bounds (one number: exactly that)."""
    high = low if high is None else high

    def check(value):
        _kind(value, bytes, "a byte string")
        if not low <= len(value) <= high:
            raise Refused("out_of_range", f"{len(value)} bytes")
        return value
    return check


def text(low=0, high=LARGEST, test=None):
    """A text with a size in bytes within bounds, and perhaps a test to pass."""
    def check(value):
        _kind(value, str, "a text")
        if not low <= len(value.encode()) <= high or (test and not test(value)):
            raise Refused("out_of_range", "text")
        return value
    return check


def array_of(item, low=0, high=LARGEST):
    """An array of like elements."""
    def check(value):
        _kind(value, list, "an array")
        if not low <= len(value) <= high:
            raise Refused("out_of_range", f"{len(value)} elements")
        return [item(one) for one in value]
    return check


def array(*items, optional=0):
    """An array with just these elements, of which the last ones may be missing."""
    def check(value):
        _kind(value, list, "an array")
        if len(value) > len(items):
            raise Refused("wrong_shape", "too many elements")
        if len(value) < len(items) - optional:
            raise Refused("missing_field", "too few elements")
        return [item(one) for item, one in zip(items, value)]
    return check


def record(fields, optional=(), extensible=True):
    """A map with `* ext-key => any`, or (not extensible) with `* option-key => any`."""
    def check(value):
        _kind(value, dict, "a map")
        for key, item in fields.items():
            if key in value:
                item(value[key])
            elif key not in optional:
                raise Refused("missing_field", f"key {key}")
        for key in value:
            if key not in fields and (type(key) is not int or (extensible and key < 32)):
                raise Refused("unknown_field", f"key {key!r}")
        return value
    return check


def options(fields):
    """A map of options that may all be missing."""
    return record(fields, optional=tuple(fields), extensible=False)


def boolean(value):
    """True or false."""
    _kind(value, bool, "a boolean")
    return value


def or_null(check):
    """Null, or what the check takes."""
    return lambda value: None if value is None else check(value)


def version(value):
    """The number 1."""
    _kind(value, int, "a version")
    if value != 1:
        raise Refused("bad_version", str(value))
    return value


def constant(number):
    """Just this number."""
    return whole(number, number)


def either(*kinds):
    """A value of one of several types, each given as (type, check)."""
    def check(value):
        for kind, test in kinds:
            if type(value) is kind:
                return test(value)
        raise Refused("wrong_shape", f"no {type(value).__name__} here")
    return check


def unique(check):
    """An array without repeats."""
    def test(value):
        if len(set(check(value))) != len(value):
            raise Refused("out_of_range", "an element twice")
        return value
    return test


# ---- common -------------------------------------------------------------------------------------------------

b8, b16, b32, b44, b64, pt65 = (blob(size) for size in (8, 16, 32, 44, 64, 65))
byte = whole(0, 255)
kid = whole(1, 2**32 - 1)
unix = whole()
srp = text(test=re.compile(r"S[0-9]{8}", re.ASCII).fullmatch)
pin = text(test=re.compile(r"[0-9A-F]{8}", re.ASCII).fullmatch)
relay_id = text(1, 64, lambda value: canonical.is_domain(value, 64))
domain_name = text(1, 253, canonical.is_domain)
mail = text(3, 254, canonical.is_email)


# ---- the file -----------------------------------------------------------------------------------------------

ETP_BODY = record({1: version, 2: b16, 3: mail, 4: relay_id, 5: unix, 6: whole(0, 172800), 7: byte, 8: pt65,
                   9: unique(array_of(byte, 1, 8)), 10: blob(1184)}, optional=(10,))
ETP_RELAY = record({1: relay_id, 2: unix, 3: b44})


def etp_file(data):
    """ETP.DAT as [magic, body, relay part, seal]; body and relay part stay bytes."""
    if len(data) > 16384:
        raise Refused("too_big")
    if data[:13] != FILE_MAGIC:
        raise Refused("bad_magic")
    return array(text(), blob(1, 4096), blob(1, 16384), b64)(cbor_strict.decode(data[3:]))


# ---- payloads -----------------------------------------------------------------------------------------------

M2 = record({1: version, 2: b16, 3: srp, 4: byte, 5: pt65, 6: blob(1088), 7: kid, 8: unix}, optional=(6,))
M3 = record({1: version, 2: b16, 3: b32, 4: blob(28, 8192)})
M4 = record({1: version, 2: b16, 3: b32, 4: blob(28, 32768)})
DEVICE_INFO = record({1: pin, 2: text(0, 64), 3: text(0, 64), 4: text(0, 64), 5: b32})
SERVER_INFO = record({1: text(0, 128), 2: blob(1, 16384), 3: unix, 4: blob(1, 16384)}, optional=(4,))
ERROR = record({1: version, 2: b16, 3: byte, 4: byte, 5: kid}, optional=(2, 4, 5))
PAYLOAD_KINDS = (2, 3, 4, 5, 7, 9)


def payload(data):
    """A payload as [kind, bytes]."""
    value = cbor_strict.decode(data, PAYLOAD_LIMIT)
    _kind(value, list, "an array")
    if len(value) != 2 or type(value[0]) is not int:
        raise Refused("wrong_shape", "no payload")
    if value[0] not in PAYLOAD_KINDS:
        raise Refused("unsupported", f"kind {value[0]}")
    _kind(value[1], bytes, "a byte string")
    return value


def part(data):
    """A part as [id, index, count, chunk]."""
    value = array(b16, whole(0, 21), whole(2, 22), blob(1, 49152))(cbor_strict.decode(data, PAYLOAD_LIMIT))
    _, index, count, chunk = value
    if index >= count or (index < count - 1 and len(chunk) != 49152):
        raise Refused("out_of_range", "index or size of a part")
    return value


# ---- packets and their contents -----------------------------------------------------------------------------

HEADER = array(version, kid, whole(0, 1), whole(), b16, byte, whole(0, 1))


def packet(data):
    """A packet as (header's values, header's bytes, body)."""
    header, body = array(blob(1, 64), blob(0, PACKET_LIMIT))(cbor_strict.decode(data, PACKET_LIMIT))
    return HEADER(cbor_strict.decode(header)), header, body


def otakeygen(data):
    """An OTAKEYGEN content: a key check, or a message of a key rollover."""
    value = cbor_strict.decode(data, PACKET_LIMIT)
    return _by_number(value, {1: array(constant(1), b32), 2: array(constant(2), kid, pt65, blob(1184), optional=1),
                              3: array(constant(3), kid, pt65, blob(1088), optional=1), 4: array(constant(4), kid)})


def itadmin(data):
    """An ITADMIN content: [1, CMS]; [2, ...] and above are not supported."""
    value = cbor_strict.decode(data, PACKET_LIMIT)
    return _by_number(value, {1: array(constant(1), blob(1, PACKET_LIMIT))})


ACK = array(kid, whole(), b8, byte, blob(0, PACKET_LIMIT), optional=1)


def _rule_list(value):
    if {type(item) for item in value} not in (set(), {int}, {str}):
        raise Refused("wrong_shape", "list of neither integers nor texts")
    return value


_rule_value = either((bool, boolean), (int, whole(-LARGEST)), (str, text(0, 1024)), (bytes, blob(0, 1024)),
                     (list, _rule_list))


def _rules(value):
    _kind(value, dict, "a map")
    for name, item in value.items():
        _kind(name, str, "a rule's name")
        text(1, 64)(name)
        _rule_value(item)
    return value


IT_POLICY = record({1: version, 2: text(1, 64), 3: whole(), 4: srp, 5: or_null(pin), 6: unix, 7: _rules})

CMIME_CONF = record({1: mail, 2: text(), 3: srp, 4: whole()}, optional=(4,), extensible=False)
CICAL_CONF = record({1: mail, 3: srp, 4: whole(), 5: whole()}, optional=(4, 5), extensible=False)
SYNC_CONF = record({1: mail, 3: srp, 4: array_of(text(), 1)}, extensible=False)
BOOK = record({1: text(1, 32), 2: text(1, 64), 3: text(0, 64), 4: text(1, 64), 5: text(0, 256), 6: boolean,
               7: options({})})
BOOKS = record({1: version, 2: whole(), 3: array_of(srp, 1, 8), 4: array_of(BOOK, 1, 32)})

SYNC_RECORD = record({1: blob(1, 64), 2: whole(0, 1), 3: whole(), 4: text(), 5: blob(0, PACKET_LIMIT)}, optional=(4, 5))
_blob = blob(0, PACKET_LIMIT)


def sync(data):
    """A content of CICAL or SYNC."""
    return _by_number(cbor_strict.decode(data, PACKET_LIMIT), {
        1: array(constant(1), b16, text(), whole(0, 1), options({1: whole(), 2: whole(), 3: _blob})),
        2: array(constant(2), b16, whole(), boolean, array_of(SYNC_RECORD), options({})),
        3: array(constant(3), b16, record({1: whole(), 2: whole(), 3: _blob}, optional=(3,), extensible=False)),
        4: array(constant(4), b16, whole(), text(), optional=1),
    })


CMIME = array(whole(), options({}))


# ---- frames -------------------------------------------------------------------------------------------------

def _sender(value):
    """A PIN or an SRP id."""
    _kind(value, str, "a name")
    return (srp if value[:1] == "S" else pin)(value)


_frame_payload = blob(1, FRAME_LIMIT)
FRAMES = {
    1: array(constant(1), version, or_null(pin), b32, b32, b64, optional=1),
    2: array(constant(2), relay_id, b32),
    3: array(constant(3), b64),
    4: array(constant(4), pin, unix, whole(), b64),
    5: array(constant(5), srp, b32),
    6: array(constant(6), relay_id, b32, b32),
    7: array(constant(7), b32),
    8: array(constant(8), array_of(b32, 1, 4), unix, whole()),
    9: array(constant(9), array_of(domain_name, 0, 256)),
    10: array(constant(10), blob(1, 4096)),
    11: array(constant(11), b16, byte, unix, optional=1),
    12: array(constant(12), array_of(srp, 0, 8)),
    13: array(constant(13), array_of(pin, 0, 1000)),
    14: array(constant(14), array_of(pin, 0, 1000)),
    15: array(constant(15), array_of(domain_name, 0, 256)),
    20: array(constant(20), b16, either((bytes, b44), (str, _sender)), whole(), _frame_payload,
              array(whole(), whole()), optional=1),
    21: array(constant(21), b16, _sender, _frame_payload),
    22: array(constant(22), b16),
    23: array(constant(23), b16, byte, pin, optional=1),
    24: array(constant(24), b16, mail),
}


def frame(data):
    """A frame as its array."""
    return _by_number(cbor_strict.decode(data, FRAME_LIMIT), FRAMES)


def _by_number(value, kinds):
    """An array whose first element says what it is."""
    _kind(value, list, "an array")
    if not value or type(value[0]) is not int:
        raise Refused("wrong_shape", "no number first")
    if value[0] not in kinds:
        raise Refused("unsupported", f"number {value[0]}")
    return kinds[value[0]](value)


def _plain(check, limit=PACKET_LIMIT):
    return lambda data: check(cbor_strict.decode(data, limit))


DECODERS = {
    "cbor": cbor_strict.decode,
    "etp-file": etp_file,
    "etp-body": _plain(ETP_BODY, 4096),
    "etp-relay-part": _plain(ETP_RELAY),
    "payload": payload,
    "m2": _plain(M2),
    "m3": _plain(M3),
    "m4": _plain(M4),
    "device-info": _plain(DEVICE_INFO),
    "server-info": _plain(SERVER_INFO),
    "error": _plain(ERROR),
    "part": part,
    "packet": packet,
    "packet-header": _plain(HEADER),
    "otakeygen": otakeygen,
    "itadmin": itadmin,
    "ack": _plain(ACK),
    "it-policy": _plain(IT_POLICY),
    "books": _plain(BOOKS),
    "cmime-configuration": _plain(CMIME_CONF),
    "cical-configuration": _plain(CICAL_CONF),
    "sync-configuration": _plain(SYNC_CONF),
    "sync": sync,
    "cmime": _plain(CMIME),
    "frame": frame,
}
