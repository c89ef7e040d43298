"""IT policies: the CMS around them and the checks of the handheld (docs/protocol.md, section 13)."""

import datetime
import hashlib

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding

import cbor_strict
import shapes
from cbor_strict import Refused

APPLIED, IN_PART, BAD_SIGNATURE, NOT_FOR_US, NOT_NEWER, BAD_FORM, NOT_NOW, UNKNOWN = range(8)

_SIGNED_DATA = bytes.fromhex("2a864886f70d010702")
_DATA = bytes.fromhex("2a864886f70d010701")
_CONTENT_TYPE, _DIGEST, _SIGNING_TIME = (bytes.fromhex("2a864886f70d0109" + last) for last in ("03", "04", "05"))
_SHA256 = bytes.fromhex("608648016503040201")
_RSA = (bytes.fromhex("2a864886f70d010101"), bytes.fromhex("2a864886f70d01010b"))
_POLICY_USAGE = x509.ObjectIdentifier("1.3.6.1.4.1.32473.1.77")


class BadSignature(Exception):
    """A CMS that must not be believed."""


def _need(condition, words):
    if not condition:
        raise BadSignature(words)


def _elements(der, *tags):
    """The DER elements side by side in der, as (whole, content); their tags must be those given (none given: any)."""
    found, at = [], 0
    while at < len(der):
        start = at
        _need(at + 2 <= len(der) and der[at] & 0x1F != 0x1F, "DER cut short or a long tag")
        tag, size, at = der[at], der[at + 1], at + 2
        if size & 0x80:
            digits = size & 0x7F
            _need(1 <= digits <= 4 and at + digits <= len(der) and der[at], "DER length")
            size, at = int.from_bytes(der[at:at + digits], "big"), at + digits
            _need(size >= 0x80, "DER length is not the shortest")
        _need(at + size <= len(der), "DER cut short")
        _need(not tags or (len(found) < len(tags) and tag == tags[len(found)]), "another DER element expected")
        found.append((der[start:at + size], der[at:at + size]))
        at += size
    _need(not tags or len(found) == len(tags), "DER element missing")
    return found


def _only(der, tag):
    """The one element that fills der, as (whole, content)."""
    return _elements(der, tag)[0]


def open_cms(cms, ca_der, now):
    """The policy bytes inside a CMS that the CA's policy signer signed. now: the relay's time in seconds."""
    try:
        return _open_cms(cms, ca_der, datetime.datetime.utcfromtimestamp(now))
    except BadSignature:
        raise
    except Exception as fault:      # whatever a parser says about foreign bytes, the policy is not signed
        raise BadSignature(f"{type(fault).__name__}: {fault}") from fault


def _open_cms(cms, ca_der, now):
    kind, explicit = _elements(_only(cms, 0x30)[1], 0x06, 0xA0)
    _need(kind[1] == _SIGNED_DATA, "no SignedData")
    _, _, content, certificates, signers = _elements(_only(explicit[1], 0x30)[1], 0x02, 0x31, 0x30, 0xA0, 0x31)
    content_type, wrapped = _elements(content[1], 0x06, 0xA0)
    _need(content_type[1] == _DATA, "content is not id-data")
    policy = _only(wrapped[1], 0x04)[1]
    signer = _only(signers[1], 0x30)[1]
    _, sid, digest, attributes, algorithm, signature = _elements(signer, 0x02, 0x30, 0x30, 0xA0, 0x30, 0x04)
    _need(_elements(digest[1])[0][1] == _SHA256, "digest is not SHA-256")
    _need(_elements(algorithm[1])[0][1] in _RSA, "signature is not RSA")
    _check_attributes(attributes[1], policy)

    issuer, serial = _elements(sid[1], 0x30, 0x02)
    certificate = _find(certificates[1], issuer[0], int.from_bytes(serial[1], "big", signed=True))
    _check_chain(certificate, x509.load_der_x509_certificate(ca_der), now)
    certificate.public_key().verify(signature[1], b"\x31" + attributes[0][1:], padding.PKCS1v15(), hashes.SHA256())
    return policy


def _check_attributes(attributes, policy):
    """All three of contentType, messageDigest and signingTime, once each, one value each."""
    values = {}
    for _, attribute in _elements(attributes):
        name, value = _elements(attribute, 0x06, 0x31)
        _need(name[1] not in values, "a signed attribute twice")
        values[name[1]] = [content for _, content in _elements(value[1])]
    _need(values.get(_CONTENT_TYPE) == [_DATA], "contentType")
    _need(values.get(_DIGEST) == [hashlib.sha256(policy).digest()], "messageDigest")
    _need(len(values.get(_SIGNING_TIME, [])) == 1, "signingTime")


def _find(enclosed, issuer, serial):
    """The signer's certificate among those enclosed."""
    found = [x509.load_der_x509_certificate(whole) for whole, _ in _elements(enclosed)]
    found = [one for one in found if one.issuer.public_bytes() == issuer and one.serial_number == serial]
    _need(len(found) == 1, "the signer's certificate is not enclosed")
    return found[0]


def _check_chain(certificate, ca, now):
    """Issued directly by the CA, both usages, both valid at that time."""
    _need(certificate.issuer == ca.subject, "issuer is not the CA")
    key, signed = ca.public_key(), (certificate.signature, certificate.tbs_certificate_bytes)
    if isinstance(key, ec.EllipticCurvePublicKey):
        key.verify(*signed, ec.ECDSA(certificate.signature_hash_algorithm))
    elif isinstance(key, ed25519.Ed25519PublicKey):
        key.verify(*signed)
    else:
        key.verify(*signed, padding.PKCS1v15(), certificate.signature_hash_algorithm)
    _need(ca.extensions.get_extension_for_class(x509.BasicConstraints).value.ca, "the CA is none")
    _need(certificate.extensions.get_extension_for_class(x509.KeyUsage).value.digital_signature, "keyUsage")
    usages = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    _need(_POLICY_USAGE in usages, "extended key usage")
    for one in (certificate, ca):
        _need(one.not_valid_before <= now <= one.not_valid_after, "a certificate is not valid now")


class Rules:
    """The rules a handheld knows: name -> type of the value. This handheld enforces nothing and knows none."""

    def __init__(self, known=None):
        self.known = known or {}

    def wrong(self, rules):
        """Whether a known rule has a value of another type."""
        return any(type(value) is not self.known[name] for name, value in rules.items() if name in self.known)

    def left_out(self, rules):
        """The names of the rules that are unknown here."""
        return [name for name in rules if name not in self.known]


def judge(cms, ca_der, now, servers, pin, stored, rules):
    """(status, detail, what to store or None) for a CMS, by the table of section 13.3.

    stored is what an earlier call gave to store: number, sha, status, detail, policy.
    """
    try:
        content = open_cms(cms, ca_der, now)
    except BadSignature:
        return BAD_SIGNATURE, None, None
    try:
        policy = shapes.DECODERS["it-policy"](content)
    except Refused:
        return BAD_FORM, None, None
    if rules.wrong(policy[7]):
        return BAD_FORM, None, None
    if policy[4] not in servers or policy[5] not in (None, pin):
        return NOT_FOR_US, None, None
    sha = hashlib.sha256(content).hexdigest()
    if stored and policy[3] <= stored["number"]:
        if policy[3] == stored["number"] and sha == stored["sha"]:
            return stored["status"], _bytes(stored["detail"]), None
        return NOT_NEWER, None, None
    names = rules.left_out(policy[7])
    status, detail = (IN_PART, cbor_strict.encode(names)) if names else (APPLIED, None)
    return status, detail, {"number": policy[3], "sha": sha, "status": status, "detail": detail and detail.hex(),
                            "policy": content.hex(), "id": policy[2], "unknown": names}


def _bytes(text):
    return None if text is None else bytes.fromhex(text)
