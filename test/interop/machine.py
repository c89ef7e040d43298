"""The handheld's state machine (docs/protocol.md, sections 12 to 14 and 17 to 20).

No network and no sleeping here: whoever runs it calls `begin`, `logged_in`, `frame`, `disconnected` and `tick`, sends
what gathers in `outbox` after each call, and stops when `outcome` is set. Whatever must be on disk before a frame goes
out is saved before the frame is put into the outbox.
"""

import hmac
import os
import secrets
import time
from dataclasses import dataclass

import books
import cbor_strict
import keyschedule
import packets
import policy
import shapes
import spake2plus
import texts
from cbor_strict import Refused
from relay import public_key

LIFE = 172800
TTL = 604800
DAY = 86400
COPIES = (2, 5, 15, 60, 300)
ASK_BACKOFF = (1, 5, 30, 120, 600)
SERVER_CODES = {3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 16, 19}
MAIL_CODES = {3: 2, 4: 7, 5: 17, 6: 6, 7: 9, 8: 1}
CLOSE_CODES = {4401: 20, 4403: 20, 4404: 20, 4409: 20, 4426: 7, 4429: 17}
HELD = 32
MODEL, SOFTWARE, PLATFORM = "Interop Handheld", "1.0.0", "Python"


@dataclass
class Wish:
    """What the user typed and chose."""

    email: str
    password: str
    offer: list
    relay_id: str
    anyway: bool = False            # go on although E23 advises against
    patient: bool = False           # a shown error while waiting for M2 does not end the run
    anew: bool = False              # replace a run that the state file holds


class Machine:
    """One handheld. `store.data` holds all that outlives it."""

    def __init__(self, store, wish, show, clock=time.time):
        self.store = store
        self.wish = wish
        self.show_text = show
        self.clock = clock
        self.outbox = []
        self.outcome = None
        self.timers = {}
        self.sent = {}                          # mid -> [what, to, payload, copies refused]
        self.connected = False
        self.was_unreachable = False
        self.asked = 0
        self.first_copy = 0
        self.last_check = 0
        self.last_shown = None
        self.last_code = None
        self.copies = 0
        self.data.setdefault("proofs", [])
        self.data.setdefault("parts", {})
        self.data.setdefault("account", None)
        self.data.setdefault("run", None)
        if "seed" not in self.data:
            self.data["seed"] = os.urandom(32).hex()
            store.save()
        self._number_packets()

    # ---- what is kept ----------------------------------------------------------------------------------------

    @property
    def data(self):
        """The state file's content."""
        return self.store.data

    @property
    def run(self):
        """The activation under way, or None."""
        return self.data["run"]

    @property
    def account(self):
        """The account with a current key, or None."""
        return self.data["account"]

    @property
    def state(self):
        """The name of the run's state; "idle" without one."""
        return self.run["state"] if self.run else "idle"

    @property
    def pin(self):
        """This handheld's PIN, once it has one."""
        return self.data["relay"]["pin"]

    def identity(self):
        """(seed, PIN or None, certificate or None) for the log-in."""
        relay = self.data.get("relay")
        return _raw(self.data["seed"]), relay and relay["pin"], relay and _raw(relay["certificate"])

    def relay_time(self):
        """The relay's time, in whole seconds."""
        return int(self.clock() + self.data["relay"]["offset"])

    def _number_packets(self):
        self.numbers = packets.Numbers(self.account["numbers"]) if self.account else None

    # ---- events from outside ---------------------------------------------------------------------------------

    def begin(self):
        """The user asks for an activation, or the program starts again."""
        run = self.run
        if run and run["email"] == self.wish.email and not self.wish.anew:
            self._show({"mailing": texts.ACTIVATING, "waiting": texts.ACTIVATING, "proving": texts.VERIFYING,
                        "confirming": texts.VERIFYING, "provisioning": texts.WAITING,
                        "active": texts.RECEIVED}[run["state"]])
            self._arm_for_state()
        else:
            if run:
                self.data["run"] = None
                self.store.save()
            if self._unanswered_proofs() >= 5 and not self.wish.anyway:
                self._notice(23)
                self._end(23, "ask")
                return
            self._show(texts.ACTIVATING)
        self._arm("unreachable", 30, self._unreachable)

    def logged_in(self, welcome):
        """The relay answered the log-in: [4, PIN, now, generation, certificate]."""
        _, pin, now, generation, certificate = welcome
        self.connected = True
        self._disarm("unreachable")
        self.was_unreachable = False
        self.data["relay"] = {"id": self.wish.relay_id, "pin": pin, "certificate": certificate.hex(),
                              "generation": generation, "offset": now - self.clock()}
        self.store.save()
        self._send_peers()
        if not self.run:
            self._make_request({})
        elif self.state in ("mailing", "waiting"):
            self._ask()
        elif self.state in ("proving", "confirming") or (self.state == "provisioning" and not self.account["heard"]):
            self._start_copies()
        for mid, (_, to, content, _) in list(self.sent.items()):
            self._put([20, mid, to, TTL, content])
        kept = self.account and self.account["books_ack"]
        if kept and _raw(kept["mid"]) not in self.sent:
            self._send("books_ack", kept["to"], _raw(kept["payload"]), _raw(kept["mid"]))

    def disconnected(self):
        """The line broke, or the log-in did not succeed."""
        if self.connected:
            self.connected = False
            self.sent = {mid: one for mid, one in self.sent.items() if one[0] in ("ack", "books_ack")}
        self.outbox.clear()
        if "unreachable" not in self.timers:
            self._arm("unreachable", 30, self._unreachable)

    def untrusted(self):
        """The relay's certificate does not verify."""
        self.disconnected()
        self._unreachable()

    def refused(self, code, for_good):
        """The relay ended the line with a close code; for_good: only a person may try again."""
        number = CLOSE_CODES.get(code)
        if number and (for_good or code in (4401, 4429)):
            self._notice(number)
        if for_good:
            self._end(number, f"closed with {code}")

    def frame(self, data):
        """A frame from the relay. Raises Refused if the line must be closed with 4400."""
        frame = shapes.frame(data)
        if frame[0] == 11:
            self._mail_done(*frame[1:])
        elif frame[0] == 21:
            self._delivered(*frame[1:])
        elif frame[0] == 23:
            self._receipt(frame[1], frame[2])
        else:
            raise Refused("unexpected", f"frame {frame[0]}")

    def tick(self):
        """Do what is due; seconds until the next thing is due, or None."""
        while self.timers and not self.outcome:
            name = min(self.timers, key=lambda one: self.timers[one][0])
            due, action = self.timers[name]
            if due > self.clock():
                return due - self.clock()
            del self.timers[name]
            action()
        return None

    # ---- asking for the mail ---------------------------------------------------------------------------------

    def _make_request(self, again):
        """New transaction, new x; again: which [11] statuses made this run begin anew."""
        old = self.run
        self._clear_timers()
        if old:
            w0, w1 = int(old["w0"], 16), int(old["w1"], 16)
        else:
            w0, w1 = keyschedule.scalars(keyschedule.stretch(self.wish.password, self.wish.email))
        x = spake2plus.random_scalar()
        transaction, made = secrets.token_bytes(16), self.relay_time()
        body = cbor_strict.encode({1: 1, 2: transaction, 3: self.wish.email, 4: self.wish.relay_id, 5: made, 6: LIFE,
                                   7: keyschedule.PROFILE, 8: spake2plus.share_p(x, w0), 9: self.wish.offer})
        self.data["run"] = {"state": "mailing", "email": self.wish.email, "pin": self.pin, "offer": self.wish.offer,
                            "transaction": transaction.hex(), "ends": made + LIFE, "body": body.hex(),
                            "x": f"{x:064x}", "w0": f"{w0:064x}", "w1": f"{w1:064x}", "again": again,
                            "since": self.clock()}
        self.store.save()
        self._arm_for_state()
        self._ask()

    def _ask(self):
        self._put([10, _raw(self.run["body"])])
        if self.state == "waiting":
            self._arm("ask", 600, self._ask)
        else:
            self.asked = 0
            self._arm("ask", 30 + ASK_BACKOFF[0], self._ask_more)

    def _ask_more(self):
        self._put([10, _raw(self.run["body"])])
        self.asked += 1
        self._arm("ask", 30 + ASK_BACKOFF[min(self.asked, len(ASK_BACKOFF) - 1)], self._ask_more)

    def _mail_done(self, transaction, status, now=None):
        if self.state not in ("mailing", "waiting") or transaction.hex() != self.run["transaction"]:
            return
        if status in (0, 1, 2):
            if self.state == "mailing":
                self.run.update(state="waiting", since=self.clock())
                self.store.save()
                self._arm_for_state()
            self._arm("ask", 600, self._ask)
        elif status in (6, 7) and str(status) not in self.run["again"]:
            if now is not None:
                self.data["relay"]["offset"] = now - self.clock()
            self._make_request({**self.run["again"], str(status): True})
        elif status in MAIL_CODES:
            self._fail(MAIL_CODES[status], f"mail-ask answered with {status}")

    # ---- what the relay delivers -----------------------------------------------------------------------------

    def _delivered(self, mid, sender, content):
        """[22] goes out when what the payload changed is on disk, before what it makes us send."""
        before, self.outbox = self.outbox, []
        try:
            kind, message = shapes.payload(content)
            self._payload(kind, message, sender)
        except Refused:
            pass
        finally:
            self.outbox = before + [[22, mid]] + self.outbox

    def _payload(self, kind, message, sender):
        if kind == 2:
            self._m2(message, sender)
        elif kind == 4:
            self._m4(message, sender)
        elif kind == 5:
            self._packet(message, sender)
        elif kind == 7 and sender in self._servers():
            part = shapes.part(message)
            if self.state not in ("confirming", "provisioning", "active") and not self.account:
                return
            joined = packets.Parts(self.data["parts"]).add(sender, part, self.clock())
            self.store.save()
            if joined is not None:
                self._packet(joined, sender)
        elif kind == 9:
            self._error(shapes.DECODERS["error"](message), sender)

    def _servers(self):
        """Who may speak to us, the run's server first."""
        names = [self.run["srp"]] if self.run and "srp" in self.run else []
        if self.account:
            names += self.account["servers"]
        return list(dict.fromkeys(names))

    # ---- proving ---------------------------------------------------------------------------------------------

    def _m2(self, m2, sender):
        run = self.run
        if self.state == "proving" and m2.hex() == run["m2"] and sender == run["srp"]:
            self._send_message()
            return
        if self.state not in ("mailing", "waiting"):
            return
        value = shapes.DECODERS["m2"](m2)
        body = _raw(run["body"])
        own_share = cbor_strict.decode(body)[8]
        if (value[2].hex() != run["transaction"] or value[3] != sender or value[4] not in run["offer"] or 6 in value
                or value[5] == own_share or (self.account and value[7] == self.account["kid"])):
            return
        w0, w1 = int(run["w0"], 16), int(run["w1"], 16)
        try:
            z, v = spake2plus.prover_results(int(run["x"], 16), w0, w1, value[5])
        except spake2plus.BadPoint:
            return
        tt = spake2plus.transcript(keyschedule.context(body, m2), keyschedule.id_prover(run["email"], run["pin"]),
                                   value[3].encode(), own_share, value[5], z, v, w0)
        keys = spake2plus.keys(tt, own_share, value[5])
        handshake = keyschedule.Handshake(body, m2, keys["K_shared"])
        info = cbor_strict.encode({1: run["pin"], 2: MODEL, 3: SOFTWARE, 4: PLATFORM,
                                   5: public_key(_raw(self.data["seed"]))})
        m3 = cbor_strict.encode({1: 1, 2: value[2], 3: keys["confirmP"], 4: handshake.seal_m3(info)})
        th3 = handshake.th3(m3)
        self.data["run"] = {
            "state": "proving", "email": run["email"], "pin": run["pin"], "transaction": run["transaction"],
            "srp": value[3], "suite": value[4], "kid": value[7], "m2": m2.hex(), "m3": m3.hex(), "th3": th3.hex(),
            "k_s2d": handshake.k_s2d.hex(), "confirm_v": keys["confirmV"].hex(),
            "mk": handshake.master_key(value[4], value[7], th3).hex(), "m2_at": self.clock(), "since": self.clock()}
        self.data["proofs"].append({"email": run["email"], "transaction": run["transaction"], "at": self.clock()})
        self.store.save()
        self._clear_timers()
        self._send_peers()
        self._show(texts.VERIFYING)
        self._start_copies()
        self._arm_for_state()

    def _start_copies(self):
        """Send M3 or the key check, and again on the schedule."""
        self.copies = 0
        self.first_copy = self.clock()
        self._copy()

    def _copy(self):
        self._send_message()
        if self.copies < len(COPIES):
            due = self.first_copy + COPIES[self.copies]
        else:
            due = self.first_copy + COPIES[-1] + 1800 * (self.copies - len(COPIES) + 1)
        self.copies += 1
        self._arm("copy", due - self.clock(), self._copy)

    def _send_message(self):
        """One copy of M3 or of the key check, in a new frame."""
        if self.state == "proving":
            self._send("m3", self.run["srp"], cbor_strict.encode([3, _raw(self.run["m3"])]))
        elif self.state == "confirming":
            self.last_check = self.clock()
            self._send("check", self.run["srp"], cbor_strict.encode([5, _raw(self.run["check"])]))
        elif self.account:
            self.last_check = self.clock()
            self._send("check", self.account["servers"][0], cbor_strict.encode([5, _raw(self.account["check"])]))

    def _answer_duplicate(self):
        """The key check again, for an M4 or a key check that came again.

        Only while the server may still need it, and at most once in two seconds: the server answers with copies of
        its own, and the two would go on for ever.
        """
        if self.state == "confirming" or (self.state == "provisioning" and not self.account["heard"]):
            if self.clock() - self.last_check >= COPIES[0]:
                self._send_message()

    def _m4(self, m4, sender):
        run, account = self.run, self.account
        if self.state == "confirming" and sender == run["srp"]:
            if m4.hex() == run["m4"]:
                self._answer_duplicate()
            return
        if account and sender in account["servers"] and m4.hex() == account["m4"]:
            self._answer_duplicate()
            return
        if self.state != "proving" or sender != run["srp"]:
            return
        value = shapes.DECODERS["m4"](m4)
        if value[2].hex() != run["transaction"]:
            return
        th3 = _raw(run["th3"])
        if not hmac.compare_digest(value[3], _raw(run["confirm_v"])):
            self._fail(12, "confirmV is wrong")
            return
        box = keyschedule.open_m4(_raw(run["k_s2d"]), th3, value[4])
        if box is None:
            self._fail(12, "the box of M4 does not open")
            return
        self._proof_answered(run["transaction"])
        try:
            info = shapes.DECODERS["server-info"](box)
        except Refused as fault:
            self._fail(14, f"server-info: {fault}")
            return
        th4 = keyschedule.th4(th3, m4)
        mk = _raw(run["mk"])
        check = packets.seal(mk, run["suite"], run["kid"], packets.TO_SERVER, 0, packets.OTAKEYGEN,
                             cbor_strict.encode([1, th4]))
        self.data["run"] = {
            "state": "confirming", "email": run["email"], "pin": run["pin"], "transaction": run["transaction"],
            "srp": run["srp"], "suite": run["suite"], "kid": run["kid"], "mk": run["mk"], "m4": m4.hex(),
            "th4": th4.hex(), "check": check.hex(), "organisation": info[1], "ca": info[2].hex(), "held": [],
            "m4_at": self.clock(), "since": self.clock()}
        self.store.save()
        self._clear_timers()
        self._start_copies()
        self._arm_for_state()

    def _unanswered_proofs(self):
        """How many M3 for the address went without a good M4 for ten minutes, in 48 hours."""
        now = self.clock()
        return sum(1 for one in self.data["proofs"]
                   if one["email"] == self.wish.email and 600 <= now - one["at"] <= 2 * DAY)

    def _proof_answered(self, transaction):
        now = self.clock()
        self.data["proofs"] = [one for one in self.data["proofs"] if now - one["at"] <= 2 * DAY and not
                               (one["transaction"] == transaction and now - one["at"] < 600)]

    # ---- packets ---------------------------------------------------------------------------------------------

    def _packet(self, data, sender):
        header_values, header, body = shapes.packet(data)
        _, kid, direction, seq, _, ctype, flags = header_values
        if direction != packets.TO_HANDHELD:
            return
        if self.state == "confirming" and kid == self.run["kid"] and sender == self.run["srp"]:
            self._packet_before_check(data, header, body, seq, ctype, flags)
            return
        account = self.account
        if not account or kid != account["kid"] or sender not in account["servers"]:
            return
        content = packets.unseal(_raw(account["mk"]), account["suite"], header, body)
        if content is None:
            return
        tag = packets.tag_of(header)
        window = packets.Window(account["window"])
        seen = window.look(seq, tag)
        if seen == "old":
            return
        if seq == 0:
            if seen != "new" and ctype == packets.OTAKEYGEN:
                self._answer_duplicate()
            return
        if seen != "new" and seen[0] not in (policy.NOT_NOW, 8):
            if seen[0] is not None:
                self._send_ack(kid, seq, tag, *seen, about_books=ctype == packets.SERVICE_BOOK)
            return
        account["heard"] = True
        if self.state == "provisioning":
            self._disarm("copy")
        shown, servers = [], account["servers"]
        status, detail = self._content(ctype, flags, content, shown)
        window.mark(seq, tag, status, detail)
        if status is None:
            self.store.save()
            return
        if account["servers"] != servers:
            self._send_peers()
        self._send_ack(kid, seq, tag, status, detail, about_books=ctype == packets.SERVICE_BOOK)
        for line in shown:
            if isinstance(line, int):
                self._notice(line)
            else:
                self._show(line)

    def _packet_before_check(self, data, header, body, seq, ctype, flags):
        """In confirming: the server's key check makes the key current; other packets wait."""
        run = self.run
        if seq != 0:
            if len(run["held"]) < HELD and data.hex() not in run["held"]:
                run["held"].append(data.hex())
                self.store.save()
            return
        content = packets.unseal(_raw(run["mk"]), run["suite"], header, body)
        if content is None or ctype != packets.OTAKEYGEN or flags:
            return
        if content != cbor_strict.encode([1, _raw(run["th4"])]):
            return
        old = self.account
        same_ca = old is not None and old["ca"] == run["ca"]
        window = {}
        packets.Window(window).mark(0, packets.tag_of(header))
        account = {name: run[name] for name in ("email", "transaction", "suite", "kid", "mk", "m4", "check", "ca",
                                                "organisation")}
        account.update({"servers": [run["srp"]], "window": window, "numbers": {}, "heard": False, "books_ack": None,
                        "policy": old["policy"] if same_ca else None, "books": old["books"] if same_ca else None})
        self.data["account"] = account
        held = run["held"]
        self.data["run"] = {name: run[name] for name in ("email", "pin", "transaction", "srp")}
        self.data["run"].update(state="provisioning", since=self.clock())
        self.store.save()
        self._number_packets()
        self._disarm("e22")
        self._disarm("end")
        self._show(texts.WAITING)
        for packet in held:
            self._packet(_raw(packet), run["srp"])

    def _content(self, ctype, flags, content, shown):
        """Apply an authentic packet: (status, detail), or (None, None) where no ACK is due."""
        silent = ctype in (packets.OTAKEYGEN, packets.ACK)
        if flags & packets.COMPRESSED:
            try:
                if ctype in (packets.OTAKEYGEN, packets.ITADMIN, packets.SERVICE_BOOK, packets.ACK):
                    raise Refused("compressed")
                content = packets.inflate(content)
            except Refused:
                return (None, None) if silent else (policy.BAD_FORM, None)
        if silent:
            return None, None               # nothing of ours waits for an ACK; other OTAKEYGEN are ignored
        if ctype == packets.ITADMIN:
            return self._policy(content, shown)
        if ctype == packets.SERVICE_BOOK:
            return self._books(content, shown)
        if ctype in (packets.CMIME, packets.CICAL, packets.SYNC):
            if not self.account["policy"]:
                return policy.NOT_NOW, None
            try:
                shapes.DECODERS["cmime" if ctype == packets.CMIME else "sync"](content)
            except Refused as fault:
                return policy.UNKNOWN if fault.fault == "unsupported" else policy.BAD_FORM, None
        return policy.UNKNOWN, None

    def _policy(self, content, shown):
        account = self.account
        try:
            _, cms = shapes.DECODERS["itadmin"](content)
        except Refused as fault:
            if fault.fault == "unsupported":
                return policy.UNKNOWN, None
            shown.append(31)
            return policy.BAD_FORM, None
        servers = account["servers"] + (account["books"]["servers"] if account["books"] else [])
        status, detail, new = policy.judge(cms, _raw(account["ca"]), self.relay_time(), servers, self.pin,
                                           account["policy"], policy.Rules())
        if new:
            account["policy"] = new
        if status not in (policy.APPLIED, policy.IN_PART):
            shown.append(31)
        return status, detail

    def _books(self, content, shown):
        account = self.account
        if not account["policy"]:
            return policy.NOT_NOW, None
        status, detail, new = books.judge(content, account["books"])
        if new:
            account["books"] = new
        if status == policy.BAD_FORM:
            shown.append(14)
        elif status in (policy.APPLIED, policy.IN_PART):
            account["servers"] = account["books"]["servers"]
            if self.state == "provisioning":
                self.run.update(state="active", since=self.clock())
                self._disarm("copy")
                shown += [texts.RECEIVED, account["books"]["line"]]
        return status, detail

    def _send_ack(self, kid, seq, tag, status, detail, about_books=False):
        """Seal an ACK, put everything on disk, send it."""
        account = self.account
        number = self.numbers.take()
        packet = packets.seal(_raw(account["mk"]), account["suite"], account["kid"], packets.TO_SERVER, number,
                              packets.ACK, packets.ack(kid, seq, tag, status, detail))
        mid, to = secrets.token_bytes(16), account["servers"][0]
        content = cbor_strict.encode([5, packet])
        what = "ack"
        if about_books and status in (policy.APPLIED, policy.IN_PART) and self.state == "active":
            what = "books_ack"
            account["books_ack"] = {"mid": mid.hex(), "to": to, "payload": content.hex()}
        self.store.save()
        self._send(what, to, content, mid)

    # ---- errors from a server --------------------------------------------------------------------------------

    def _error(self, error, sender):
        number = error[3]
        if number not in SERVER_CODES:
            return
        ours = self.run is not None and error.get(2, b"").hex() == self.run["transaction"]
        if self.state in ("mailing", "waiting"):
            if ours:
                transaction = error[2]
                self._arm(f"error {number}", 10, lambda: self._late_error(number, error.get(4), transaction))
        elif self.state == "proving":
            if ours and sender == self.run["srp"]:
                if number == 15:
                    self._notice(15)
                else:
                    self._fail(number, "error from the server", error.get(4))
        elif sender in self._servers():
            kids = [one["kid"] for one in (self.run, self.account) if one and "kid" in one]
            if ours or error.get(5) in kids:
                self._notice(number, error.get(4))

    def _late_error(self, number, tries, transaction):
        """Ten seconds passed without a good M2."""
        if self.state in ("mailing", "waiting") and self.run["transaction"] == transaction.hex():
            self._notice(number, tries)
            if not self.wish.patient:
                self._cancel(number, "error shown while waiting for M2")

    # ---- receipts --------------------------------------------------------------------------------------------

    def _receipt(self, mid, status):
        one = self.sent.get(mid)
        if not one:
            return
        what, to, content, refusals = one
        if status in (0, 1):
            del self.sent[mid]
            if what == "books_ack":
                self._complete()
        elif status in (2, 3, 6, 8):
            del self.sent[mid]
            if status == 3 and self.state in ("provisioning", "active"):
                if "gone" not in self.timers:
                    self._arm("gone", 3600, lambda: self._notice(18))
            if what in ("ack", "books_ack"):
                wait = {2: 60 * 2**refusals, 3: min(15 * 2**refusals, 600), 6: 0, 8: 5}[status]
                self._arm(f"retry {mid.hex()}", wait, lambda: self._retry(what, to, content, refusals + 1))
        else:
            del self.sent[mid]
        if status in (0, 1):
            self._disarm("gone")

    def _retry(self, what, to, content, refusals):
        """The same packet in a new frame."""
        mid = secrets.token_bytes(16)
        if what == "books_ack":
            self.account["books_ack"] = {"mid": mid.hex(), "to": to, "payload": content.hex()}
            self.store.save()
        self._send(what, to, content, mid)
        self.sent[mid][3] = refusals

    def _complete(self):
        if self.state != "active":
            return
        self.account["books_ack"] = None
        self.data["run"] = None
        self.store.save()
        self._show(texts.COMPLETE)
        self._clear_timers()
        self.outcome = {"ok": True, "code": None, "reason": None, "state": self.state, "pin": self.pin,
                        **self._account_summary()}

    # ---- ends ------------------------------------------------------------------------------------------------

    def _fail(self, number, reason, tries=None):
        """The run is over: show the code's text, erase the run, say [12] as before."""
        self._notice(number, tries)
        self._cancel(number, reason)

    def _cancel(self, number, reason):
        transaction = self.run["transaction"]
        self.data["run"] = None
        self.store.save()
        self._clear_timers()
        self._send_peers()
        self._end(number, reason, transaction)

    def _end(self, number, reason, transaction=None):
        relay = self.data.get("relay")
        self.outcome = {"ok": False, "code": texts.name(number) if number else None, "reason": reason,
                        "state": self.state, "pin": relay and relay["pin"],
                        "transaction": self.run["transaction"] if self.run else transaction}

    def timed_out(self):
        """The caller's patience is over; the run stays in the state file."""
        state = self.state
        self._end(None, f"no end in time, still in {state}")
        self.outcome["code"] = self.last_code

    def _account_summary(self):
        """What the last line of the program says about a new account."""
        account = self.account
        known = {name: account[name] for name in ("transaction", "email", "suite", "kid", "organisation", "servers")}
        for name, keys in (("policy", ("id", "number", "status", "unknown")), ("books", ("number", "status", "books"))):
            known[name] = {key: account[name][key] for key in keys}
        return known

    # ---- small things ----------------------------------------------------------------------------------------

    def _arm_for_state(self):
        """The clocks that belong to the run's state."""
        run = self.run
        if self.state in ("mailing", "waiting"):
            offset = self.data["relay"]["offset"]
            self._arm_at("end", run["ends"] - offset, lambda: self._fail(6, "the mail's life ended"))
            if self.state == "waiting":
                self._arm_at("e21", run["since"] + 300, lambda: self._notice(21))
        elif self.state in ("proving", "confirming"):
            since = run["m2_at" if self.state == "proving" else "m4_at"]
            self._arm_at("e22", run["since"] + 120, lambda: self._notice(22))
            self._arm_at("end", since + DAY, lambda: self._cancel(22, "no answer for 24 hours"))

    def _arm_at(self, name, due, action):
        self.timers[name] = (due, action)

    def _arm(self, name, seconds, action):
        self._arm_at(name, self.clock() + seconds, action)

    def _disarm(self, name):
        self.timers.pop(name, None)

    def _clear_timers(self):
        self.timers = {name: one for name, one in self.timers.items() if name == "unreachable"}

    def _unreachable(self):
        """E01, once until the next log-in."""
        if not self.was_unreachable:
            self.was_unreachable = True
            self._notice(1)

    def _put(self, frame):
        self.outbox.append(frame)

    def _send(self, what, to, content, mid=None):
        mid = mid or secrets.token_bytes(16)
        self.sent[mid] = [what, to, content, 0]
        self._put([20, mid, to, TTL, content])

    def _send_peers(self):
        self._put([12, self._servers()[:8]])

    def _show(self, text):
        self.last_code = None
        if text != self.last_shown:
            self.last_shown = text
            self.show_text(text)

    def _notice(self, number, tries=None):
        self._show(texts.of_code(number, tries))
        self.last_code = texts.name(number)


def _raw(text):
    return bytes.fromhex(text)
