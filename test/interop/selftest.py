#!/usr/bin/python3
"""Checks this handheld against test/vectors and rehearses whole activations without a network.

Prints counts; exit status 1 on any mismatch.
"""

import collections
import json
import pathlib
import sys

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

import books
import canonical
import cbor_strict
import keyschedule
import packets
import rehearsal
import relay
import shapes
import spake2plus
import texts
from cbor_strict import Refused
from spake2plus import extract, expand, mac, sha256

VECTORS = pathlib.Path(__file__).resolve().parent.parent / "vectors"
UNHEXED = {"email", "password", "pin", "relay", "srp"}


class Tally:
    """Counts what fits and says what does not."""

    def __init__(self):
        self.good = 0
        self.bad = 0

    def same(self, name, got, expected):
        """Compare a value of ours with the vector's."""
        if got == expected:
            self.good += 1
        else:
            self.bad += 1
            print(f"MISMATCH {name}\n  ours     {_shown(got)}\n  expected {_shown(expected)}")

    def true(self, name, condition):
        """A condition that must hold."""
        self.same(name, bool(condition), True)


def _shown(value):
    return value.hex() if isinstance(value, bytes) else repr(value)


def _values(group):
    """A group of the vectors with its byte strings as bytes."""
    return {key: bytes.fromhex(value) if isinstance(value, str) and key not in UNHEXED else value
            for key, value in group.items()}


def _number(raw):
    return int.from_bytes(raw, "big")


def check_rfc9383(tally, vector):
    """The vector of RFC 9383."""
    one = {key: value if key in ("context", "idProver", "idVerifier") else bytes.fromhex(value)
           for key, value in vector.items()}
    w0, w1, x, y = (_number(one[name]) for name in ("w0", "w1", "x", "y"))
    record = spake2plus.to_bytes(spake2plus.multiply(w1, spake2plus.G))
    tally.same("rfc9383 L", record, one["L"])
    tally.same("rfc9383 shareP", spake2plus.share_p(x, w0), one["shareP"])
    tally.same("rfc9383 shareV", spake2plus.share_v(y, w0), one["shareV"])
    for who, (z, v) in (("prover", spake2plus.prover_results(x, w0, w1, one["shareV"])),
                        ("verifier", spake2plus.verifier_results(y, w0, record, one["shareP"]))):
        tally.same(f"rfc9383 {who} Z", z, one["Z"])
        tally.same(f"rfc9383 {who} V", v, one["V"])
    tt = spake2plus.transcript(one["context"].encode(), one["idProver"].encode(), one["idVerifier"].encode(),
                               one["shareP"], one["shareV"], one["Z"], one["V"], w0)
    for name, value in spake2plus.keys(tt, one["shareP"], one["shareV"]).items():
        tally.same(f"rfc9383 {name}", value, one[name])


def rolled_over(given, mk):
    """Offer, answer and the key that follows mk (key rollover, without ML-KEM)."""
    a, b = _number(given["ra"]), _number(given["rb"])
    shares = [spake2plus.to_bytes(spake2plus.multiply(one, spake2plus.G)) for one in (a, b)]
    r1 = cbor_strict.encode([2, given["kid2"], shares[0]])
    r2 = cbor_strict.encode([3, given["kid2"], shares[1]])
    shared = spake2plus.to_bytes(spake2plus.multiply(a, spake2plus.from_bytes(shares[1])))[1:33]
    kids = given["kid"].to_bytes(4, "big") + given["kid2"].to_bytes(4, "big")
    prk = extract(expand(mk, b"mdap1 roll", 32), shared)
    return {"r1": r1, "r2": r2, "rollSs": shared,
            "mk2": expand(prk, b"mdap1 mk2" + kids + sha256(r1) + sha256(r2), 32)}


def check_case(tally, number, case):
    """One whole run."""
    given, expected = _values(case["input"]), _values(case["output"])
    seen = set()

    def same(name, got):
        seen.add(name)
        tally.same(f"cases[{number}] {name}", got, expected[name])

    email, password = canonical.email(given["email"]), canonical.password(given["password"])
    okm = keyschedule.stretch(password, email)
    w0, w1 = keyschedule.scalars(okm)
    same("kdfSalt", keyschedule.kdf_salt(email))
    same("okm", okm)
    same("w0", w0.to_bytes(32, "big"))
    same("w1", w1.to_bytes(32, "big"))
    same("L", spake2plus.to_bytes(spake2plus.multiply(w1, spake2plus.G)))

    offer = [1] if given["suite"] == 1 else [2, 1]
    x, y = _number(given["x"]), _number(given["y"])
    share_p = spake2plus.share_p(x, w0)
    same("shareP", share_p)
    kem = {10: given["kemEk"]} if given["kem"] else {}
    body = cbor_strict.encode({1: 1, 2: given["txn"], 3: email, 4: given["relay"], 5: 1800000000, 6: 172800, 7: 1,
                               8: share_p, 9: offer, **kem})
    same("etpBody", body)
    seal_key = Ed25519PrivateKey.from_private_bytes(given["relaySeed"])
    seal = seal_key.sign(b"mdap1 seal\0" + sha256(body) + sha256(given["relayPart"]))
    same("etpFile", bytes.fromhex("d9d9f7") + cbor_strict.encode(["MDAP-ETP", body, given["relayPart"], seal]))
    tally.same(f"cases[{number}] etpFile read", shapes.etp_file(expected["etpFile"]),
               ["MDAP-ETP", body, given["relayPart"], seal])

    share_v = spake2plus.share_v(y, w0)
    same("shareV", share_v)
    kem = {6: given["kemCt"]} if given["kem"] else {}
    m2 = cbor_strict.encode({1: 1, 2: given["txn"], 3: given["srp"], 4: given["suite"], 5: share_v, **kem,
                             7: given["kid"], 8: 1800000600})
    same("m2", m2)
    context, prover = keyschedule.context(body, m2), keyschedule.id_prover(email, given["pin"])
    same("context", context)
    same("idProver", prover)
    z, v = spake2plus.prover_results(x, w0, w1, share_v)
    same("Z", z)
    same("V", v)
    tally.same(f"cases[{number}] Z, V of the server", (z, v),
               spake2plus.verifier_results(y, w0, expected["L"], share_p))
    tt = spake2plus.transcript(context, prover, given["srp"].encode(), share_p, share_v, z, v, w0)
    same("TT", tt)
    keys = spake2plus.keys(tt, share_p, share_v)
    for name, value in keys.items():
        same(name, value)

    handshake = keyschedule.Handshake(body, m2, keys["K_shared"] + given["kemSs"])
    for name in ("th", "k_d2s", "k_s2d"):
        same(name, getattr(handshake, name))
    m3 = cbor_strict.encode({1: 1, 2: given["txn"], 3: keys["confirmP"],
                             4: handshake.seal_m3(given["devInfo"], given["n3"])})
    same("m3", m3)
    tally.same(f"cases[{number}] devInfo", handshake.open_m3(shapes.DECODERS["m3"](m3)[4]), given["devInfo"])
    device = relay.public_key(given["deviceSeed"])
    tally.same(f"cases[{number}] devInfo read", shapes.DECODERS["device-info"](given["devInfo"]),
               {1: given["pin"], 2: "Simulator 9000", 3: "1.0.0", 4: "sim-os", 5: device})
    th3 = handshake.th3(m3)
    same("th3", th3)
    mk = handshake.master_key(given["suite"], given["kid"], th3)
    same("mk", mk)
    m4 = cbor_strict.encode({1: 1, 2: given["txn"], 3: keys["confirmV"],
                             4: keyschedule.seal_m4(handshake.k_s2d, th3, given["srvInfo"], given["n4"])})
    same("m4", m4)
    tally.same(f"cases[{number}] srvInfo", keyschedule.open_m4(handshake.k_s2d, th3, shapes.DECODERS["m4"](m4)[4]),
               given["srvInfo"])
    tally.same(f"cases[{number}] organisation", shapes.DECODERS["server-info"](given["srvInfo"])[1], "Example Org")
    th4 = keyschedule.th4(th3, m4)
    same("th4", th4)

    same("s_d2s", packets.direction_key(mk, 0))
    same("s_s2d", packets.direction_key(mk, 1))
    check = cbor_strict.encode([1, th4])
    for name, direction, seq, ctype, content, flags, salt in (
            ("check_s2d", 1, 0, 1, check, 0, "salt10"), ("check_d2s", 0, 0, 1, check, 0, "salt00"),
            ("cmime_s2d", 1, 1, 3, given["cmimeDeflated"], 1, "salt11")):
        same(name, packets.seal(mk, given["suite"], given["kid"], direction, seq, ctype, content, flags, given[salt]))
        _, header, sealed = shapes.packet(expected[name])
        tally.same(f"cases[{number}] {name} opened", packets.unseal(mk, given["suite"], header, sealed), content)
        for at in range(0, len(sealed), 7):
            spoilt = sealed[:at] + bytes([sealed[at] ^ 1]) + sealed[at + 1:]
            opened = packets.unseal(mk, given["suite"], header, spoilt)
            tally.same(f"cases[{number}] {name} spoilt at {at}", opened, None)
    tally.same(f"cases[{number}] inflated", packets.inflate(given["cmimeDeflated"]), given["cmimeText"])

    for name, value in rolled_over(given, mk).items():
        same(name, value)

    secret = expand(extract(sha256(given["relay"].encode()), given["srpKey"]), b"mdap1 srp" + given["srp"].encode(), 32)
    log_in = cbor_strict.encode([given["srp"], given["relay"], given["ns"], given["nr"]])
    same("srpMacRelay", mac(secret, b"R", log_in))
    same("srpMacServer", mac(secret, b"S", log_in))
    same("devAuthSig", relay.signature(given["deviceSeed"], given["relay"], given["pin"], given["ns"], given["nr"]))
    tally.same(f"cases[{number}] values left unchecked", set(expected) - seen, set())
    return {"given": given, "expected": expected, "mk": mk, "m2": m2, "m3": m3, "body": body, "device": device,
            "seal": seal_key, "email": email}


def check_wire(tally, wire, case):
    """Frames and contents, built from case 0."""
    given, expected = _values(wire["input"]), _values(wire["output"])
    run, mk, mid, txn = case["given"], case["mk"], given["mid"], case["given"]["txn"]
    name, pin, srp, device = given["relay"], given["pin"], given["srp"], case["device"]
    kid, seen = run["kid"], set()

    def same(field, got):
        seen.add(field)
        tally.same(f"wire {field}", got, expected[field])

    def frame(field, value):
        same(field, cbor_strict.encode(value))
        tally.same(f"wire {field} read", shapes.frame(expected[field]), value)

    same("mapOrder", cbor_strict.encode({10: 0, 100: 0, -1: 0}))
    same("canonPassword", canonical.password(run["password"]).encode())
    same("canonEmail", canonical.email(" Jo\u0308rg.O@EXAMPLE.com ").encode())
    pin_cert = case["seal"].sign(b"mdap1 pin\0" + cbor_strict.encode([name, pin, device]))
    same("pinCert", pin_cert)
    frame("devHelloFirst", [1, 1, None, device, given["nd"]])
    frame("devHello", [1, 1, pin, device, given["nd"]])
    frame("devHelloCert", [1, 1, pin, device, given["nd"], pin_cert])
    frame("relayNonce", [2, name, given["nr"]])
    frame("devAuthFirst", [3, relay.signature(run["deviceSeed"], name, None, given["nd"], given["nr"])])
    frame("devOk", [4, pin, given["now"], given["generation"], pin_cert])
    frame("srpHello", [5, srp, run["ns"]])
    frame("srpNonce", [6, name, run["nr"], case["expected"]["srpMacRelay"]])
    frame("srpAuth", [7, case["expected"]["srpMacServer"]])
    frame("srpOk", [8, [relay.public_key(run["relaySeed"])], given["now"], given["generation"]])
    frame("srpDomains", [9, ["example.com", "xn--bcher-kva.example"]])
    frame("domainsOk", [15, ["example.com"]])
    frame("mailAsk", [10, case["body"]])
    frame("mailDone", [11, txn, 0])
    frame("mailDoneClock", [11, txn, 6, given["now"]])
    frame("devPeers", [12, [srp]])
    frame("srpServe", [13, [pin]])
    frame("srpDrop", [14, [pin]])
    frame("hint", [24, txn, case["email"]])
    plain = bytes.fromhex(pin) + txn[:12]
    token = given["routeNonce"] + AESGCM(given["routeKey"]).encrypt(given["routeNonce"], plain,
                                                                    b"mdap1 route" + name.encode())
    same("routeToken", token)
    payload_m2, payload_m3 = cbor_strict.encode([2, case["m2"]]), cbor_strict.encode([3, case["m3"]])
    same("payloadM2", payload_m2)
    tally.same("wire payloadM2 read", shapes.payload(payload_m2), [2, case["m2"]])
    frame("sendM2", [20, mid, token, given["ttl"], payload_m2, given["fence"]])
    frame("receiptM2", [23, mid, 0, pin])
    frame("deliverM2", [21, mid, srp, payload_m2])
    frame("frameAck", [22, mid])
    frame("sendM3", [20, mid, srp, given["ttl"], payload_m3])
    frame("deliverM3", [21, mid, pin, payload_m3])
    frame("receipt", [23, mid, 1])

    for field, error in (("err10", {1: 1, 2: txn, 3: 10, 4: 4}), ("err19", {1: 1, 3: 19, 5: kid})):
        same(field, cbor_strict.encode([9, cbor_strict.encode(error)]))
        tally.same(f"wire {field} read", shapes.DECODERS["error"](shapes.payload(expected[field])[1]), error)
    r1, r2 = case["expected"]["r1"], case["expected"]["r2"]
    check = cbor_strict.encode([1, sha256(r1, r2)])
    same("rollCheck", check)
    same("rollDone", cbor_strict.encode([4, kid]))
    for name, value in (("rollCheck", [1, sha256(r1, r2)]), ("rollDone", [4, kid])):
        tally.same(f"wire {name} read", shapes.DECODERS["otakeygen"](expected[name]), value)
    _, header, sealed = shapes.packet(expected["rollCheckPacket"])
    seen.add("rollCheckPacket")
    tally.same("wire rollCheckPacket opened", packets.unseal(case["expected"]["mk2"], 1, header, sealed), check)
    policy = {1: 1, 2: "default", 3: given["policyNumber"], 4: srp, 5: pin, 6: 1800000100,
              7: {"owner_text": "Example Org", "password_required": True,
                  "forbidden_applications": ["game", "chat"], "password_minimum_length": 8}}
    same("policyContent", cbor_strict.encode(policy))
    tally.same("wire policyContent read", shapes.DECODERS["it-policy"](expected["policyContent"]), policy)

    check_books(tally, same, given, expected, case)
    check_big(tally, same, given, mk, kid)
    sid, options = given["sid"], {1: 32768, 2: 50}
    event = {1: given["rid"], 2: 0, 3: 1, 4: "text/calendar", 5: b"BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n"}
    for field, value in (("syncStart", [1, sid, "calendar", 0, options]), ("syncBatch", [2, sid, 0, True, [event], {}]),
                         ("syncEnd", [3, sid, {1: 1, 2: 0}]), ("syncStop", [4, sid, 1])):
        same(field, cbor_strict.encode(value))
        tally.same(f"wire {field} read", shapes.sync(expected[field]), value)
    tally.same("wire values left unchecked", set(expected) - seen, set())


def check_books(tally, same, given, expected, case):
    """A set of books, its packet, its ACKs."""
    srp, email, mk, kid = given["srp"], case["email"], case["mk"], case["given"]["kid"]

    def book(cid, name, description, configuration):
        return {1: cid, 2: f"{srp}-{cid}", 3: srp, 4: name, 5: description, 6: True, 7: configuration}

    value = {1: 1, 2: 8589934643, 3: [srp], 4: [
        book("CMIME", "Mail", f"Mail for {email}", {1: email, 2: "User One", 3: srp, 4: 32768}),
        book("CICAL", "Calendar", "Wireless calendar", {1: email, 3: srp, 4: 30, 5: 365}),
        book("SYNC", "Desktop", "Organizer databases and backup",
             {1: email, 3: srp, 4: ["address_book", "tasks", "memos", "options"]})]}
    content = cbor_strict.encode(value)
    same("books", content)
    status, detail, stored = books.judge(content, None)
    tally.same("wire books judged", (status, detail), (0, None))
    tally.same("wire books' line", stored["line"], f"Your email address, <{email}> is now enabled."
               f" Synchronization service Desktop [{srp}]")
    packet = packets.seal(mk, 1, kid, 1, given["seqBooks"], packets.SERVICE_BOOK, content, 0, given["saltBooks"])
    same("booksPacket", packet)
    tag = packets.tag_of(shapes.packet(packet)[1])
    same("booksTag", tag)
    ack = packets.ack(kid, given["seqBooks"], tag, 0)
    same("ack", ack)
    same("ackPartly", packets.ack(kid, given["seqBooks"], tag, 1, cbor_strict.encode(["forbidden_applications"])))
    tally.same("wire ack read", shapes.DECODERS["ack"](ack), [kid, given["seqBooks"], tag, 0])
    ack_packet = packets.seal(mk, 1, kid, 0, given["seqAck"], packets.ACK, ack, 0, given["saltAck"])
    same("ackPacket", ack_packet)
    same("ackPayload", packets.payloads(ack_packet)[0])


def check_big(tally, same, given, mk, kid):
    """A packet that travels in parts."""
    blocks = -(-given["bigLength"] // 32)
    content = b"".join(sha256(i.to_bytes(4, "big")) for i in range(blocks))[:given["bigLength"]]
    packet = packets.seal(mk, 1, kid, 1, given["seqBig"], given["ctypeBig"], content, 0, given["saltBig"])
    tally.same("wire big packet's size", len(packet), 120060)
    same("bigHeader", shapes.packet(packet)[1])
    same("bigSha", sha256(packet))
    same("bigPartId", sha256(packet)[:16])
    payloads = packets.payloads(packet)
    tally.same("wire big packet's parts", len(payloads), 3)
    for i, payload in enumerate(payloads):
        same(f"bigPart{i}Head", payload[:48])
        same(f"bigPart{i}Sha", sha256(payload))
    parts = [shapes.part(shapes.payload(payload)[1]) for payload in payloads]
    basket = packets.Parts({})
    got = [basket.add("S00000001", parts[i], 0) for i in (2, 0, 0, 1)]
    tally.same("wire big packet joined", got, [None, None, None, packet])
    other = [parts[1][0], 1, 3, bytes(49152)]
    got = [basket.add("S00000001", part, 0) for part in (parts[0], other, parts[2], parts[1])]
    tally.same("wire big packet with a forged part", got[-1], None)


def check_malformed(tally):
    """The samples of test/vectors/malformed for the decoders that a handheld has."""
    skipped, reasons = collections.Counter(), collections.Counter()
    for path in sorted((VECTORS / "malformed").glob("*.json")):
        for sample in json.loads(path.read_text()):
            decoder = shapes.DECODERS.get(sample["decoder"])
            if decoder is None:
                skipped[sample["decoder"]] += 1
                continue
            try:
                decoder(bytes.fromhex(sample["bytes"]))
                got = None
            except Refused as fault:
                got = fault.fault
            if sample["fault"] is not None and got is not None:
                reasons["same reason" if got == sample["fault"] else "other reason"] += 1
                if got != sample["fault"] and "-v" in sys.argv:
                    print(f"  {path.stem}: {sample['name']}: ours {got}, theirs {sample['fault']}")
            tally.same(f"{path.stem}: {sample['decoder']}: {sample['name']} refused", got is not None,
                       sample["fault"] is not None)
    return skipped, reasons


def check_forms(tally):
    """Canonical forms, points, texts, windows: what the page states in words or tables."""
    for typed, expected in ((" User.One@Example.COM ", "user.one@example.com"),
                            ("jo\u0308rg.o@EXAMPLE.com", "j\u00f6rg.o@example.com"),
                            ("a@B\u00fccher.example", "a@xn--bcher-kva.example"), ("a+b.c@x.y", "a+b.c@x.y"),
                            ("a..b@example.com", None), ('"a"@example.com', None), ("a@b@c", None), ("a b@c.d", None),
                            (".a@b.c", None), ("a@b_c.d", None), ("a@-b.c", None), ("a@", None), ("@a.b", None),
                            (f"{'a' * 65}@b.c", None), ("a\u200bb@c.d", None), ("a@" + "b" * 64 + ".c", None)):
        try:
            got = canonical.email(typed)
        except canonical.NotCanonical:
            got = None
        tally.same(f"address {typed!r}", got, expected)
    for typed in ("Kx7m-p2Qw 9tRb", "Kx7m\u2011p2Qw\u00a09tRb", "\u2212KX7M\tp2qw\u2015 9TRB\r\n"):
        tally.same(f"password {typed!r}", canonical.password(typed), "kx7mp2qw9trb")

    good = spake2plus.to_bytes(spake2plus.multiply(5, spake2plus.G))
    prime = spake2plus.P.to_bytes(32, "big")
    for name, raw in (("all zero", bytes(65)), ("00", b"\0"), ("off the curve", good[:-1] + bytes([good[-1] ^ 1])),
                      ("compressed", b"\2" + good[1:33]), ("hybrid", b"\6" + good[1:]), ("64 bytes", good[:-1]),
                      ("66 bytes", good + b"\0"), ("x = p", b"\4" + prime + good[33:]),
                      ("y = p", good[:33] + prime), ("04 and zeros", b"\4" + bytes(64))):
        try:
            spake2plus.from_bytes(raw)
            tally.true(f"point {name} refused", False)
        except spake2plus.BadPoint:
            tally.true(f"point {name} refused", True)
    try:
        spake2plus.prover_results(7, 9, 11, spake2plus.to_bytes(spake2plus.multiply(9, spake2plus.N)))
        tally.true("shareV = w0 N refused", False)
    except spake2plus.BadPoint:
        tally.true("shareV = w0 N refused", True)

    tally.same("4 tries", texts.of_code(10, 4), "The activation password is not right. 4 tries left.")
    tally.same("1 try", texts.of_code(10, 1), "The activation password is not right. 1 try left.")
    tally.same("tries unknown", texts.of_code(10), "The activation password is not right.")
    window = packets.Window({})
    window.mark(2000, b"a" * 8, 0)
    tally.same("window, twice", window.look(2000, b"a" * 8), (0, None))
    tally.same("window, other tag", window.look(2000, b"b" * 8), "old")
    tally.same("window, lowest", window.look(977, b"a" * 8), "new")
    tally.same("window, below", window.look(976, b"a" * 8), "old")
    tally.same("window, above", window.look(9999, b"a" * 8), "new")
    numbers = packets.Numbers(saved := {})
    tally.same("numbers", [numbers.take() for _ in range(65)], list(range(1, 66)))
    tally.same("numbers after a crash", packets.Numbers(saved).take(), 129)
    bomb = packets.zlib.compressobj(9, wbits=-15)
    try:
        packets.inflate(bomb.compress(bytes(2 << 20)) + bomb.flush())
        tally.true("deflate bomb refused", False)
    except Refused:
        tally.true("deflate bomb refused", True)


def check_mail(tally, case):
    """The seal of the file, as a reader would check it."""
    _, body, part, seal = shapes.etp_file(case["expected"]["etpFile"])
    key = Ed25519PublicKey.from_public_bytes(relay.public_key(case["given"]["relaySeed"]))
    key.verify(seal, b"mdap1 seal\0" + sha256(body) + sha256(part))
    tally.true("body reads", shapes.DECODERS["etp-body"](body))
    tally.true("relay part reads", shapes.DECODERS["etp-relay-part"](part))


def main():
    """All checks; 0 if everything fits."""
    total = 0
    vectors = json.loads((VECTORS / "mdap1.json").read_text())
    cases = []
    groups = [
        ("RFC 9383", lambda t: [check_rfc9383(t, v) for v in (vectors["rfc9383"],
                                                              json.loads((VECTORS / "rfc9383.json").read_text()))]),
        ("cases", lambda t: cases.extend(check_case(t, i, one) for i, one in enumerate(vectors["cases"]))),
        ("file", lambda t: [check_mail(t, one) for one in cases]),
        ("wire", lambda t: check_wire(t, vectors["wire"], cases[0])),
        ("forms", check_forms),
        ("malformed samples", check_malformed),
        ("rehearsals", rehearsal.check),
    ]
    for name, check in groups:
        tally = Tally()
        notes = check(tally)
        total += tally.bad
        print(f"{name}: {tally.good} good, {tally.bad} bad")
        if name == "malformed samples":
            skipped, reasons = notes
            print(f"  refused for: {dict(reasons)}; no decoder for: {dict(skipped)}")
    return 1 if total else 0


if __name__ == "__main__":
    sys.exit(main())
