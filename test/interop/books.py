"""Service books (docs/protocol.md, section 14)."""

import hashlib

import cbor_strict
import shapes
from cbor_strict import Refused
from policy import APPLIED, BAD_FORM, IN_PART, NOT_NEWER

_CONFIGURATIONS = {"CMIME": shapes.CMIME_CONF, "CICAL": shapes.CICAL_CONF, "SYNC": shapes.SYNC_CONF}


def judge(content, stored):
    """(status, detail, what to store or None) for a set of books; whether a policy came before is not asked here.

    stored is what an earlier call gave to store: number, sha, status, detail, servers, books, line.
    """
    try:
        value = shapes.DECODERS["books"](content)
    except Refused:
        return BAD_FORM, None, None
    registered, left_out = {}, []
    for book in value[4]:
        if book[2] in registered or not _readable(book):
            left_out.append(book[2])
        else:
            registered[book[2]] = book
    kinds = {}
    for book in registered.values():
        kinds.setdefault(book[1], book)
    if "CMIME" not in kinds:
        return BAD_FORM, None, None
    sha = hashlib.sha256(content).hexdigest()
    if stored and value[2] <= stored["number"]:
        if value[2] == stored["number"] and sha == stored["sha"]:
            detail = stored["detail"]
            return stored["status"], None if detail is None else bytes.fromhex(detail), None
        return NOT_NEWER, None, None
    status, detail = (IN_PART, cbor_strict.encode(left_out)) if left_out else (APPLIED, None)
    return status, detail, {"number": value[2], "sha": sha, "status": status, "detail": detail and detail.hex(),
                            "servers": value[3], "books": [[book[1], book[2]] for book in registered.values()],
                            "line": address_line(kinds)}


def address_line(kinds):
    """The line that names the account; kinds: CID -> book."""
    address = kinds["CMIME"][7][1]
    desktop = kinds.get("SYNC", kinds["CMIME"])[7][3]
    return f"Your email address, <{address}> is now enabled. Synchronization service Desktop [{desktop}]"


def _readable(book):
    """Whether the configuration of a known kind of book can be read."""
    try:
        _CONFIGURATIONS.get(book[1], shapes.options({}))(book[7])
    except Refused:
        return False
    return True
