"""The Modbus line of fieldserver/fieldserver.c: compiled when it is older than its sources, told what to do over its standard input.

Its registers tell their own truth: unit, place and the tenth of a second in which the answer was made. So every value that the
gateway ever shows or stores can be checked for being somebody else's or an old one, without asking anybody."""

import datetime
import json
import os
import pathlib
import re
import select
import shlex
import signal
import subprocess
import tempfile
import threading
import time

from harness import ROOT, free_port, wait_for

SOURCES = sorted((pathlib.Path(__file__).resolve().parent / "fieldserver").glob("*.[ch]"))


def compiled():
    """Path of the program, made again when a source is newer."""
    program = ROOT / ".build" / "fieldserver" / "fieldserver"
    if program.exists() and all(program.stat().st_mtime > path.stat().st_mtime for path in SOURCES):
        return program
    program.parent.mkdir(parents=True, exist_ok=True)
    flags = shlex.split(subprocess.run(["pkg-config", "--cflags", "--libs", "libmodbus"], check=True, capture_output=True, text=True).stdout)
    # Under a name of its own first: two tests may compile at the same time.
    fresh = tempfile.mktemp(dir=program.parent)
    subprocess.run(["cc", "-std=gnu11", "-Wall", "-Wextra", "-Werror", "-O1", "-o", fresh, *[str(path) for path in SOURCES if path.suffix == ".c"], *flags], check=True, timeout=120)
    os.replace(fresh, program)
    return program


class FieldServer:
    """One line with units 1 to `units`. `line`: tcp, rtutcp, or rtu:PATH."""

    def __init__(self, units=1, line="tcp", host="127.0.0.1", port=None, seed=1):
        self.units, self.seed = units, seed
        self.port = port or (None if line.startswith("rtu:") else free_port())
        self.place = line if line.startswith("rtu:") else f"{line}:{host}:{self.port}"
        self.process = None
        # What the processes before this one had counted.
        self.before = []
        self.start()

    @property
    def url(self):
        """As the building file names it."""
        if self.place.startswith("rtu:"):
            return self.place
        kind, rest = self.place.split(":", 1)
        host, port = rest.rsplit(":", 1)
        return f"{kind}://[{host}]:{port}" if ":" in host else f"{kind}://{host}:{port}"

    def start(self):
        self.process = subprocess.Popen([str(compiled()), self.place, f"1-{self.units}", str(self.seed)], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, text=True, bufsize=1)
        assert self._line() == "ready"

    def tell(self, command):
        self.process.stdin.write(command + "\n")
        self.process.stdin.flush()
        answer = self._line()
        assert answer != "not understood", command
        return answer

    def _line(self, seconds=10):
        assert select.select([self.process.stdout], [], [], seconds)[0], "the field server says nothing"
        return self.process.stdout.readline().strip()

    def stats(self):
        return json.loads(self.tell("stats"))

    def unit(self, number):
        return self.stats()["units"][str(number)]

    def delivered(self, number):
        """Proper answers that reached the client, by all processes of this line so far."""
        now = self.unit(number)["delivered"] if self.process and self.process.poll() is None else 0
        return sum(counts["units"][str(number)]["delivered"] for counts in self.before) + now

    def fault(self, kind, unit=0, more=""):
        self.tell(f"fault {unit} {kind} {more}".strip())

    def pause(self):
        self.process.send_signal(signal.SIGSTOP)

    def resume(self):
        self.process.send_signal(signal.SIGCONT)

    def kill(self):
        self.before.append(self.stats())
        self.process.kill()
        self.process.wait(10)

    def stop(self):
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGCONT)
            self.process.stdin.close()
            self.process.wait(10)
        self.process.stdout.close()


def profiles(folder, points=8, name="rig", gap=8, registers=125, extra=()):
    """A folder with a profile of so many 32-bit points at addresses 0, 2, 4 …; `extra` are files copied beside it."""
    folder = pathlib.Path(folder, "profiles")
    folder.mkdir(exist_ok=True)
    lines = "".join(f"  p{i}: {{address: {2 * i}, type: u32, unit: \"1\", nature: gauge, brick: Sensor}}\n" for i in range(points))
    (folder / f"{name}.yaml").write_text(
        f"profile: {name}\nvendor: Test\nmodels: [rig]\ntransport: modbus\nconfidence: A\nprovenance: [\"the test\"]\n"
        f"defaults: {{function: 3, order: ABCD, addressing: zero-based}}\nread: {{maxRegisters: {registers}, gap: {gap}}}\npoints:\n{lines}"
        "test:\n  - {point: p0, words: [0x0000, 0x0001], value: 1}\n")
    for path in extra:
        (folder / pathlib.Path(path).name).write_bytes(pathlib.Path(path).read_bytes())
    return folder


class Device:
    """One device of the building: where it answers, how many points of the rig are bound, and further keys of its entry."""

    def __init__(self, name, url, unit=1, points=4, every="1s", options=""):
        self.name, self.url, self.unit, self.points, self.every, self.options = name, url, unit, points, every, options


def building(devices, more_devices="", more_points="", more_entities=""):
    entities = "".join(f"  {d.name}: {{type: Equipment, in: house}}\n" for d in devices)
    wires = "".join(f"  {d.name}: {{profile: rig, modbus: \"{d.url}\", unit: {d.unit}{', ' if d.options else ''}{d.options}}}\n" for d in devices)
    points = "".join(f"  {d.name}.p{i}: {{type: Sensor, privacy: none, from: {d.name}#p{i}, every: {d.every}}}\n" for d in devices for i in range(d.points))
    return ("building: field-house\nlabel: Field House\ntimezone: Europe/Oslo\nentities:\n  house: {type: Building, label: Field House}\n"
            f"{entities}{more_entities}devices:\n{wires}{more_devices}points:\n{points}{more_points}")


def ms(text):
    return round(datetime.datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp() * 1000)


def instant(seconds):
    return datetime.datetime.fromtimestamp(seconds, datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"


def wrong(row, unit, place, late_ms=900):
    """Why a good value is not the truth of its instant; None when it is, or when it is no good value."""
    if row["quality"] != "good":
        return f"{row['quality']} with value {row['value']}" if row["value"] is not None and row["quality"] in ("offline", "device-fault", "no-value") else None
    value = row["value"]
    if not isinstance(value, int):
        return f"{value!r} is no whole number"
    if value >> 26 != unit or value >> 16 & 1023 != place:
        return f"{value:#x} is unit {value >> 26}, place {value >> 16 & 1023} instead of {unit}, {place}"
    # A reading that came after its interval was sealed stands in the next one and carries its own time beside it.
    behind = (ms(row.get("sourceAt") or row["at"]) // 100 - (value & 0xFFFF) + 0x8000) % 0x10000 - 0x8000
    return None if abs(behind) * 100 <= late_ms else f"the value of {behind / 10} s before {row['at']}"


class Record:
    """What the log holds of the rig's points, read at the end and compared with the truth."""

    def __init__(self, gateway, devices, since):
        self.rows = {}
        reads = 0
        for device in devices:
            for place in range(device.points):
                path = f"/v1/points/{device.name}.p{place}/readings?from={instant(since)}&to={instant(time.time() + 5)}&limit=1000"
                self.rows[device.name, device.unit, place] = gateway.all(path)
                reads += 1
                # One token may read 600 times a minute.
                if reads > 200:
                    time.sleep(0.1)

    def untrue(self, late_ms=900):
        return [f"{device}.p{place}: {why}" for (device, unit, place), rows in self.rows.items() for row in rows
                if (why := wrong(row, unit, place, late_ms))]

    def good(self, device, place=0):
        return [row for (name, _, number), rows in self.rows.items() if (name, number) == (device, place) for row in rows if row["quality"] == "good"]

    def silences(self, period_ms, until):
        """Every span between good values longer than three periods and the time to notice, and whether a quality told of it inside."""
        found = []
        for (device, _, place), rows in self.rows.items():
            marks = [(ms(row["at"]), row["quality"]) for row in rows]
            good = [at for at, quality in marks if quality == "good"] + [round(until * 1000)]
            for begin, end in zip(good, good[1:]):
                if end - begin > 3 * period_ms + 1_500:
                    found.append((f"{device}.p{place}", begin, end, [quality for at, quality in marks if begin < at < end]))
        return found


def token(gateway, name):
    out = gateway.command("token", "add", name, "--role", "facility", "--config", str(gateway.configuration)).stdout
    return out.strip().splitlines()[-1]


class Watcher:
    """Asks for all points again and again with a token of its own: nothing good may be untrue or older than three periods."""

    def __init__(self, gateway, devices, period_ms, late_ms=2_000):
        self.gateway, self.period_ms, self.late_ms = gateway, period_ms, late_ms
        self.units = {device.name: device.unit for device in devices}
        self.token = token(gateway, "watcher")
        self.bad, self.looks, self.qualities = [], 0, {}
        self.over = threading.Event()
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()

    def _run(self):
        while not self.over.wait(0.4):
            try:
                self._look()
            except (OSError, ValueError) as error:
                if not self.over.is_set():
                    self.bad.append(f"GET /v1/points: {error}")

    def _look(self):
        path = "/v1/points?limit=1000"
        asked = time.time() * 1000
        status, _, body = self.gateway.request("GET", path, token=self.token)
        if status != 200:
            self.bad.append(f"GET /v1/points: {status} {body[:200]!r}")
            return
        self.looks += 1
        for item in json.loads(body)["items"]:
            device, _, place = item["id"].partition(".p")
            if device not in self.units or not item["last"]:
                continue
            self.qualities.setdefault(device, set()).add(item["quality"])
            if item["quality"] != "good":
                continue
            age = asked - ms(item["last"]["at"])
            # What came after its interval was sealed stands at the beginning of the next one; its own time stands beside it in the
            # log, where Record looks at it.
            is_placed = ms(item["last"]["at"]) % 1_000 < 50
            why = wrong(item["last"], self.units[device], int(place), 6_000 if is_placed else self.late_ms)
            if age > 3 * self.period_ms + 1_500:
                why = f"shown as good at the age of {age / 1000:.1f} s"
            if why and len(self.bad) < 20:
                self.bad.append(f"{item['id']}: {why}")

    def stop(self):
        self.over.set()
        self.thread.join(20)
        return self.bad


def good_since(gateway, device, since, points=(0,)):
    """Whether these points of the device have a good value captured after `since`."""
    return all((current := gateway.get(f"/v1/points/{device}.p{place}")["current"]) and current["quality"] == "good" and ms(current["at"]) > since * 1000
               for place in points)


def wait_good(gateway, device, seconds, points=(0,)):
    """Waits for values from now on; answers how long that took, in seconds."""
    begun = time.time()
    wait_for(f"values of {device}", seconds, lambda: good_since(gateway, device, begun, points), every=0.3)
    return time.time() - begun


def journal(gateway):
    """The field's lines: who, what is said (without the cause), the whole line. Who is the line, the device or its point."""
    found = []
    for line in gateway.process.log.read_text(errors="replace").splitlines():
        if match := re.match(r"\S+ (?:notice|warning|error|info) field: ([^:=]*)", line):
            facts = dict(re.findall(r" (device|line|broker|point|layout)=(\S+)", line))
            words = re.sub(r" (?:device|line|broker|point|unit|retryMs)$", "", match[1]) + facts.get("layout", "")
            found.append((" ".join(facts.get(key, "") for key in ("line", "broker", "device", "point")).strip(), words, line))
    return found


def said_twice(gateway):
    """Lines that say again what the last line about the same thing said, which is no change of state; and lines about nobody."""
    last, twice = {}, []
    for who, words, line in journal(gateway):
        if not who or last.get(who) == words:
            twice.append(line)
        last[who] = words
    return twice
