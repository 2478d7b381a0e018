#!/usr/bin/env python3
"""A second verifier, written from docs/verification.md alone: python3 verify.py FILE [--json]

Checks chain, witnesses, commitments, keys, draws and assignments; of an auditor's file also digests of traces and every candidate. It does not take
lanes and scores again: that needs the rules' language. Exit code 0 when everything matches, 1 when not, 2 when the file is no proof.
"""
import base64
import datetime
import gzip
import hashlib
import hmac
import json
import sys

FACTS, TRACES = "customs.risk.v1", "customs.risk.traces.v1"
SHOWN = {"DayCommitted", "DayOpened", "DayClosed", "DayKeyRevealed", "RulesInForce", "RosterSet", "Assigned", "Reassigned", "AssignmentClosed", "Concluded"}
AHEAD = 8


class Malformed(Exception):
    pass


# --- protobuf -------------------------------------------------------------------------------------------------------------------------------

U, S, B, I = "u", "s", "b", "i"
SPAN = {1: ("from_us", I), 2: ("to_us", I)}
OFFICER = {1: ("code", S), 2: ("lists", [S]), 3: ("skills", [S]), 4: ("cap", U), 5: ("conflicts", [S]), 6: ("shifts", [SPAN]), 7: ("leave", [SPAN]),
           8: ("suspended", U), 9: ("places", [S]), 10: ("learnt", [S])}
FACT_FIELDS = {
    1: ("Decided", {1: ("key", S), 2: ("version", U), 3: ("lane", U), 4: ("form", U), 5: ("legal_ground", S), 6: ("score", U), 7: ("day", S),
                    8: ("trace_digest", B), 9: ("officer", S), 10: ("queue_reason", S), 11: ("points", U), 12: ("rules", B)}),
    2: ("Assigned", {1: ("key", S), 2: ("version", U), 3: ("officer", S), 4: ("points", U), 5: ("day", S), 6: ("trace_digest", B), 7: ("round", U),
                     8: ("how", S), 9: ("list", S), 10: ("left_out", [{1: ("code", S), 2: ("reason", S)}]),
                     11: ("draws", [{1: ("purpose", S), 2: ("version", U), 3: ("counter", U), 4: ("value", U), 5: ("day", S)}]),
                     12: ("queue_reason", S), 13: ("supervisor", S), 14: ("group", S), 15: ("from", S)}),
    3: ("Reassigned", {1: ("key", S), 2: ("version", U), 3: ("from", S), 4: ("to", S), 5: ("reason", S), 6: ("second_person", S), 7: ("points", U),
                       8: ("drawn", U), 9: ("round", U)}),
    4: ("AssignmentClosed", {1: ("key", S), 2: ("version", U), 3: ("officer", S), 4: ("reason", S), 5: ("points", U)}),
    5: ("Concluded", {1: ("key", S), 2: ("version", U), 3: ("form", U), 4: ("conform", U), 5: ("code", S), 6: ("officer", S), 7: ("note_digest", B)}),
    7: ("DayCommitted", {1: ("office", S), 2: ("date", S), 3: ("commitment", B)}),
    8: ("DayOpened", {1: ("office", S), 2: ("date", S), 3: ("commitment", B), 4: ("rules", B), 5: ("roster", B), 6: ("model", B),
                      7: ("balances", [{1: ("officer", S), 2: ("points", U), 3: ("open_files", U)}]), 8: ("beacon_source", S), 9: ("beacon_value", S),
                      10: ("default_cap", U)}),
    9: ("DayClosed", {1: ("office", S), 2: ("date", S), 3: ("decisions", U)}),
    10: ("DayKeyRevealed", {1: ("office", S), 2: ("date", S), 3: ("key", B)}),
    11: ("RulesInForce", {1: ("office", S), 2: ("digest", B), 3: ("version", U), 4: ("profiles", U), 5: ("model", B), 6: ("default_cap", U)}),
    12: ("RosterSet", {1: ("office", S), 2: ("digest", B), 3: ("officers", [OFFICER]), 4: ("supervisors", [OFFICER])}),
    13: ("LaneChanged", {1: ("key", S), 2: ("version", U), 3: ("from", U), 4: ("to", U), 5: ("form", U), 6: ("reason", S), 7: ("second_person", S),
                         8: ("officer", S)}),
}
TRACE_FIELDS = {
    1: ("Traced", {1: ("key", S), 2: ("version", U), 3: ("salt", B), 4: ("trace", B)}),
    2: ("RulesPublished", {1: ("office", S), 2: ("digest", B), 3: ("rules", S)}),
    3: ("PickTraced", {1: ("key", S), 2: ("version", U), 3: ("round", U), 4: ("salt", B), 5: ("trace", B)}),
}
ABOUT_OFFICE = {"DayCommitted", "DayOpened", "DayClosed", "DayKeyRevealed", "RulesInForce", "RosterSet"}
KNOWN = {name for name, _ in FACT_FIELDS.values()} | {name for name, _ in TRACE_FIELDS.values()} | {"RuleChanged", "Superseded"}


def varint(data, at):
    value = shift = 0
    while True:
        if at >= len(data) or shift > 63:
            raise ValueError("varint")
        byte = data[at]
        value |= (byte & 127) << shift
        at, shift = at + 1, shift + 7
        if byte < 128:
            return value & (2 ** 64 - 1), at


def pieces(data):
    at = 0
    while at < len(data):
        tag, at = varint(data, at)
        number, wire = tag >> 3, tag & 7
        if wire == 0:
            value, at = varint(data, at)
        elif wire == 2:
            length, at = varint(data, at)
            value, at = data[at:at + length], at + length
        elif wire in (1, 5):
            length = 8 if wire == 1 else 4
            value, at = data[at:at + length], at + length
        else:
            raise ValueError("wire type")
        if at > len(data):
            raise ValueError("cut")
        yield number, wire, value


def scalar(kind, wire, value):
    if (kind in (U, I)) != (wire == 0):
        raise ValueError("wire type")
    if kind == I:
        return value - 2 ** 64 if value >= 2 ** 63 else value
    return value.decode("utf-8") if kind == S else value


def message(data, fields):
    empty = {U: 0, I: 0, S: "", B: b""}
    out = {name: [] if isinstance(kind, list) else empty[kind] for name, kind in fields.values()}
    for number, wire, value in pieces(data):
        if number not in fields:
            continue
        name, kind = fields[number]
        if isinstance(kind, list):
            out[name].append(message(value, kind[0]) if isinstance(kind[0], dict) else scalar(kind[0], wire, value))
        else:
            out[name] = scalar(kind, wire, value)
    return out


def event(data, table):
    """(name, fields) of the fact inside; (None, None) for one that no check looks at."""
    name, fact = None, None
    for number, wire, value in pieces(data):
        if number in table and wire == 2:
            name, fact = table[number][0], message(value, table[number][1])
    return name, fact


# --- formulas -------------------------------------------------------------------------------------------------------------------------------

def lp(text):
    data = text.encode() if isinstance(text, str) else text
    return len(data).to_bytes(4, "big") + data


def sha(data):
    return hashlib.sha256(data).digest()


def midnight(date):
    """Local midnight (UTC+7) in microseconds since 1970."""
    return ((date - datetime.date(1970, 1, 1)).days * 24 - 7) * 3_600_000_000


def local_date(at):
    return datetime.date(1970, 1, 1) + datetime.timedelta(days=(at // 1_000_000 + 7 * 3600) // 86400)


def parse_date(text):
    return datetime.date.fromisoformat(text) if len(text) == 10 else None


def safe_date(text):
    try:
        return parse_date(text)
    except ValueError:
        return None


def overlap(a, b):
    return max(0, min(a[1], b[1]) - max(a[0], b[0]))


def within(spans, at):
    return any(s["from_us"] <= at < s["to_us"] for s in spans)


def minutes(officer, month_start, at):
    worked = 0
    for shift in officer["shifts"]:
        part = (max(shift["from_us"], month_start), min(shift["to_us"], at))
        worked += overlap((shift["from_us"], shift["to_us"]), (month_start, at))
        worked -= sum(overlap((leave["from_us"], leave["to_us"]), part) for leave in officer["leave"])
    quotient = abs(worked) // 60_000_000 * (1 if worked >= 0 else -1)
    return max(1, quotient)


def covers(skill, commodity):
    if "-" in skill:
        low, high = skill.split("-", 1)
        head = commodity[:len(low)]
        return len(head) == len(low) and low <= head <= high
    return commodity.startswith(skill)


def roster_digest(officers, supervisors):
    def shown(o):
        spans = lambda list_: [[s["from_us"], s["to_us"]] for s in list_]
        return {"code": o["code"], "lists": o["lists"], "skills": o["skills"], "places": o["places"], "cap": o["cap"], "conflicts": o["conflicts"],
                "learnt": o["learnt"], "shifts": spans(o["shifts"]), "leave": spans(o["leave"]), "suspended": bool(o["suspended"])}
    text = json.dumps({"officers": [shown(o) for o in officers], "supervisors": [shown(o) for o in supervisors]}, separators=(",", ":"), ensure_ascii=False)
    return sha(text.encode())


def by_code(officers):
    found = {}
    for officer in officers:
        found.setdefault(officer["code"], officer)
    return [found[code] for code in sorted(found, key=str.encode)]


class Urn:
    def __init__(self, key, day, declaration, version):
        self.key, self.day, self.declaration, self.version = key, day, declaration, version

    def value(self, purpose, counter, version=None):
        version = self.version if version is None else version
        text = lp(self.declaration) + lp(purpose) + version.to_bytes(4, "big") + counter.to_bytes(4, "big")
        return int.from_bytes(hmac.new(self.key, text, hashlib.sha256).digest()[:8], "big")

    def choose(self, purpose, n):
        bound, counter = 2 ** 64 // n * n, 0
        while True:
            value = self.value(purpose, counter)
            if value < bound:
                return value % n, {"purpose": purpose, "version": self.version, "counter": counter, "value": value, "day": self.day}
            counter += 1


def named_round(name, number):
    return f"{name}:{number}" if number else name


def draw_two(candidates, urn, number):
    """(code or None, draws) of [(code, points, minutes)], sorted by code."""
    n = len(candidates)
    if n < 2:
        return (candidates[0][0] if n else None), []
    first, one = urn.choose(named_round("assign:1", number), n)
    other, two = urn.choose(named_round("assign:2", number), n - 1) if n > 2 else only(urn, named_round("assign:2", number))
    second = other + 1 if other >= first else other
    a, b = candidates[first], candidates[second]
    lighter = b[1] * a[2] < a[1] * b[2]
    return (b if lighter else a)[0], [one, two]


def only(urn, purpose):
    """A choice among one is still a draw where the rule draws twice."""
    return 0, {"purpose": purpose, "version": urn.version, "counter": 0, "value": urn.value(purpose, 0), "day": urn.day}


def queue_reason(reasons):
    if not reasons:
        return "NO_ROSTER"
    for code, causes in (("ALL_AT_CAP", {"CAP"}), ("CONFLICT", {"CONFLICT"}), ("NO_SKILL", {"SKILL", "LIST", "PLACE"}),
                         ("NOBODY_ON_SHIFT", {"OFF_SHIFT", "LEAVE", "SUSPENDED"})):
        if causes & set(reasons):
            return code
    return "NOBODY_ELSE"


# --- findings -------------------------------------------------------------------------------------------------------------------------------

class Findings:
    def __init__(self):
        self.list, self.notes = [], []

    def add(self, row, check, what):
        self.list.append({"topic": row["topic"], "stream": row["s"], "position": row["p"], "office": row["office"], "check": check, "what": what})

    def plain(self, check, what, office="", topic=FACTS, stream=0, position=0):
        self.list.append({"topic": topic, "stream": stream, "position": position, "office": office, "check": check, "what": what})


# --- streams --------------------------------------------------------------------------------------------------------------------------------

class Streams:
    def __init__(self, topics, witnesses):
        self.ranges, self.seen = {}, {}
        for w in witnesses:
            if w["topic"] in topics:
                self.seen.setdefault((w["topic"], w["stream"], w["position"]), []).append((w["hash"], f"{w['by']} of {w['date']}"))

    def take(self, row, payload_digest, findings):
        ranges = self.ranges.setdefault((row["topic"], row["s"]), [])
        last, before = (ranges[-1] if ranges else None), row.get("before")
        previous = before if before is not None else (last["hash"] if last else None)
        if last and before is not None:
            if row["p"] == last["to"] + 1 and before != last["hash"]:
                findings.add(row, "chain", "another row came before")
            elif row["p"] <= last["to"]:
                findings.add(row, "order", f"position {last['to'] + 1} was next")
        elif last and row["p"] != last["to"] + 1:
            findings.add(row, "order", f"position {last['to'] + 1} was next")
        elif not last and before is None:
            findings.add(row, "chain", "nothing says what came before")
        elif not last and row["p"] == 1 and before != "00" * 32:
            findings.add(row, "chain", "something comes before position 1")
        if previous is not None:
            text = bytes.fromhex(previous) + row["s"].to_bytes(4, "big") + row["p"].to_bytes(8, "big")
            text += b"".join(lp(row[name]) for name in ("topic", "kind", "subject", "office", "actor", "cause"))
            text += row["at"].to_bytes(8, "big", signed=True) + payload_digest
            if sha(text).hex() != row["hash"]:
                findings.add(row, "chain", "the hash is not that of this row and the one before")
        if last and (before is None or last["to"] + 1 == row["p"]):
            last["to"], last["hash"] = row["p"], row["hash"]
        else:
            ranges.append({"from": row["p"], "to": row["p"], "hash": row["hash"], "witnessed": None})
        for hash_, by in self.seen.get((row["topic"], row["s"], row["p"]), []):
            if hash_ != row["hash"]:
                findings.add(row, "witness", f"{by} saw another hash")
            else:
                ranges[-1]["witnessed"] = row["p"]

    def range_of(self, topic, stream, position):
        return next((r for r in self.ranges.get((topic, stream), []) if r["from"] <= position <= r["to"]), None)

    def end(self, findings):
        for (topic, stream, position), by in sorted(self.seen.items()):
            if not self.range_of(topic, stream, position):
                findings.plain("witness", f"{by[0][1]} saw a row that is not in the file", topic=topic, stream=stream, position=position)
        for (topic, stream), ranges in sorted(self.ranges.items()):
            if ranges[-1]["witnessed"] != ranges[-1]["to"]:
                findings.notes.append(f"{topic}/{stream}: unwitnessed at its end, position {ranges[-1]['to']}")


# --- one office -----------------------------------------------------------------------------------------------------------------------------

UNKNOWN, NOBODY, QUEUED = ("unknown",), ("nobody",), ("queued",)


def new_file():
    return {"decided_at": None, "version": None, "round": None, "holder": UNKNOWN, "points": None, "closed": None, "drawing": None, "lane": None}


class Office:
    def __init__(self, name, auditor, day, given, findings):
        self.name, self.auditor, self.day, self.given, self.findings = name, auditor, day, given, findings
        self.date = day.isoformat()
        key = bytes.fromhex(given["key"]) if given else bytes(32)
        source, value = (given.get("beacon_source", ""), given.get("beacon_value", "")) if given else ("", "")
        self.key = sha(b"mix" + lp(source) + lp(value) + key) if source else key
        self.month_start = midnight(day.replace(day=1))
        self.stage, self.between, self.rows, self.last_opened = "before", False, 0, None
        self.officers, self.supervisors, self.roster = [], [], None
        self.rules, self.model, self.cap = None, None, 0
        self.ledger, self.files, self.groups = {}, {}, {}
        self.committed, self.opened, self.decisions = [], None, 0

    def add(self, row, check, what):
        self.findings.add(row, check, what)

    def file(self, row):
        return self.files.setdefault(row["subject"], new_file())

    def load(self, officer):
        return self.ledger.setdefault(officer, [0, 0])

    def officer(self, code):
        return next((o for o in self.officers if o["code"] == code), None)

    def moment(self, rows):
        facts = [r for r in rows if r["topic"] != TRACES]
        traces = [r for r in rows if r["topic"] == TRACES]
        for row in facts:
            self.row(row, facts, traces)
            self.rows += 1
        for row in facts:
            if row["name"] == "Reassigned" and row["fact"] and self.files.get(row["subject"], new_file())["drawing"]:
                self.add(row, "missing", "a file was taken away to be drawn for, and no assignment follows")
        for row in traces:
            if row["bad"]:
                self.add(row, "row", row["bad"])
            elif self.auditor and self.stage == "open" and row["name"] in ("Traced", "PickTraced") and not row.get("used"):
                self.add(row, "missing", "a trace without its decision or assignment")

    def row(self, row, facts, traces):
        name, fact = row["name"], row["fact"]
        if row["bad"]:
            return self.add(row, "row", row["bad"])
        if fact is None:
            if name == "Decided" and self.in_day(row):
                if self.auditor:
                    self.add(row, "row", "its content is needed")
                self.begun(row, None)
            elif name == "LaneChanged" and not self.auditor:
                self.file(row)["points"] = None
            elif name != "Decided" and self.stage == "open" and (name in SHOWN or self.auditor and name in KNOWN and name != "Superseded"):
                self.add(row, "row", "its content is needed")
            return None
        subject, named = (row["office"], fact["office"]) if name in ABOUT_OFFICE else (row["subject"], fact["key"])
        if subject != named:
            self.add(row, "row", f"the row is about {subject}, its content about {named}")
        if name in ABOUT_OFFICE:
            return getattr(self, name)(row, fact)
        if name == "Decided":
            return self.Decided(row, fact, facts, traces)
        if self.in_day(row):
            if name == "Assigned":
                self.Assigned(row, fact, facts, traces)
            elif name == "LaneChanged":
                self.LaneChanged(row, fact, facts)
            else:
                getattr(self, name)(row, fact)
        return None

    def in_day(self, row):
        if self.between:
            self.add(row, "day", "no day is open")
        return self.stage == "open"

    # the day

    def DayCommitted(self, row, fact):
        if fact["date"] == self.date:
            self.committed.append({"row": row, "commitment": fact["commitment"], "first": self.rows == 0})

    def DayOpened(self, row, fact):
        date = safe_date(fact["date"])
        if date is None or (self.last_opened and date <= self.last_opened):
            self.add(row, "day", "dates only rise")
        if date and (self.last_opened is None or date > self.last_opened):
            self.last_opened = date
        self.between = False
        if fact["date"] != self.date:
            if self.stage == "open":
                self.add(row, "day", "another day is opened while this one is open")
            if date and date > self.day and self.stage == "revealed":
                self.stage = "past"
                self.handed_on(row, fact, date)
            return
        if self.stage != "before":
            self.add(row, "day", "opened twice")
            return
        self.stage, self.opened = "open", row
        if local_date(row["at"]) > self.day:
            self.add(row, "day", "opened on another date")
        self.commitment(row, fact)
        if self.roster is None:
            self.roster = roster_digest([], [])
        if self.roster != fact["roster"]:
            self.add(row, "roster", "not the roster in force")
        if self.rules is not None and (self.rules, self.model, self.cap) != (fact["rules"], fact["model"], fact["default_cap"]):
            self.add(row, "rules", "not the rules in force")
        self.rules, self.model, self.cap = fact["rules"], fact["model"], fact["default_cap"]
        if self.given and (self.given.get("beacon_source", ""), self.given.get("beacon_value", "")) != (fact["beacon_source"], fact["beacon_value"]):
            self.add(row, "key", "another public value than the header's")
        self.ledger = {b["officer"]: [b["points"], b["open_files"]] for b in fact["balances"]}
        if self.day.day == 1 and any(b["points"] for b in fact["balances"]):
            self.add(row, "points", "a month begins with no points")

    def commitment(self, row, fact):
        if len(self.committed) != 1:
            self.add(row, "commitment", f"{len(self.committed)} commitments to this day")
            return
        made = self.committed[0]
        if made["commitment"] != fact["commitment"]:
            self.add(row, "commitment", "another commitment than was made")
        lead = (self.day - local_date(made["row"]["at"])).days
        if made["row"]["at"] >= midnight(self.day):
            if made["first"] and not fact["balances"]:
                self.findings.notes.append(f"{self.name}: the office's first day")
            else:
                self.add(row, "commitment", "made after the day had begun")
        elif lead < AHEAD:
            self.findings.notes.append(f"{self.name}: committed only {lead} days ahead")

    def handed_on(self, row, fact, date):
        if (date.year, date.month) != (self.day.year, self.day.month):
            for load in self.ledger.values():
                load[0] = 0
        carried = [(code, *load) for code, load in sorted(self.ledger.items(), key=lambda item: item[0].encode()) if load != [0, 0]]
        if carried != [(b["officer"], b["points"], b["open_files"]) for b in fact["balances"]]:
            self.add(row, "points", "the next day does not begin with the loads that this one ended with")

    def DayClosed(self, row, fact):
        self.between = True
        if fact["date"] != self.date:
            if self.stage == "open":
                self.add(row, "day", "another day is closed while this one is open")
            return
        if self.stage != "open":
            self.add(row, "day", "closed and was not open")
            return
        self.stage = "closed"
        if fact["decisions"] != self.decisions:
            self.add(row, "count", f"{fact['decisions']} decisions, {self.decisions} are in the file")

    def DayKeyRevealed(self, row, fact):
        if fact["date"] != self.date:
            return
        if self.stage != "closed":
            self.add(row, "key", "revealed and the day was not closed just before")
        self.stage = "revealed"
        made = sha(lp(self.name) + lp(self.date) + fact["key"])
        if len(fact["key"]) != 32 or made not in [c["commitment"] for c in self.committed]:
            self.add(row, "key", "not the key that was committed to")
        if not self.given or self.given["key"] != fact["key"].hex():
            self.add(row, "key", "the header names another key")

    def RosterSet(self, row, fact):
        self.officers, self.supervisors = by_code(fact["officers"]), by_code(fact["supervisors"])
        codes = {o["code"] for o in self.officers}
        self.supervisors = [s for s in self.supervisors if s["code"] not in codes]
        self.roster = roster_digest(self.officers, self.supervisors)
        if self.roster != fact["digest"]:
            self.add(row, "roster", "the roster does not have the digest that is named")

    def RulesInForce(self, row, fact):
        self.rules, self.model, self.cap = fact["digest"], fact["model"], fact["default_cap"]

    def end(self, streams):
        if self.given is None and self.stage == "before":
            return
        if self.stage in ("before", "open", "closed"):
            self.findings.plain("day", f"{self.stage} at the end of the file", office=self.name)
        if self.committed and self.opened:
            made = self.committed[0]["row"]
            found = streams.range_of(made["topic"], made["s"], made["p"])
            runs_on = (made["topic"], made["s"]) == (self.opened["topic"], self.opened["s"]) and made["p"] <= self.opened["p"] <= found["to"]
            if not runs_on and not (found["witnessed"] and found["witnessed"] >= made["p"]):
                self.findings.plain("commitment", "no witness has seen the commitment", office=self.name)
        if self.stage == "revealed":
            self.findings.notes.append(f"{self.name}: the next day is not in the file")

    # files from hand to hand

    def begun(self, row, version):
        self.decisions += 1
        file = self.file(row)
        if file["holder"] not in (UNKNOWN, NOBODY):
            self.add(row, "holder", "decided again while the version before is assigned or queued")
        if file["version"] is not None and version is not None and version <= file["version"]:
            self.add(row, "row", "versions rise")
        file.update(decided_at=row["at"], version=version, round=None, points=None, drawing=None, holder=NOBODY)

    def left(self, row, version, officer, points):
        file = self.file(row)
        if file["holder"] != UNKNOWN and file["holder"] != (QUEUED if officer == "" else ("officer", officer)):
            self.add(row, "holder", f"{officer!r} does not have this file")
        if file["version"] is not None and file["version"] != version:
            self.add(row, "row", "not the version that was decided")
        if points is not None and file["points"] is not None and file["points"] != points:
            self.add(row, "points", f"the file has {file['points']} points")
        return file

    def release(self, officer, points):
        load = self.load(officer)
        load[0], load[1] = max(0, load[0] - points), max(0, load[1] - 1)

    def take(self, officer, points):
        load = self.load(officer)
        load[0], load[1] = load[0] + points, load[1] + 1

    def Reassigned(self, row, fact):
        file = self.left(row, fact["version"], fact["from"], fact["points"])
        last, number = file["round"], fact["round"]
        if fact["drawn"]:
            if last is not None and number != last + 1:
                self.add(row, "round", f"round {number} follows {last}")
            file.update(drawing=(number, fact["from"]), holder=NOBODY)
        else:
            if last is not None and number not in (last, last + 1):
                self.add(row, "round", f"round {number} follows {last}")
            file.update(round=number, holder=("officer", fact["to"]))
        file.update(version=fact["version"], points=fact["points"])
        self.release(fact["from"], fact["points"])
        if not fact["drawn"]:
            if not self.officer(fact["to"]):
                self.add(row, "officer", f"{fact['to']} is not on the roster")
            self.take(fact["to"], fact["points"])

    def AssignmentClosed(self, row, fact):
        file = self.left(row, fact["version"], fact["officer"], fact["points"] if fact["officer"] else None)
        file.update(holder=NOBODY, closed=(fact["officer"], row["at"]))
        if fact["officer"]:
            self.release(fact["officer"], fact["points"])

    def Concluded(self, row, fact):
        self.left(row, fact["version"], fact["officer"], None)["holder"] = NOBODY
        load = self.load(fact["officer"])
        load[1] = max(0, load[1] - 1)

    def LaneChanged(self, row, fact, facts):
        lane = lambda n: n if n in (1, 2, 3) else None
        follows = lambda name: any(f["name"] == name and f["subject"] == row["subject"] for f in facts)
        if (fact["from"] == 1) != follows("Assigned") or (fact["to"] == 1) != follows("AssignmentClosed") or lane(fact["from"]) == lane(fact["to"]):
            self.add(row, "missing", "the file does not begin or end there")
        file = self.file(row)
        if file["lane"] is not None and file["lane"] != lane(fact["from"]):
            self.add(row, "lane", "the lane was another one")
        if file["version"] is not None and file["version"] != fact["version"]:
            self.add(row, "row", "not the version that was decided")
        file.update(lane=lane(fact["to"]), points=None)

    # decisions and assignments

    def Decided(self, row, fact, facts, traces):
        if fact["day"] == self.date and self.stage != "open":
            self.add(row, "day", "outside of its day")
        if not self.in_day(row):
            return
        if fact["day"] != self.date:
            self.add(row, "day", f"decided for {fact['day']}")
        self.begun(row, fact["version"])
        self.file(row).update(lane=fact["lane"] if fact["lane"] in (1, 2, 3) else None, points=fact["points"])
        traced = next((t for t in traces if t["name"] == "Traced" and t["fact"] and not t.get("used")
                       and (t["fact"]["key"], t["fact"]["version"]) == (fact["key"], fact["version"])), None)
        if not traced:
            self.add(row, "missing", "a decision without its trace")
            return
        traced["used"] = True
        if sha(traced["fact"]["salt"] + traced["fact"]["trace"]) != fact["trace_digest"]:
            self.add(row, "trace_digest", "not the trace that the decision names")
        try:
            green = self.decision(row, fact, traced)
        except UNREADABLE:
            self.add(traced, "trace", "the trace cannot be read")
            return
        assigned = any(f["name"] == "Assigned" and f["subject"] == row["subject"] for f in facts)
        if assigned == green:
            self.add(row, "missing", "an assignment off the green lane, and only there")

    def decision(self, row, fact, traced):
        """Whether the lane is green."""
        trace = canonical(traced["fact"]["trace"])
        self.told(row, fact, trace, traced)
        for draw in trace["selection"]["draws"] + trace["earlier"]:
            if draw["day"] == self.date:
                urn = Urn(self.key, self.date, trace["declaration"], draw["version"])
                if str(urn.value(draw["purpose"], draw["counter"])) != draw["value"]:
                    self.add(traced, "draw", f"{draw['purpose']} does not come from the day's key")
        return trace["selection"]["lane"] == "green"

    def told(self, row, fact, trace, traced):
        selection, pick = trace["selection"], trace["pick"]
        choice = pick["assignment"]["choice"] if pick else {}
        same = (fact["key"], fact["version"], fact["lane"], fact["form"], fact["legal_ground"], fact["score"], fact["day"], fact["officer"],
                fact["queue_reason"], fact["points"], fact["rules"].hex())
        says = (trace["declaration"], trace["version"], {"green": 1, "yellow": 2, "red": 3}.get(selection["lane"]),
                ["none", "documents", "scanner", "direct", "laboratory"].index(selection["form"]), selection["ground"], selection["score"], trace["day"],
                choice.get("officer", ""), choice.get("queued", ""), trace["points"], trace["rules"])
        if same != says:
            self.add(row, "trace", "the row does not tell what its trace says")
        if (trace["day"], trace["now_us"]) != (self.date, traced["at"]):
            self.add(traced, "trace", "the trace is of another time")
        if (trace["rules"], trace["model"]) != (self.rules.hex(), self.model.hex()):
            self.add(traced, "rules", "other rules than are in force")

    def Assigned(self, row, fact, facts, traces):
        if fact["day"] != self.date:
            self.add(row, "day", f"drawn for {fact['day']}")
        file = self.file(row)
        self.round(row, fact, facts, file)
        if not file["drawing"] and any(l["reason"] == "EXCLUDED" for l in fact["left_out"]):
            self.add(row, "candidates", "somebody is excluded and nothing was reassigned")
        self.drawn(row, fact, file)
        if self.auditor:
            self.traced(row, fact, file, traces)
        if file["holder"] not in (UNKNOWN, NOBODY, QUEUED):
            self.add(row, "holder", "the file has an officer already")
        if file["points"] is not None and file["points"] != fact["points"]:
            self.add(row, "points", f"the file has {file['points']} points")
        if file["version"] is not None and file["version"] != fact["version"]:
            self.add(row, "row", "not the version that was decided")
        file.update(round=fact["round"], points=fact["points"], version=fact["version"], drawing=None,
                    holder=("officer", fact["officer"]) if fact["officer"] else QUEUED)
        if fact["officer"]:
            self.take(fact["officer"], fact["points"])
            if fact["group"]:
                self.groups[fact["group"]] = fact["officer"]

    def round(self, row, fact, facts, file):
        if file["drawing"]:
            good = fact["round"] == file["drawing"][0]
        elif file["round"] is not None:
            good = fact["round"] == file["round"] + 1
        elif file["decided_at"] == row["at"]:
            good = fact["round"] == 0
        elif file["decided_at"] is not None:
            good = fact["round"] == 1 and any(f["name"] == "LaneChanged" and f["subject"] == row["subject"] for f in facts)
        else:
            good = fact["round"] > 0
        if not good:
            self.add(row, "round", f"round {fact['round']} follows {file['round']}")

    def hindrance(self, officer, open_files, at, fact, against):
        named = next((l["reason"] for l in fact["left_out"] if l["code"] == officer["code"]), None)
        if named == "EXCLUDED":
            return named
        absent = ("SUSPENDED" if officer["suspended"] else "LEAVE" if within(officer["leave"], at)
                  else None if within(officer["shifts"], at) else "OFF_SHIFT")
        unlisted = bool(officer["lists"]) and fact["list"] not in officer["lists"]
        there = not absent and not unlisted
        possible = {None: bool(absent) or not unlisted, "LIST": not absent and unlisted, "SKILL": there and bool(officer["skills"]),
                    "PLACE": there and bool(officer["places"]), "CONFLICT": there and bool(officer["conflicts"] or officer["learnt"])}
        if not possible.get(named, False):
            against.append(f"{officer['code']} is left out by {named}, which the roster contradicts")
        return absent or named or ("CAP" if open_files >= (officer["cap"] or self.cap) else None)

    def drawn(self, row, fact, file):
        at, urn, against, draws = row["at"], Urn(self.key, self.date, fact["key"], fact["version"]), [], []
        named = {l["code"]: l["reason"] for l in reversed(fact["left_out"])}
        if fact["how"] in ("RETURNED", "TOGETHER"):
            self.kept(row, fact, file, named)
        else:
            self.must_return(row, fact, file, named)
            known = {o["code"] for o in self.officers + self.supervisors}
            against += [f"{l['code']} is not on the roster" for l in fact["left_out"] if l["code"] not in known]
            candidates, reasons = [], []
            for officer in self.officers:
                points, open_files = self.ledger.get(officer["code"], (0, 0))
                reason = self.hindrance(officer, open_files, at, fact, against)
                if reason:
                    reasons.append(reason)
                else:
                    candidates.append((officer["code"], points, minutes(officer, self.month_start, at)))
            for what in against:
                self.add(row, "candidates", what)
            chosen, draws = draw_two(candidates, urn, fact["round"])
            due = ("", queue_reason(reasons), "QUEUED") if chosen is None else (chosen, "", "ONLY" if len(candidates) == 1 else "DRAWN")
            if (fact["officer"], fact["queue_reason"], fact["how"]) != due:
                self.add(row, "officer", f"{fact['officer']} in the row, {due} by the draws")
        if fact["supervisor"] or any(d["purpose"].startswith("supervise") for d in fact["draws"]):
            free = [s["code"] for s in self.supervisors if not self.hindrance(s, 0, at, fact, [])]
            supervisor = free[0] if len(free) == 1 else ""
            if len(free) > 1:
                index, draw = urn.choose(named_round("supervise", fact["round"]), len(free))
                supervisor, draws = free[index], draws + [draw]
            if supervisor != fact["supervisor"]:
                self.add(row, "supervisor", f"{fact['supervisor']} in the row, {supervisor} by the draw")
        if fact["draws"] != draws:
            self.add(row, "draw", "not the draws of the day's key")

    def keeps(self, officer, at, named):
        return not officer["suspended"] and not within(officer["leave"], at) and named.get(officer["code"]) not in ("CONFLICT", "EXCLUDED")

    def kept(self, row, fact, file, named):
        if fact["how"] == "RETURNED":
            due = file["closed"][0] if file["closed"] else None
            if due is None:
                self.add(row, "officer", "returned, but nobody gave it up")
        else:
            due = self.groups.get(fact["group"])
            if due is None and not fact["group"]:
                self.add(row, "officer", "together with a group that is not named")
        if due is not None and due != fact["officer"]:
            self.add(row, "officer", f"it was {due}'s")
        if not fact["from"]:
            self.add(row, "row", "the declaration whose officer takes it is not named")
        officer = self.officer(fact["officer"])
        if not officer or not self.keeps(officer, row["at"], named):
            self.add(row, "officer", f"{fact['officer']} is not there to take it")
        if fact["queue_reason"]:
            self.add(row, "row", "assigned and queued")

    def must_return(self, row, fact, file, named):
        if fact["round"] or not file["closed"] or file["closed"][1] != row["at"] or not file["closed"][0]:
            return
        officer = self.officer(file["closed"][0])
        if officer and within(officer["shifts"], row["at"]) and officer["code"] not in named and self.keeps(officer, row["at"], named):
            self.add(row, "officer", f"an amendment returns to {officer['code']}")

    # the auditor's

    def traced(self, row, fact, file, traces):
        key, source = (fact["key"], fact["version"]), None
        for t in traces:
            if not t["fact"] or (t["fact"].get("key"), t["fact"].get("version")) != key:
                continue
            if t["name"] == "Traced" and fact["round"] == 0 or t["name"] == "PickTraced" and fact["round"] == t["fact"].get("round") and not t.get("used"):
                source = t
            if source:
                break
        if not source:
            self.add(row, "missing", "an assignment without its trace")
            return
        source["used"] = True
        if sha(source["fact"]["salt"] + source["fact"]["trace"]) != fact["trace_digest"]:
            self.add(row, "trace_digest", "not the trace that the assignment names")
        try:
            trace = canonical(source["fact"]["trace"])
            pick = trace["pick"] if fact["round"] == 0 else trace
            self.asked(source, fact, file, pick)
            self.again(row, source, fact, pick)
        except UNREADABLE:
            self.add(source, "trace", "the trace cannot be read")

    def asked(self, source, fact, file, pick):
        place = (pick["office"], pick["day"], pick["now_us"], pick["declaration"], pick["version"], pick["round"])
        if place != (self.name, self.date, source["at"], fact["key"], fact["version"], fact["round"]):
            self.add(source, "trace", f"the trace is of {place}")
        if pick["roster"] != (self.roster or b"").hex():
            self.add(source, "roster", "another roster than is set")
        if pick["default_cap"] != self.cap:
            self.add(source, "rules", "another cap")
        if file["lane"] is not None and pick["supervised"] != (file["lane"] == 3):
            self.add(source, "supervisor", "only the red lane is supervised")
        drawing = file["drawing"]
        if not drawing and pick["excluded"] or drawing and drawing[1] and drawing[1] not in pick["excluded"]:
            self.add(source, "candidates", "the excluded are not those of the reassignment")
        if pick["preferred"]:
            returned = pick["preferred"]["how"] == "RETURNED"
            due = (file["closed"][0] if file["closed"] else None) if returned else self.groups.get(fact["group"])
            if due is not None and due != pick["preferred"]["officer"] or due is None and returned:
                self.add(source, "officer", "another officer had it")

    def hindered(self, officer, open_files, pick):
        at = pick["now_us"]
        if officer["code"] in pick["excluded"]:
            return "EXCLUDED"
        if officer["suspended"]:
            return "SUSPENDED"
        if within(officer["leave"], at):
            return "LEAVE"
        if not within(officer["shifts"], at):
            return "OFF_SHIFT"
        if officer["lists"] and pick["list"] not in officer["lists"]:
            return "LIST"
        if officer["skills"] and not all(any(covers(s, c) for s in officer["skills"]) for c in pick["commodities"]):
            return "SKILL"
        if officer["places"] and not set(officer["places"]) & set(pick["places"]):
            return "PLACE"
        if {pick["trader"], pick["declarant"]} & set(officer["conflicts"] + officer["learnt"]):
            return "CONFLICT"
        return "CAP" if open_files >= (officer["cap"] or pick["default_cap"]) else None

    def again(self, row, source, fact, pick):
        urn = Urn(self.key, pick["day"], pick["declaration"], pick["version"])
        candidates, left_out, preferred, kept = [], [], pick["preferred"], False
        if preferred:
            officer = self.officer(preferred["officer"])
            kept = bool(officer) and not officer["suspended"] and not within(officer["leave"], pick["now_us"]) \
                and not {pick["trader"], pick["declarant"]} & set(officer["conflicts"] + officer["learnt"]) and officer["code"] not in pick["excluded"]
        if kept:
            choice, how, draws = {"officer": preferred["officer"]}, preferred["how"], []
        else:
            for officer in self.officers:
                points, open_files = self.ledger.get(officer["code"], (0, 0))
                reason = self.hindered(officer, open_files, pick)
                if reason:
                    left_out.append((officer["code"], reason))
                else:
                    candidates.append((officer["code"], points, minutes(officer, self.month_start, pick["now_us"])))
            chosen, draws = draw_two(candidates, urn, pick["round"])
            choice = {"officer": chosen} if chosen is not None else {"queued": queue_reason([r for _, r in left_out])}
            how = "QUEUED" if chosen is None else "ONLY" if len(candidates) == 1 else "DRAWN"
        told = pick["assignment"]
        if [(c["code"], c["points"], c["minutes"]) for c in told["candidates"]] != candidates or [(l["code"], l["reason"]) for l in told["left_out"]] != left_out:
            self.add(source, "candidates", "other candidates, or others left out")
        if as_draws(told["draws"]) != draws:
            self.add(source, "draw", "not the draws of the day's key")
        if told["choice"] != choice or pick["how"] != how:
            self.add(source, "officer", f"{told['choice']} in the trace, {choice} again")
        reasons = [(s["code"], self.hindered(s, 0, pick)) for s in self.supervisors] if pick["supervised"] else []
        free = [code for code, reason in reasons if not reason]
        supervisor, extra = (free[0] if free else ""), []
        if len(free) > 1:
            index, draw = urn.choose(named_round("supervise", pick["round"]), len(free))
            supervisor, extra = free[index], [draw]
        if pick["supervisors"] != free or pick["supervisor"] != supervisor:
            self.add(source, "supervisor", "another supervisor")
        if as_draws([pick["supervisor_draw"]] if pick["supervisor_draw"] else []) != extra:
            self.add(source, "draw", "not the draw of the supervisor")
        public = [(c, r) for c, r in [(l["code"], l["reason"]) for l in told["left_out"]] + reasons if r in ("LIST", "SKILL", "PLACE", "CONFLICT", "EXCLUDED")]
        shown = (fact["officer"], fact["queue_reason"], fact["how"], fact["list"], fact["supervisor"], fact["from"], fact["draws"],
                 [(l["code"], l["reason"]) for l in fact["left_out"]])
        says = (told["choice"].get("officer", ""), told["choice"].get("queued", ""), pick["how"], pick["list"], pick["supervisor"],
                preferred["from"] if preferred and preferred["how"] == pick["how"] else "",
                as_draws(told["draws"] + ([pick["supervisor_draw"]] if pick["supervisor_draw"] else [])), public)
        if shown != says:
            self.add(row, "trace", "the row does not show what its trace says")


def as_draws(draws):
    return [{**d, "value": int(d["value"])} for d in draws]


UNREADABLE = (KeyError, TypeError, ValueError, IndexError, AttributeError, OverflowError)


def canonical(data):
    """A trace: JSON in its canonical form."""
    value = json.loads(data.decode())
    if json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode() != data:
        raise ValueError("not canonical")
    return value


# --- the file -------------------------------------------------------------------------------------------------------------------------------

def lines(path):
    with (gzip.open(path, "rb") if str(path).endswith(".gz") else open(path, "rb")) as file:
        number = 0
        for number, line in enumerate(file, 1):
            if not line.endswith(b"\n"):
                raise Malformed(f"line {number}: the file was cut")
            try:
                yield number, json.loads(line)
            except ValueError as error:
                raise Malformed(f"line {number}: {error}") from error


def content(row, data):
    name = row["kind"][len(FACTS) + 1:] if row["kind"].startswith(FACTS + ".") else ""
    row["name"], row["fact"], row["bad"] = (name if name in KNOWN else ""), None, None
    if data is None or not row["name"] or name in ("Superseded", "RuleChanged"):
        return
    try:
        found, fact = event(data, TRACE_FIELDS if row["topic"] == TRACES else FACT_FIELDS)
    except (ValueError, UnicodeDecodeError) as error:
        row["bad"] = f"payload: {error}"
        return
    if found != name:
        row["bad"] = "the payload is not what its kind says"
    elif name == "RulesPublished":
        if sha(fact["rules"].encode()) != fact["digest"]:
            row["bad"] = "the rules do not have the digest that is published"
    else:
        row["fact"] = fact


def verify(path):
    feed = lines(path)
    _, first = next(feed, (0, {}))
    header = first.get("proof")
    if not header or header.get("format") != "cleargate-proof/1":
        raise Malformed("line 1: not the header of a proof")
    day, auditor, findings = parse_date(header["day"]), header["kind"] == "auditor", Findings()
    witnesses, rows, end, last = [], [], None, {}
    streams = None
    for number, line in feed:
        if end is not None:
            raise Malformed(f"line {number}: something follows the end")
        if "witness" in line:
            witnesses.append(line["witness"])
        elif "document" in line:
            data = base64.b64decode(line["document"]["base64"])
            if sha(data).hex() != line["document"]["digest"]:
                raise Malformed(f"line {number}: the document does not have the digest that is named")
        elif "end" in line:
            end = line["end"]["rows"]
        else:
            streams = streams or Streams(header["topics"], witnesses)
            row = dict(line, topic=header["topics"][line["t"]])
            data = base64.b64decode(row.pop("payload")) if "payload" in row else None
            streams.take(row, sha(data) if data is not None else bytes.fromhex(row["digest"]), findings)
            content(row, data)
            if row["office"]:
                place = (row["office"], row["topic"], row["s"])
                if row["at"] < last.get(place, row["at"]):
                    findings.add(row, "order", "recorded before the office's row before it")
                last[place] = row["at"]
            rows.append(row)
    if end != len(rows):
        raise Malformed(f"the file was cut: {len(rows)} rows, {end} announced")
    offices = {k["office"]: Office(k["office"], auditor, day, k, findings) for k in header["keys"]}
    ordered = sorted((r for r in rows if r["office"]), key=lambda r: (r["office"], r["at"], r["topic"] == TRACES, r["s"], r["p"]))
    start = 0
    while start < len(ordered):
        stop = start
        while stop < len(ordered) and (ordered[stop]["office"], ordered[stop]["at"]) == (ordered[start]["office"], ordered[start]["at"]):
            stop += 1
        name = ordered[start]["office"]
        office = offices.setdefault(name, None) or Office(name, auditor, day, None, findings)
        offices[name] = office
        office.moment(ordered[start:stop])
        start = stop
    for name in sorted(offices):
        offices[name].end(streams)
    streams.end(findings)
    return header, findings, len(rows)


def main():
    try:
        header, findings, rows = verify(sys.argv[1])
    except (Malformed, KeyError, IndexError, TypeError) as error:
        print(f"not a proof: {error}", file=sys.stderr)
        return 2
    if "--json" in sys.argv:
        print(json.dumps({"findings": findings.list, "notes": findings.notes}))
    else:
        print(f"{header['kind']} proof of {header['day']}: {rows} rows")
        for note in findings.notes:
            print(f"  note: {note}")
        for f in findings.list:
            print(f"  {f['check']:<12} {f['office']:<6} {f['topic']:<24} {f['stream']:>3}/{f['position']:<8} {f['what']}")
        print("everything matches" if not findings.list else f"{len(findings.list)} of it does NOT match")
    return 1 if findings.list else 0


if __name__ == "__main__":
    sys.exit(main())
