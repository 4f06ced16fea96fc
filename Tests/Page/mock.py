"""A gateway made of nothing: serves the page's own files and answers /v1 in the shapes of the API's style guide.

Everything is a function of the instant, so that two browsers see the same numbers. The clock starts at a fixed
instant and runs on; the attributes of `Mock` switch what a test wants to see.
"""

import hashlib
import html
import http.server
import json
import math
import pathlib
import socketserver
import threading
import time
import urllib.parse
import zoneinfo
from datetime import datetime, timedelta, timezone

WEB = pathlib.Path(__file__).resolve().parents[2] / "Sources/FacilityPage/Web"
ZONE = zoneinfo.ZoneInfo("Europe/Oslo")
TOKEN = "mock-token-of-nobody"
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
    "connect-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; "
    "require-trusted-types-for 'script'; trusted-types 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
}
TYPES = {".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8", ".json": "application/json", ".svg": "image/svg+xml"}


def iso(ms):
    return datetime.fromtimestamp(ms / 1000, timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.") + "%03dZ" % (ms % 1000)


def ms(text):
    return round(datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp() * 1000)


def hexes(text):
    return hashlib.sha256(text.encode()).hexdigest()


# id: type, unit, nature, expectedSeconds, value from seconds, device
POINTS = {
    "m1.energy-import": ("Electric_Energy_Sensor", "kW.h", "counter", 60, lambda s: round(184220.4 + (s - 1775044925) / 3600 * 17.3, 1), "mb1"),
    "m1.power": ("Electric_Power_Sensor", "kW", "gauge", 10, lambda s: round(17.3 + 6 * math.sin(s / 13750) + 1.1 * math.sin(s / 311), 2), "mb1"),
    "m7.energy-import": ("Electric_Energy_Sensor", "kW.h", "counter", 60, lambda s: 4021.7, "mb7"),
    "m7.power": ("Electric_Power_Sensor", "kW", "gauge", 10, lambda s: 1.2, "mb7"),
    "pv1.power": ("Electric_Power_Sensor", "kW", "gauge", 10, lambda s: round(max(0.0, 42 * math.sin((s % 86400 - 16000) / 86400 * 2 * math.pi)), 2), "sun1"),
    "bat1.charge": ("Energy_Storage_Sensor", "%", "gauge", 60, lambda s: round(55 + 30 * math.sin(s / 13750), 1), "sun1"),
    "hp1.supply-temp": ("Supply_Water_Temperature_Sensor", "Cel", "gauge", 10, lambda s: round(38 + 3 * math.sin(s / 2400), 1), "mb2"),
    "ahu1.supply-temp": ("Supply_Air_Temperature_Sensor", "Cel", "gauge", 10, lambda s: round(21.3 + 0.6 * math.sin(s / 5100) + 0.15 * math.sin(s / 97), 1), "mb3"),
    "ahu1.fan": ("Fan_Command", None, "state", 60, lambda s: 1 + (s // 21600) % 3, "mb3"),
    "ahu1.filter-dp": ("Filter_Differential_Pressure_Sensor", "Pa", "gauge", 10, lambda s: 112, "mb3"),
    "room101.temp": ("Zone_Air_Temperature_Sensor", "Cel", "gauge", 300, lambda s: round(21 + 1.2 * math.sin(s / 13750), 1), "lora1"),
    "room101.co2": ("CO2_Level_Sensor", "[ppm]", "gauge", 300, lambda s: round(610 + 190 * math.sin(s / 13750 + 1)), "lora1"),
    "room102.temp": ("Zone_Air_Temperature_Sensor", "Cel", "gauge", 300, lambda s: round(20.6 + 0.9 * math.sin(s / 13750 + 2), 1), "lora2"),
    "cold3.temp": ("Zone_Air_Temperature_Sensor", "Cel", "gauge", 60, lambda s: round(6.1 + 0.4 * math.sin(s / 900), 1), "lora3"),
}
ENTITIES = [
    ("house", "Building", "House 16", {}),
    ("floor1", "Level", "Floor 1", {"in": "house"}),
    ("floor2", "Level", "Floor 2", {"in": "house"}),
    ("zone1", "HVACZone", "Zone 1", {"in": "floor1"}),
    ("room101", "Room", "Room 101", {"in": "floor1"}),
    ("room102", "Room", "Room 102, the one with the long name by the stairs", {"in": "floor2"}),
    ("cold3", "Room", "Cold store 3", {"in": "floor1"}),
    ("m1", "Building_Electrical_Meter", "Main meter", {"at": "floor1", "meters": ["house"]}),
    ("m7", "Electrical_Meter", "Meter cold store", {"submeterOf": "m1", "meters": ["cold3"]}),
    ("ahu1", "AHU", "Air handler 1", {"at": "floor2", "feeds": ["zone1"]}),
    ("hp1", "Heat_Pump", "Heat pump", {"at": "floor1", "feeds": ["ahu1"]}),
    ("pv1", "PV_Panel", "Roof", {"at": "house"}),
    ("bat1", "Battery", "Battery", {"at": "floor1"}),
]
# What may be set, as GET /v1/points/{id} says it.
COMMANDS = {"ahu1.fan": {"takes": "number", "min": 0, "max": 3, "step": 1, "labels": [], "everySeconds": 10, "critical": True}}
STREAMS = {1: "plant", 3: "meters", 4: "rooms"}


class Mock:
    """One make-believe gateway; `start` gives its address."""

    def __init__(self, now="2026-04-01T12:02:10.004Z"):
        self.base, self.begun = ms(now), time.monotonic()
        self.own_network = True
        self.stream = "open"  # open, silent, refused
        self.verdict = "own-network"
        self.evidence_waits = False
        self.empty = False
        self.fail = set()  # paths answered with 503
        self.requests = []
        self.streams = 0
        self.session = True
        self.role = "facility"
        self.commands = []
        self.versions = hashlib.sha256(b"".join(p.read_bytes() for p in sorted(WEB.iterdir()))).hexdigest()[:16]

    def now(self):
        return self.base + round((time.monotonic() - self.begun) * 1000)

    def start(self):
        mock = self

        class Handler(Door):
            gateway = mock

        class Server(socketserver.ThreadingMixIn, http.server.HTTPServer):
            daemon_threads = True
            request_queue_size = 64

        self.server = Server(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return f"http://127.0.0.1:{self.server.server_port}"

    def stop(self):
        self.server.shutdown()
        self.server.server_close()

    # The page's own documents and files, as FacilityPage gives them.

    def document(self, path, language, theme):
        view = {"/": "today", "/building": "building", "/record": "record", "/check": "check", "/sign-in": "sign-in"}.get(path)
        view = view or ("building" if path.startswith("/building/") else "point" if path.startswith("/points/") else None)
        if view is None:
            return None
        text = (WEB / f"{language}.json").read_text()
        words = json.loads(text)
        facts = {"lang": language, "view": view, "title": html.escape(words["view." + view]), "building": "House 16", "zone": "Europe/Oslo",
                 "theme": theme, "v": self.versions, "words": text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")}
        here = "here." + ("building" if view == "point" else view)
        out, rest = "", (WEB / "skeleton.html").read_text()
        while "{{" in rest:
            before, rest = rest.split("{{", 1)
            name, rest = rest.split("}}", 1)
            if name.startswith("=here."):
                filled = ' aria-current="page"' if name[1:] == here else ""
            else:
                filled = facts[name[1:]] if name.startswith("=") else html.escape(words[name])
            out += before + filled
        return out + rest

    def asset(self, name):
        file = WEB / name
        if not file.is_file() or file.suffix not in TYPES or name in ("en.json", "de.json"):
            return None
        text = file.read_text()
        if file.suffix == ".js":
            text = "\n".join(line[:-2] + f"?v={self.versions}';" if line.endswith(".js';") and line.startswith(("import ", "} from ")) else line for line in text.split("\n"))
        return TYPES[file.suffix], text.encode()

    # What is known.

    def quality(self, point, at=None):
        if point.startswith("m7."):
            return "offline", self.base - 10510000
        if point == "ahu1.filter-dp":
            return "offline", self.base - 1956000
        return {"ahu1.fan": ("overridden", None), "cold3.temp": ("out-of-range", self.base - 1330000), "room102.temp": ("stale", self.base - 5526000)}.get(point, ("good", None))

    def gaps(self, point, start, end):
        """Named holes between two instants: one night without the gateway, and every silence until now."""
        found = []
        hole = (ms("2026-03-31T01:12:00Z"), ms("2026-03-31T01:46:00Z"), "not-running")
        quality, since = self.quality(point)
        for a, b, cause in [hole] + ([(since, end, quality)] if since and quality in ("offline", "stale") else []) + [(0, ms("2025-09-01T06:00:00Z"), "no-value")]:
            if a < end and b > start:
                found.append({"from": iso(max(a, start)), "to": iso(min(b, end)), "cause": cause})
        return sorted(found, key=lambda gap: gap["from"])

    def lost(self, point, at):
        return any(ms(g["from"]) <= at < ms(g["to"]) for g in self.gaps(point, at, at + 1))

    def last(self, point):
        kind, unit, nature, every, value, device = POINTS[point]
        quality, since = self.quality(point)
        at = since - 30000 if quality in ("offline", "stale") else self.now() // (every * 1000) * every * 1000 + 120
        at = min(at, self.now())
        return at, value(at // 1000), quality, since

    def item(self, point):
        kind, unit, nature, every, value, device = POINTS[point]
        at, shown, quality, since = self.last(point)
        return {"id": point, "number": list(POINTS).index(point) + 1, "entity": point.split(".")[0], "type": kind, "unit": unit, "nature": nature, "privacy": "none",
                "expectedSeconds": every, "last": {"at": iso(at), "value": shown, "quality": "good" if quality in ("offline", "stale") else quality}, "quality": quality, "since": iso(since) if since else None, "device": device}

    def reading(self, point, at):
        kind, unit, nature, every, value, device = POINTS[point]
        quality = self.quality(point)[0]
        shown = value(at // 1000)
        return {"point": point, "at": iso(at), "sourceAt": None, "value": shown, "raw": str(shown).replace(".", ""), "unit": unit, "quality": quality if quality in ("overridden", "out-of-range") else "good",
                "k": at // 60000, "proof": self.proof(at)}

    def proof(self, at):
        age = self.now() - at
        return "open" if age < 60000 else "sealed" if age < 720000 else "anchored"

    def series(self, point, start, end, seconds):
        kind, unit, nature, every, value, device = POINTS[point]
        buckets = []
        for at in range(start, end, seconds * 1000):
            samples = [at + i * seconds * 1000 // 6 for i in range(6)]
            samples = [s for s in samples if s < self.now() and not self.lost(point, s)]
            values = [value(s // 1000) for s in samples]
            expected = max(1, seconds // every)
            gap = next((g["cause"] for g in self.gaps(point, at, at + seconds * 1000)), None)
            quality = self.quality(point)[0] if values else gap or "no-value"
            if point == "room101.co2" and (at // 3600000) % 9 == 4 and values:
                quality = "estimated"
            if values and quality in ("offline", "stale"):
                quality = "good"
            quality = quality if quality in ("good", "overridden", "no-value", "stale", "offline", "out-of-range", "suspect", "estimated", "device-fault") else "no-value"
            buckets.append({"start": iso(at), "min": min(values) if values else None, "max": max(values) if values else None, "mean": round(sum(values) / len(values), 4) if values else None,
                            "count": round(expected * len(values) / 6), "expected": expected, "quality": quality})
        return {"point": point, "unit": unit, "from": iso(start), "to": iso(end), "timeZone": "Europe/Oslo", "seconds": seconds, "buckets": buckets, "gaps": self.gaps(point, start, min(end, self.now()))}

    def completeness(self, start, end):
        if self.empty:
            return []
        items, day = [], datetime.fromtimestamp(start / 1000, ZONE).date()
        while True:
            a = round(datetime(day.year, day.month, day.day, tzinfo=ZONE).timestamp() * 1000)
            following = day + timedelta(days=1)
            b = round(datetime(following.year, following.month, following.day, tzinfo=ZONE).timestamp() * 1000)
            if a >= min(end, self.now()):
                return items
            for stream, name in STREAMS.items():
                reached = min(b, self.now())
                gaps = [gap for gap in self.gaps("m1.power", a, reached) if gap["cause"] == "not-running"]
                expected = (reached - a) // 2500
                missing = sum(ms(gap["to"]) - ms(gap["from"]) for gap in gaps) // 2500
                items.append({"stream": stream, "day": day.isoformat(), "hours": (b - a) // 3600000, "expected": expected, "received": expected - missing, "late": 12 if stream == 3 else 0, "estimated": 0, "clockSteps": 0,
                              "gaps": gaps, "proof": "anchored" if b < self.now() - 3600000 else "sealed", "name": name})
            day = following

    def links(self):
        """One broker, one line of which a device is silent, one line that is down."""
        now = self.now()
        unit = lambda device, number, **more: {"device": device, "unit": number, "state": "answering", "lastGoodAt": iso(now - 800), "roundTripMs": {"last": 4.301, "max": 120}, "requests": 8640, "answers": 8600, "timeouts": 2, "exceptions": 38,
                                               "garbled": 0, "lateAnswers": 1, "nextProbeAt": None, "learned": None} | more
        link = lambda name, kind, **more: {"id": name, "kind": kind, "address": name.split("//")[-1], "state": "up", "since": iso(now - 86400000), "connects": 1, "failures": 0, "gapMs": 0, "timeoutMs": 1000, "uncertaintyMs": 2.151, "units": [],
                                           "messages": None, "malformed": None, "dropped": None, "lastMessageAt": None} | more
        return [
            link("mqtt://127.0.0.1:1883", "mqtt", gapMs=None, timeoutMs=None, uncertaintyMs=None, messages=1204, malformed=1, dropped=0, lastMessageAt=iso(now - 4000)),
            link("rtu:/dev/ttyUSB0", "modbus-rtu", state="down", since=iso(now - 600000), failures=7, uncertaintyMs=None,
                 units=[unit("rtu1", 3, state="offline", lastGoodAt=None, roundTripMs={"last": None, "max": None}, nextProbeAt=iso(now + 20000))]),
            link("tcp://10.0.0.20:502", "modbus-tcp", units=[
                unit("mb1", 1, learned={"holes": [{"function": 4, "from": 100, "to": 103}, {"function": 3, "from": 7, "to": 7}], "maxRegisters": 60}),
                unit("mb2", 2, state="other-device", lastGoodAt=iso(now - 3600000)), unit("mb3", 3, state="probing", nextProbeAt=iso(now))]),
        ]

    def anchors(self):
        if self.empty:
            return []
        rows, newest = [], self.base // 600000
        waiting = {"seq": newest - 2953000, "state": "submitted", "size": 90160, "root": hexes("root"), "block": "0x" + hexes("block"), "milestone": None, "waitingSince": iso(newest * 600000)}
        for back in range(1, 13):
            rows.append({"seq": newest - 2953000 - back, "state": "anchored", "size": 90160 - 11 * back, "root": hexes(f"root{back}"), "block": "0x" + hexes(f"block{back}"),
                         "milestone": {"index": 7204113 - 120 * back, "at": iso((newest - back) * 600000 + 90000)}, "waitingSince": None})
        return [waiting] + rows

    def answer(self, at="2026-04-01T11:00:05.118Z"):
        """The shape of a check, as `self.verdict` asks."""
        steps = [{"step": "read", "state": "holds", "at": at}, {"step": "item", "state": "holds", "stream": 3, "k": 29584500}, {"step": "log", "state": "holds", "leafIndex": 90144, "size": 90150},
                 {"step": "anchor", "state": "holds", "seq": 812, "milestone": 7204113}]
        note = lambda code: {"code": code, "severity": "note", "about": None}
        table = {
            "holds": ("holds", 0, False, []), "notes": ("holds-with-notes", 0, False, [note("W_ANCHORS_UNWATCHED"), note("W_NO_LOWER_BOUND")]),
            "own-network": ("holds-with-notes", 0, True, [note("W_SELF_NETWORK")]),
            "own-network-stamped": ("holds-with-notes", 0, True, [note("W_SELF_NETWORK")]),
            "fails": ("does-not-hold", 1, True, [{"code": "E_ITEM_HASH", "severity": "error", "about": "entry 41"}, note("W_SELF_NETWORK")]),
            "not-authenticated": ("not-authenticated", 2, True, [{"code": "W_POLICY_FROM_FILE", "severity": "unchecked", "about": None}, note("W_SELF_NETWORK")]),
            "not-checked": ("could-not-check", 2, False, [{"code": "E_VERSION", "severity": "unchecked", "about": None}]),
        }
        verdict, code, own, findings = table[self.verdict]
        if self.verdict == "fails":
            steps[1]["state"] = "fails"
            steps[2]["state"] = steps[3]["state"] = "not-checked"
        bracket = {"notBefore": "2026-04-01T10:50:00.000Z", "notAfter": "2026-04-01T11:10:00.000Z"} if self.verdict == "holds" else None
        if self.verdict == "own-network-stamped":
            bracket = {"notBefore": None, "notAfter": "2026-04-01T11:10:00.000Z"}
        return {"verdict": verdict, "exit": code, "selfNetwork": own, "checkedBy": "gateway", "sentence": "Holds. All 1440 records in this file are complete and unchanged. Der Nachweis hält. Alle 1440 Einträge dieser Datei sind vollständig und unverändert.", "bracket": bracket, "steps": steps, "findings": findings}


class Door(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    gateway = None

    def log_message(self, *words):
        pass

    def date_time_string(self, timestamp=None):
        return datetime.fromtimestamp(self.gateway.now() / 1000, timezone.utc).strftime("%a, %d %b %Y %H:%M:%S GMT")

    def send(self, status, kind, body, **more):
        self.send_response(status)
        for name, value in (HEADERS | {"Content-Type": kind, "Content-Length": str(len(body))} | {k.replace("_", "-"): v for k, v in more.items()}).items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def json(self, value, status=200, **more):
        self.send(status, "application/json", json.dumps(value).encode(), Cache_Control="private, no-cache", **more)

    def problem(self, status, code, title, detail, **more):
        body = {"type": "/v1/problems/" + code, "code": code, "title": title, "status": status, "detail": detail, "instance": "urn:uuid:0b0f6f0e-6f0b-4d55-9a52-3f1c8b9b7a10", "errors": []} | more
        self.send(status, "application/problem+json", json.dumps(body).encode())

    def handle_one_request(self):
        try:
            super().handle_one_request()
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True

    def signed_in(self):
        return TOKEN in self.headers.get("Cookie", "") or self.headers.get("Authorization", "") == "Bearer " + TOKEN

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if self.path == "/session":
            if json.loads(body).get("token") != TOKEN:
                return self.problem(401, "not-signed-in", "Not signed in", "The token is not known.")
            return self.send(204, "text/plain", b"", Set_Cookie=f"__Host-session={TOKEN}; Path=/; Secure; HttpOnly; SameSite=Strict")
        if not self.signed_in():
            return self.problem(401, "not-signed-in", "Not signed in", "Sign in first.")
        if self.path == "/v1/evidence":
            return self.json({"id": "e-7c1d", "state": "collecting", "done": 0}, 202, Location="/v1/evidence/e-7c1d", Retry_After="1")
        if self.path.startswith("/v1/commands"):
            return self.set(json.loads(body), "dryRun=true" in self.path)
        if self.path == "/v1/verifications":
            received = body
            if "multipart" in self.headers["Content-Type"]:
                boundary = self.headers["Content-Type"].split("boundary=")[1].encode()
                part = next(p for p in body.split(b"--" + boundary) if b'name="file"' in p)
                received = part.split(b"\r\n\r\n", 1)[1][:-2]
            return self.json(self.gateway.answer() | {"sha256": hashlib.sha256(received).hexdigest(), "card": "own" if received != body else "from-file"})
        self.problem(404, "no-such-resource", "Not found", "Look at /v1.")

    def set(self, asked, is_dry):
        """A command as the gateway answers it: bounds, then two leaves."""
        rule, at = COMMANDS.get(asked["point"]), iso(self.gateway.now())
        if not self.headers.get("Idempotency-Key"):
            return self.problem(400, "malformed-request", "The request cannot be read", "The header Idempotency-Key is missing.")
        if not rule["min"] <= asked["value"] <= rule["max"]:
            return self.problem(422, "out-of-bounds", "The value is outside the allowed range", f"{asked['point']} takes {rule['min']} to {rule['max']}.")
        shared = {"point": asked["point"], "value": asked["value"], "raw": str(asked["value"]), "reason": asked["reason"], "detail": None, "actor": "0" * 32}
        if is_dry:
            return self.json(shared | {"id": None, "requestedAt": None, "state": "checked", "readBack": None, "endedAt": None, "intentLeaf": None, "outcomeLeaf": None, "dryRun": True})
        leaf = 90200 + 2 * len(self.gateway.commands)
        done = shared | {"id": f"c-{leaf}", "requestedAt": at, "state": "done", "readBack": {"value": asked["value"], "raw": str(asked["value"]), "at": at}, "endedAt": at, "intentLeaf": leaf, "outcomeLeaf": leaf + 1, "dryRun": False}
        self.gateway.commands.append(done)
        self.json(done, 201, Location=f"/v1/commands/c-{leaf}")

    def do_DELETE(self):
        self.send(204, "text/plain", b"", Set_Cookie="__Host-session=; Path=/; Secure; HttpOnly; SameSite=Strict; Max-Age=0")

    def do_GET(self):
        gateway = self.gateway
        url = urllib.parse.urlsplit(self.path)
        query = urllib.parse.parse_qs(url.query)
        path = urllib.parse.unquote(url.path)
        gateway.requests.append(self.path)
        if path.startswith("/page/"):
            found = gateway.asset(path[6:])
            if found is None:
                return self.problem(404, "no-such-resource", "Not found", "")
            return self.send(200, found[0], found[1], Cache_Control="public, max-age=31536000, immutable")
        if not path.startswith("/v1"):
            cookies = self.headers.get("Cookie", "")
            language = "de" if "lang=de" in cookies else "en" if "lang=en" in cookies else "de" if self.headers.get("Accept-Language", "").startswith("de") else "en"
            theme = next((t for t in ("light", "dark") if "theme=" + t in cookies), "system")
            text = gateway.document(path, language, theme)
            if text is None:
                return self.problem(404, "no-such-resource", "Not found", "")
            return self.send(200, "text/html; charset=utf-8", text.encode(), Content_Language=language, Vary="Accept-Language, Cookie", Cache_Control="private, no-cache")
        if not self.signed_in():
            return self.problem(401, "not-signed-in", "Not signed in", "Sign in first.")
        if any(path.startswith(p) for p in gateway.fail):
            return self.problem(503, "starting", "The gateway is starting", "Try again in a few seconds.")
        self.api(gateway, path, query)

    def api(self, gateway, path, query):
        one = lambda name, default=None: query.get(name, [default])[0]
        page = lambda items: self.json({"items": items, "next": None})
        parts = path.split("/")[2:]
        if path == "/v1":
            return self.json({"building": "bk16", "label": "House 16", "timeZone": "Europe/Oslo", "now": iso(gateway.now()), "version": "1.4.0", "origin": "gw1/b/bk16/1", "network": "dev", "selfNetwork": gateway.own_network,
                              "modelRevision": 41, "grant": {"role": gateway.role, "until": "2026-06-30T22:00:00.000Z"}, "leaving": [],
                              "recordedSince": "2025-09-01T06:00:00.000Z", "sealedTo": iso(gateway.now() // 60000 * 60000), "anchoredTo": iso(gateway.base // 600000 * 600000 - 600000)})
        if path == "/v1/events":
            return self.events(gateway, query)
        if path == "/v1/entities":
            return page([] if gateway.empty else [self.entity(*e) for e in ENTITIES])
        if parts[0] == "entities":
            found = next(((i, t, label, r) for i, t, label, r in ENTITIES if i == parts[1]), None)
            return self.json(self.entity(*found)) if found else self.problem(404, "no-such-resource", "There is no such entity", "Look at /v1/entities.")
        if path == "/v1/points":
            return page([] if gateway.empty else [gateway.item(p) for p in POINTS if one("entity") in (None, p.split(".")[0])])
        if path == "/v1/completeness":
            return page(gateway.completeness(ms(one("from", iso(gateway.now() - 86400000))), ms(one("to", iso(gateway.now())))))
        if path == "/v1/anchors":
            return page(gateway.anchors()[: int(one("limit", "100"))])
        if path == "/v1/links":
            return page([] if gateway.empty else gateway.links())
        if path == "/v1/commands":
            return page([c for c in reversed(gateway.commands) if one("point") in (None, c["point"])][: int(one("limit", "100"))])
        if path == "/v1/card":
            return self.send(200, "text/plain; charset=utf-8", b"plumbline policy card\n")
        if parts[0] == "evidence":
            body = b"evidence of a make-believe building"
            if "tar" in self.headers.get("Accept", ""):
                return self.send(200, "application/x-tar", body)
            return self.json({"id": parts[1], "state": "ready", "anchors": [790, 5250], "sizeBytes": len(body), "sha256": hashlib.sha256(body).hexdigest(), "check": "plumbline verify bk16-2026-03.evidence --policy YOUR.card", "expiresAt": "2026-05-01T00:00:00.000Z"})
        if parts[0] == "points" and len(parts) > 1 and parts[1] in POINTS:
            return self.point(gateway, parts, one, page)
        self.problem(404, "no-such-resource", "There is no such point", "Look at /v1/points for the ids of this building.")

    def entity(self, name, kind, label, relations):
        pairs = [{"kind": k, "target": t} for k, targets in relations.items() for t in ([targets] if isinstance(targets, str) else targets)]
        annotations = {"metrology": {"class": "B", "mid": "true", "serial": "4711"}} if name == "m1" else {}
        return {"id": name, "type": kind, "label": label, "relations": pairs, "annotations": annotations, "points": [p for p in POINTS if p.split(".")[0] == name]}

    def point(self, gateway, parts, one, page):
        point = parts[1]
        kind, unit, nature, every, value, device = POINTS[point]
        if len(parts) == 2:
            at, shown, quality, since = gateway.last(point)
            item = gateway.item(point)
            return self.json({k: item[k] for k in ("id", "number", "entity", "type", "unit", "nature", "privacy", "expectedSeconds")} | {"source": {"device": device, "profile": "eastron-sdm630", "register": "energy.active.import"},
                             "current": {"at": iso(at), "value": shown, "raw": str(shown).replace(".", ""), "quality": quality, "proof": gateway.proof(at)}, "revision": 41, "command": COMMANDS.get(point)})
        if parts[2] == "series":
            return self.json(gateway.series(point, ms(one("from")), ms(one("to")), int(one("seconds"))))
        if parts[2] == "readings" and len(parts) == 3:
            if one("format") == "csv":
                return self.send(200, "text/csv; charset=utf-8; header=present", b"point,value\r\n", Content_Disposition='attachment; filename="x.csv"')
            start, end = ms(one("from")), min(ms(one("to")), gateway.now())
            first = -(-start // (every * 1000)) * every * 1000
            items = [gateway.reading(point, at) for at in range(first, end, every * 1000) if not gateway.lost(point, at)]
            begin, limit = int(one("cursor", "0")), int(one("limit", "100"))
            left = urllib.parse.urlencode({"from": one("from"), "to": one("to"), "limit": limit, "cursor": begin + limit})
            return self.json({"items": items[begin : begin + limit], "next": f"/v1/points/{point}/readings?{left}" if len(items) > begin + limit else None})
        if gateway.evidence_waits:
            return self.problem(409, "not-yet-anchored", "Not fixed yet", "Try again later.", proof="sealed", expectedAt=iso(gateway.base + 590000))
        if "cbor" in self.headers.get("Accept", ""):
            return self.send(200, "application/vnd.plumbline.reading+cbor", b"\x80")
        return self.json(gateway.answer(parts[3]))

    def events(self, gateway, query):
        if gateway.stream == "refused":
            return self.problem(429, "too-many-requests", "Too many requests", "One stream per token.")
        self.send_response(200)
        for name, value in (HEADERS | {"Content-Type": "text/event-stream", "Cache-Control": "no-store", "Connection": "close"}).items():
            self.send_header(name, value)
        self.end_headers()
        self.close_connection = True
        gateway.streams += 1
        number = 90000
        try:
            say = lambda text: (self.wfile.write(text.encode()), self.wfile.flush())
            say("retry: 500\n\nevent: hello\ndata: " + json.dumps({"now": iso(gateway.now()), "timeZone": "Europe/Oslo", "heartbeatSeconds": 15, "resumedFrom": None}) + "\n\n")
            while gateway.stream == "open":
                time.sleep(1)
                wanted = [p for p in query.get("points", list(POINTS)) if p in POINTS and gateway.quality(p)[0] == "good"]
                number += 1
                if "reading" in query.get("kinds", []):
                    readings = [{"point": p, "at": iso(gateway.last(p)[0]), "value": gateway.last(p)[1], "unit": POINTS[p][1], "quality": "good", "proof": "open"} for p in wanted]
                    say(f"id: {number}\nevent: reading\ndata: " + json.dumps({"readings": readings}) + "\n\n")
                say("event: tick\ndata: " + json.dumps({"now": iso(gateway.now())}) + "\n\n")
            while gateway.stream == "silent":
                time.sleep(0.1)
        finally:
            gateway.streams -= 1


if __name__ == "__main__":
    mock = Mock()
    print(mock.start(), "token", TOKEN, flush=True)
    threading.Event().wait()
