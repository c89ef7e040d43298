"""Whole activations without a network: the state machine against a small server and relay in this process.

The server here is written from the same page as the handheld, so that it proves the order of things, the repeats and
the restarts, not that both read the page as others do.
"""

import copy
import datetime
import functools
import os
import secrets
import zlib

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, pkcs7

import cbor_strict
import keyschedule
import packets
import policy
import shapes
import spake2plus
import texts
from machine import Machine, Wish
from store import Store

EMAIL, PASSWORD, SRP, PIN, RELAY = "user.one@example.com", "kx7mp2qw9trb", "S00000001", "2100000A", "relay.test"
START = 1800000000
STAGES = [texts.ACTIVATING, texts.VERIFYING, texts.WAITING, texts.RECEIVED,
          f"Your email address, <{EMAIL}> is now enabled. Synchronization service Desktop [{SRP}]", texts.COMPLETE]
POLICY_USAGE = x509.ObjectIdentifier("1.3.6.1.4.1.32473.1.77")
SERVER_AUTH = x509.ObjectIdentifier("1.3.6.1.5.5.7.3.1")


class Authority:
    """A domain's CA with a policy signer."""

    def __init__(self, ca_key=None, usage=POLICY_USAGE, ends=START + 10**7):
        self.ca_key = ca_key or ec.generate_private_key(ec.SECP256R1())
        self.signer_key = _RSA
        self.ca = self._certificate("CA", self.ca_key.public_key(), [(x509.BasicConstraints(True, None), True)], ends)
        usages = x509.KeyUsage(True, False, False, False, False, False, False, False, False)
        self.signer = self._certificate("Policy signer", self.signer_key.public_key(),
                                        [(usages, True), (x509.ExtendedKeyUsage([usage]), False)], ends)
        self.ca_der = self.ca.public_bytes(Encoding.DER)

    def _certificate(self, name, key, extensions, ends):
        when = datetime.datetime.utcfromtimestamp
        builder = x509.CertificateBuilder(
            issuer_name=_name("CA"), subject_name=_name(name), public_key=key,
            serial_number=x509.random_serial_number(), not_valid_before=when(START - 100), not_valid_after=when(ends))
        for extension, critical in extensions:
            builder = builder.add_extension(extension, critical)
        return builder.sign(self.ca_key, hashes.SHA256())

    def sign(self, content, signers=1):
        """A CMS with the content attached."""
        builder = pkcs7.PKCS7SignatureBuilder().set_data(content)
        for _ in range(signers):
            builder = builder.add_signer(self.signer, self.signer_key, hashes.SHA256())
        return builder.sign(Encoding.DER, [pkcs7.PKCS7Options.Binary, pkcs7.PKCS7Options.NoCapabilities])


def _name(text):
    return x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, text)])


_RSA = rsa.generate_private_key(65537, 3072)


class Server:
    """One server with one grant."""

    def __init__(self, suites=(1, 2), password=PASSWORD, authority=None, **quirks):
        self.suites = suites
        self.w0, self.w1 = keyschedule.scalars(keyschedule.stretch(password, EMAIL))
        self.record = spake2plus.to_bytes(spake2plus.multiply(self.w1, spake2plus.G))
        self.authority = authority or AUTHORITY
        self.quirks = quirks
        self.runs = {}
        self.key = None
        self.stage = "activating"
        self.seq = 1
        self.waiting = []                       # packets without an answer: [tag, payloads]
        self.acks = []
        self.errors = []

    def mail(self, body):
        """A mail arrived: what goes to its token."""
        value = shapes.DECODERS["etp-body"](body)
        run = self.runs.get(value[2])
        if not run:
            suite = next(one for one in self.suites if one in value[9])
            y = spake2plus.random_scalar()
            m2 = cbor_strict.encode({1: 1, 2: value[2], 3: SRP, 4: suite, 5: spake2plus.share_v(y, self.w0),
                                     7: secrets.randbelow(2**32 - 1) + 1, 8: value[5] + value[6]})
            run = self.runs[value[2]] = {"body": body, "value": value, "y": y, "m2": m2, "suite": suite}
        return [cbor_strict.encode([2, run["m2"]])]

    def payload(self, data):
        """A payload came from the handheld: what goes back."""
        kind, message = shapes.payload(data)
        return self._m3(message) if kind == 3 else self._packet(message)

    def _m3(self, m3):
        value = shapes.DECODERS["m3"](m3)
        run = self.runs[value[2]]
        if "m3" in run:
            return run["answer"] if run["m3"] == m3 else [_error(13, value[2])]
        run["m3"] = m3
        body, m2 = run["value"], shapes.DECODERS["m2"](run["m2"])
        z, v = spake2plus.verifier_results(run["y"], self.w0, self.record, body[8])
        tt = spake2plus.transcript(keyschedule.context(run["body"], run["m2"]), keyschedule.id_prover(EMAIL, PIN),
                                   SRP.encode(), body[8], m2[5], z, v, self.w0)
        keys = spake2plus.keys(tt, body[8], m2[5])
        if keys["confirmP"] != value[3]:
            run["answer"] = [_error(10, value[2], 4)]
            return run["answer"]
        handshake = keyschedule.Handshake(run["body"], run["m2"], keys["K_shared"])
        assert shapes.DECODERS["device-info"](handshake.open_m3(value[4]))[1] == PIN
        th3 = handshake.th3(m3)
        info = self.quirks.get("server_info") or cbor_strict.encode(
            {1: "Example Org", 2: self.authority.ca_der, 3: START + 10**6})
        box = keyschedule.seal_m4(handshake.k_s2d, th3, info)
        if self.quirks.get("bad_box"):
            box = box[:-1] + bytes([box[-1] ^ 1])
        confirm = bytes(32) if self.quirks.get("bad_confirm") else keys["confirmV"]
        m4 = cbor_strict.encode({1: 1, 2: value[2], 3: confirm, 4: box})
        th4 = keyschedule.th4(th3, m4)
        suite, kid = run["suite"], m2[7]
        self.key = {"mk": handshake.master_key(suite, kid, th3), "suite": suite, "kid": kid}
        self.check = cbor_strict.encode([1, th4])
        check = self._seal(packets.OTAKEYGEN, self.check, 0)
        run["answer"] = [cbor_strict.encode([4, m4]), cbor_strict.encode([5, check])]
        return run["answer"]

    def _seal(self, ctype, content, seq, flags=0):
        return packets.seal(self.key["mk"], self.key["suite"], self.key["kid"], 1, seq, ctype, content, flags)

    def send(self, ctype, content, flags=0):
        """A packet that wants an answer, as payloads."""
        packet = self._seal(ctype, content, self.seq, flags)
        self.seq += 1
        out = packets.payloads(packet)
        self.waiting.append([packets.tag_of(shapes.packet(packet)[1]), out])
        return out

    def policy(self, number=2**33 + 1, rules=None, srp=SRP, pin=PIN, **sign):
        """ITADMIN content with a signed policy."""
        content = cbor_strict.encode({1: 1, 2: "default", 3: number, 4: srp, 5: pin, 6: START,
                                      7: {"owner_text": "Example"} if rules is None else rules})
        return cbor_strict.encode([1, self.authority.sign(content, **sign)])

    def books(self, number=2**33 + 2, long=False):
        """A set of books."""
        def book(cid, configuration):
            return {1: cid, 2: f"{SRP}-{cid}", 3: SRP, 4: cid, 5: "", 6: True, 7: configuration}
        extra = {9: os.urandom(150000)} if long else {}
        return cbor_strict.encode({1: 1, 2: number, 3: [SRP], 4: [
            book("CMIME", {1: EMAIL, 2: "User One", 3: SRP, **extra}), book("SYNC", {1: EMAIL, 3: SRP, 4: ["tasks"]})]})

    def _packet(self, data):
        values, header, body = shapes.packet(data)
        _, kid, direction, seq, _, ctype, _ = values
        assert self.key and kid == self.key["kid"] and direction == 0
        content = packets.unseal(self.key["mk"], self.key["suite"], header, body)
        assert content is not None
        if seq == 0:
            assert content == self.check
            if self.stage != "activating":
                return next(run["answer"] for run in self.runs.values() if len(run.get("answer", [])) == 2)
            self.stage = "waiting_for_services"
            if self.quirks.get("script") is not None:
                return self._next_of_script()
            return self.send(packets.ITADMIN, self.policy())
        assert ctype == packets.ACK
        ack = shapes.DECODERS["ack"](content)
        fitting = [one for one in self.waiting if one[0] == ack[2]]
        if not fitting:
            return []
        self.waiting.remove(fitting[0])
        self.acks.append(ack[3])
        if self.quirks.get("script") is not None:
            return self._next_of_script()
        if self.stage == "waiting_for_services":
            assert ack[3] in (0, 1)
            self.stage = "services_received"
            return self.send(packets.SERVICE_BOOK, self.books(long=self.quirks.get("long")))
        self.stage = "activation_complete"
        return []

    def _next_of_script(self):
        script = self.quirks["script"]
        return script.pop(0)(self) if script else []

    def resend(self):
        """What has no answer yet, the same bytes."""
        return [payload for _, payloads in self.waiting for payload in payloads]


def _error(number, transaction, tries=None):
    value = {1: 1, 2: transaction, 3: number}
    if tries is not None:
        value[4] = tries
    return cbor_strict.encode([9, cbor_strict.encode(value)])


AUTHORITY = Authority()


class MemoryStore(Store):
    """A state file that lives in memory and remembers what was last saved."""

    def __init__(self, saved=None):
        super().__init__(None)
        self.data = copy.deepcopy(saved or {})
        self.saved = copy.deepcopy(self.data)

    def save(self):
        """Remember all of it."""
        self.saved = copy.deepcopy(self.data)


class Rehearsal:
    """One handheld, one relay, one server, one clock that goes as fast as it can."""

    def __init__(self, server, offer=(1, 2), password=PASSWORD, saved=None, twice=False, lose=None, crash=None,
                 mail_answers=(), before_m2=(), patient=False, receipts=()):
        self.server = server
        self.now = float(START)
        self.wish = Wish(EMAIL, password, list(offer), RELAY, patient=patient)
        self.twice, self.lose, self.crash = twice, lose, crash
        self.mail_answers, self.before_m2, self.receipts = list(mail_answers), list(before_m2), list(receipts)
        self.shown, self.count, self.steps, self.transactions = [], 0, 0, []
        self.unacknowledged = set()
        self.resend_at = START + 30
        self.lists = None
        self._new_machine(saved)

    def _new_machine(self, saved):
        self.store = MemoryStore(saved)
        self.machine = Machine(self.store, self.wish, self.shown.append, lambda: self.now)

    def go(self, longest=3 * 86400):
        """Run to the end: the machine's outcome."""
        self.machine.begin()
        self._log_in()
        while not self.machine.outcome and self.now < START + longest:
            wait = self.machine.tick()
            self._flush()
            if self.machine.outcome:
                break
            self.now += 15 if wait is None else min(wait, 15)
            if self.now >= self.resend_at:
                self.resend_at = self.now + 30
                self._deliver(self.server.resend())
        self._flush()
        return self.machine.outcome or {"ok": None, "code": None}

    def _log_in(self):
        self.machine.logged_in([4, PIN, int(self.now), 1, bytes(64)])
        self._flush()

    def _flush(self):
        """Take what the handheld sends; kill it before the chosen frame goes out."""
        while self.machine.outbox:
            self.steps += 1
            if self.crash == self.steps:
                self._new_machine(self.store.saved)
                self.machine.begin()
                self.machine.logged_in([4, PIN, int(self.now), 1, bytes(64)])
                continue
            frame = shapes.frame(cbor_strict.encode(self.machine.outbox.pop(0)))
            self._take(frame)

    def _lost(self):
        self.count += 1
        return self.lose == self.count

    def _take(self, frame):
        if frame[0] == 22:
            self.unacknowledged.discard(frame[1])
        elif frame[0] == 12:
            self.lists = frame[1]
        elif frame[0] == 10 and not self._lost():
            self._mail(frame[1])
        elif frame[0] == 20 and not self._lost():
            status = self.receipts.pop(0) if self.receipts else 0
            self.machine.frame(cbor_strict.encode([23, frame[1], status]))
            if status in (0, 1):
                assert frame[2] in self.lists
                self._deliver(self.server.payload(frame[4]))

    def _mail(self, body):
        transaction = shapes.DECODERS["etp-body"](body)[2]
        if transaction not in self.transactions:
            self.transactions.append(transaction)
        status = self.mail_answers.pop(0) if self.mail_answers else 0
        answer = [11, transaction, status] + ([int(self.now) + 500] if status == 6 else [])
        if status < 3:
            for make in self.before_m2:
                self._deliver([make(transaction)])
            self._deliver(self.server.mail(body))
        self.machine.frame(cbor_strict.encode(answer))

    def _deliver(self, payloads):
        for payload in payloads:
            for _ in range(2 if self.twice else 1):
                if self._lost():
                    continue
                mid = secrets.token_bytes(16)
                self.unacknowledged.add(mid)
                if not self.machine.outcome:
                    self.machine.frame(cbor_strict.encode([21, mid, SRP, payload]))


def check(tally):
    """All rehearsals. The same password is stretched once only."""
    stretch = keyschedule.stretch
    keyschedule.stretch = functools.lru_cache(stretch)
    try:
        _check_all(tally)
    finally:
        keyschedule.stretch = stretch


def _check_all(tally):
    for offer, suites in (([1], (1, 2)), ([2], (1, 2)), ([1, 2], (2, 1)), ([2, 1], (1,))):
        one = Rehearsal(Server(suites), offer)
        outcome = one.go()
        tally.same(f"offer {offer}, server {suites}: ok", outcome["ok"], True)
        tally.same(f"offer {offer}, server {suites}: suite", outcome["suite"], next(s for s in suites if s in offer))
        tally.same("texts", one.shown, STAGES)
        tally.same("server's stage", one.server.stage, "activation_complete")
        tally.same("ACKs", one.server.acks, [1, 0])
    _check_disturbed(tally)
    _check_ends(tally)
    _check_services(tally)
    _check_again(tally)
    _check_signatures(tally)


def _check_disturbed(tally):
    """Frames doubled, lost, delivered in parts; the handheld killed before each frame it sends."""
    one = Rehearsal(Server(), twice=True)
    tally.same("doubled: ok", one.go()["ok"], True)
    tally.same("doubled: texts", one.shown, STAGES)
    one = Rehearsal(Server(long=True), twice=True)
    tally.same("books in parts: ok", one.go()["ok"], True)
    for lost in range(1, 16):
        one = Rehearsal(Server(), lose=lost)
        outcome = one.go()
        tally.same(f"frame {lost} lost: ok", outcome["ok"], True)
        tally.same(f"frame {lost} lost: texts", [t for t in one.shown if t != texts.of_code(21)], STAGES)
    for long in (False, True):
        for crash in range(1, 26):
            one = Rehearsal(Server(long=long), crash=crash)
            outcome = one.go()
            tally.same(f"killed at frame {crash}: ok", outcome["ok"], True)
            shown = list(dict.fromkeys(text for text in one.shown))
            tally.same(f"killed at frame {crash}: texts", [t for t in shown if t not in (texts.of_code(21),)],
                       [t for t in STAGES if t in shown])
    for status in (2, 3, 6, 8):
        one = Rehearsal(Server(), receipts=[0, 0, status, 0, status])
        tally.same(f"receipt {status}: ok", one.go()["ok"], True)


def _check_ends(tally):
    """Ends with a code."""
    def ends(name, rehearsal, code, *shown):
        outcome = rehearsal.go()
        tally.same(f"{name}: code", outcome["code"], code)
        tally.same(f"{name}: texts", rehearsal.shown, [texts.ACTIVATING, *shown])
        tally.same(f"{name}: run erased", rehearsal.store.saved["run"], None)
        return rehearsal

    wrong = ends("wrong password", Rehearsal(Server(), password="wrongwrong"), "E10", texts.VERIFYING,
                 texts.of_code(10, 4))
    tally.same("wrong password: [12] of before", wrong.lists, [])
    for status, code in ((3, 2), (4, 7), (5, 17), (8, 1)):
        ends(f"[11] {status}", Rehearsal(Server(), mail_answers=[status]), texts.name(code), texts.of_code(code))
    ends("[11] 6 twice", Rehearsal(Server(), mail_answers=[6, 6]), "E06", texts.of_code(6))
    ends("[11] 7 twice", Rehearsal(Server(), mail_answers=[7, 7]), "E09", texts.of_code(9))
    for first in ((6,), (7,), (6, 7)):
        one = Rehearsal(Server(), mail_answers=first)
        tally.same(f"[11] {first}, then good: ok", one.go()["ok"], True)
        tally.same(f"[11] {first}: transactions", len(one.transactions), 1 + len(first))
    ends("bad confirmV", Rehearsal(Server(bad_confirm=True)), "E12", texts.VERIFYING, texts.of_code(12))
    ends("bad box", Rehearsal(Server(bad_box=True)), "E12", texts.VERIFYING, texts.of_code(12))
    ends("bad server-info", Rehearsal(Server(server_info=b"\xa0")), "E14", texts.VERIFYING, texts.of_code(14))

    early = Rehearsal(Server(), before_m2=[lambda txn: _error(5, txn), lambda txn: _error(10, bytes(16), 1)])
    tally.same("E05 before a good M2: ok", early.go()["ok"], True)
    silent = Server()
    silent.mail = lambda body: [_error(5, shapes.DECODERS["etp-body"](body)[2])]
    ends("E05 and no M2", Rehearsal(silent), "E05", texts.of_code(5))
    patient = Server()
    patient.mail = silent.mail
    waiting = Rehearsal(patient, patient=True)
    tally.same("E05 and no M2, patient: code", waiting.go()["code"], "E06")
    tally.same("E05 and no M2, patient: texts", list(dict.fromkeys(waiting.shown)),
               [texts.ACTIVATING, texts.of_code(5), texts.of_code(21), texts.of_code(6)])
    deaf = Server()
    deaf.payload = lambda data: []
    ends("no M4", Rehearsal(deaf), "E22", texts.VERIFYING, texts.of_code(22))

    bad = (("suite not offered", {4: 2}), ("another SRP id", {3: "S00000002"}), ("key 6", {6: bytes(1088)}),
           ("another transaction", {2: bytes(16)}), ("point off the curve", {5: b"\4" + bytes(64)}))
    for name, change in bad:
        server = Server()
        real = server.mail

        def spoilt(body, real=real, change=change):
            good = shapes.payload(real(body)[0])[1]
            return [cbor_strict.encode([2, cbor_strict.encode({**shapes.DECODERS["m2"](good), **change})])]
        server.mail = spoilt
        one = Rehearsal(server, offer=[1])
        one.go(longest=200)
        tally.same(f"M2 with {name}: dropped", (one.machine.state, one.unacknowledged), ("waiting", set()))


def _check_services(tally):
    """Policy and books by script: each step is sent when the one before was acknowledged."""
    def itadmin(**values):
        return lambda server: server.send(packets.ITADMIN, server.policy(**values))

    def raw(ctype, content, flags=0):
        return lambda server: server.send(ctype, content, flags)

    def books(number=2**33 + 2, change=lambda value: None):
        def step(server):
            value = shapes.DECODERS["books"](server.books(number))
            change(value)
            return server.send(packets.SERVICE_BOOK, cbor_strict.encode(value))
        return step

    def no_cmime(value):
        del value[4][0]

    def twice(value):
        value[4].append(dict(value[4][1]))

    def unreadable(value):
        value[4][1][7] = {}

    good, low = 2**33 + 10, 2**33 + 9
    sync_start = bytes.fromhex("850150ce29d691f625f136afeb1e9a53770e556863616c656e64617200a201198000021832")
    engine = zlib.compressobj(9, wbits=-15)
    deflated = engine.compress(sync_start) + engine.flush()
    steps = [
        ("books before the policy", books(), 6), ("sync before the policy", raw(5, sync_start), 6),
        ("policy for another server", itadmin(srp="S00000009"), 3),
        ("policy for another PIN", itadmin(pin="0000000A"), 3),
        ("two signers", itadmin(signers=2), 2), ("policy not CMS", raw(2, cbor_strict.encode([1, b"x"])), 2),
        ("ITADMIN 2", raw(2, b"\x81\x02"), 7), ("ITADMIN malformed", raw(2, b"\x81\x01"), 5),
        ("ITADMIN compressed", raw(2, deflated, 1), 5),
        ("policy number 0 without rules", itadmin(number=0, rules={}), 0),
        ("policy, unknown rules", itadmin(number=good), 1),
        ("equal number, other bytes", itadmin(number=good, rules={}), 4),
        ("equal number, same bytes", itadmin(number=good), 1), ("lower number", itadmin(number=low), 4),
        ("policy for all", itadmin(number=good + 1, pin=None, rules={}), 0), ("unknown ctype", raw(200, b""), 7),
        ("sync", raw(5, sync_start), 7), ("sync compressed", raw(4, deflated, 1), 7),
        ("broken deflate", raw(5, b"\xff\xff", 1), 5), ("mail of unknown op", raw(3, b"\x82\x09\xa0"), 7),
        ("mail malformed", raw(3, b"\x80"), 5), ("books malformed", raw(6, b"\xa0"), 5),
        ("books without CMIME", books(change=no_cmime), 5),
        ("books, one unreadable, one twice", books(change=lambda value: (unreadable(value), twice(value))), 1)]
    server = Server(script=[step for _, step, _ in steps])
    one = Rehearsal(server)
    tally.same("script: ok", one.go()["ok"], True)
    for (name, _, expected), got in zip(steps, server.acks):
        tally.same(f"script: {name}", got, expected)
    tally.same("script: all answered", len(server.acks), len(steps))
    tally.true("script: E31 shown", texts.of_code(31) in one.shown)
    tally.true("script: E14 shown", texts.of_code(14) in one.shown)
    tally.same("script: no frame left", one.unacknowledged, set())

    held = Server()
    ordinary = held._m3

    def eager(m3):
        m4, key_check = ordinary(m3)
        return [m4, *held.send(packets.ITADMIN, held.policy()), key_check]
    held._m3 = eager
    tally.same("policy before the key check: ok", Rehearsal(held).go()["ok"], True)

    early = []

    def books_early(server):
        early[:] = books()(server)
        server.waiting.append(list(server.waiting[-1]))         # its second answer will fit too
        return early

    server = Server(script=[books_early, itadmin(), lambda server: early])
    tally.same("the same books packet after the policy: ok", Rehearsal(server).go()["ok"], True)
    tally.same("the same books packet after the policy: ACKs", server.acks[:3], [6, 1, 0])


def _check_again(tally):
    """A second activation beside the first; another organisation; E23."""
    first = Rehearsal(Server())
    first.go()
    server = Server()
    second = Rehearsal(server, saved=first.store.saved)
    tally.same("again: ok", second.go()["ok"], True)
    tally.same("again: kid", second.store.saved["account"]["kid"], server.key["kid"])
    other = Server(authority=Authority(rsa.generate_private_key(65537, 2048)))
    third = Rehearsal(other, saved=first.store.saved)
    tally.same("other CA, lower numbers: ok", third.go()["ok"], True)
    tally.same("other CA: acks", other.acks, [1, 0])
    failed = Rehearsal(Server(), password="wrongwrong", saved=first.store.saved)
    tally.same("again, wrong password: code", failed.go()["code"], "E10")
    tally.same("again, wrong password: account kept", failed.store.saved["account"], first.store.saved["account"])
    tally.same("again, wrong password: [12] of before", failed.lists, [SRP])

    saved = first.store.saved
    for _ in range(5):
        one = Rehearsal(Server(), password="wrongwrong", saved=saved)
        one.go()
        saved = one.store.saved
    tally.same("five wrong proofs just now", Rehearsal(Server(), saved=saved).go()["ok"], True)
    late = Rehearsal(Server(), saved=saved)
    late.now += 700
    tally.same("five proofs without M4", (late.go()["code"], late.shown), ("E23", [texts.of_code(23)]))


def _check_signatures(tally):
    """The CMS itself, and certificates that must not sign policies."""
    content = b"\xa0" * 500
    cms = AUTHORITY.sign(content)
    tally.same("CMS opens", policy.open_cms(cms, AUTHORITY.ca_der, START), content)

    def refused(name, der, ca=AUTHORITY.ca_der, now=START):
        try:
            policy.open_cms(der, ca, now)
            tally.true(f"CMS {name}: refused", False)
        except policy.BadSignature:
            tally.true(f"CMS {name}: refused", True)

    for at in range(0, len(cms), 5):
        spoilt = cms[:at] + bytes([cms[at] ^ 1]) + cms[at + 1:]
        try:
            got = policy.open_cms(spoilt, AUTHORITY.ca_der, START)
        except policy.BadSignature:
            got = content
        tally.same(f"CMS spoilt at {at}: refused or untouched", got, content)
    for size in range(0, len(cms), 11):
        refused(f"of {size} bytes", cms[:size])
    refused("with a byte more", cms + b"\0")
    refused("too early", cms, now=START - 200)
    refused("too late", cms, now=START + 2 * 10**7)
    refused("of another CA", cms, ca=Authority().ca_der)
    refused("under no CA", cms, ca=bytes(32))
    tls = Authority(usage=SERVER_AUTH)
    refused("by a TLS certificate", tls.sign(content), ca=tls.ca_der)
