"""Canonical forms of e-mail address, activation password and relay id (docs/protocol.md, section 4)."""

import re
import unicodedata

_EDGES = "\t\n\r "
_DROPPED = dict.fromkeys([0x09, 0x0A, 0x0D, 0x20, 0x2D, *range(0x2010, 0x2016), 0x2212])
_LOWER = {code: code + 32 for code in range(ord("A"), ord("Z") + 1)}
_BAD_LOCAL = re.compile(
    r'[()<>\[\]:;,\\"\u0000-\u0020\u007f-\u00a0\u1680\u2000-\u200f\u2028-\u202f\u205f-\u206f\u3000\ufeff]')
_LABEL = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")


class NotCanonical(ValueError):
    """A text that has no canonical form."""


def email(typed):
    """The canonical form of an e-mail address."""
    text = unicodedata.normalize("NFC", typed.strip(_EDGES)).translate(_LOWER)
    if not unicodedata.is_normalized("NFC", text):
        raise NotCanonical("address is not NFC after lower-casing")
    local, at, domain = text.partition("@")
    if not at or "@" in domain:
        raise NotCanonical("address needs exactly one @")
    if not 1 <= len(_utf8(local)) <= 64 or "" in local.split(".") or _BAD_LOCAL.search(local):
        raise NotCanonical("local part of the address is no dot-atom")
    address = f"{local}@{_a_labels(domain)}"
    if len(_utf8(address)) > 254:
        raise NotCanonical("address is too long")
    return address


def password(typed):
    """The canonical form of an activation password."""
    return unicodedata.normalize("NFKC", typed).translate(_DROPPED).translate(_LOWER)


def is_email(text):
    """Whether a text is a canonical e-mail address."""
    try:
        return email(text) == text
    except NotCanonical:
        return False


def is_domain(text, longest=253):
    """Whether a text is a DNS name of lower-case A-labels."""
    return 1 <= len(text) <= longest and all(_LABEL.fullmatch(label) for label in text.split("."))


def _utf8(text):
    try:
        return text.encode()
    except UnicodeEncodeError:
        raise NotCanonical("address holds half a surrogate pair") from None


def _a_labels(domain):
    """UTS 46, non-transitional, STD3 rules. Plain ASCII needs no tables; python3-idna does the rest."""
    if domain.isascii() and not any(label.startswith("xn--") for label in domain.split(".")):
        if is_domain(domain) and not any(label[2:4] == "--" for label in domain.split(".")):
            return domain
        raise NotCanonical("domain of the address is no DNS name")
    import idna
    try:
        labels = idna.encode(domain, uts46=True, std3_rules=True, transitional=False).decode()
    except (idna.IDNAError, UnicodeError) as fault:
        raise NotCanonical(f"domain of the address: {fault}") from None
    if not is_domain(labels):
        raise NotCanonical("domain of the address is no DNS name")
    return labels
