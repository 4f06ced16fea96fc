"""Goal: an installer sees what a device says, finds out who answers, and takes its registers home as a test.
Method: plumblined's tools against pymodbus' server, a SunSpec device made of it, and the simulated building; whole help
texts compared with Tests/Integration/words/. PLUMBLINE_WRITE_WORDS=1 writes the texts anew, to be read before they are committed."""

import json
import os
import pathlib
import pty
import re
import select
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time

from pymodbus.framer import FramerType

from field_serial import Cable
from harness import ROOT, Broker, Process, Steps, free_port, programs, wait_for
from pymodbus_line import PymodbusLine

WORDS = ROOT / "Tests" / "Integration" / "words"
PROFILES = ROOT / "DeviceProfiles"
SECONDS_MAX = 120
HELPS = {"tools-help": "help", "tools-help-profile": "help profile", "tools-help-profile-list": "help profile list",
         "tools-help-profile-check": "help profile check", "tools-help-profile-test": "help profile test",
         "tools-help-profile-sunspec": "help profile sunspec", "tools-help-probe": "help probe", "tools-help-scan": "help scan",
         "tools-help-record": "help record", "tools-help-replay": "help replay", "tools-help-check": "help check",
         "tools-help-tangle": "help tangle", "tools-wrong-fault": "tangle --fault ignor"}
ORDERS = ("ABCD", "CDAB", "BADC", "DCBA")
# A program of its own, so that the server's loop and ours do not meet.
SERVER = r"""
import asyncio, json, sys
from pymodbus.datastore import ModbusServerContext, ModbusSlaveContext, ModbusSparseDataBlock
from pymodbus.device import ModbusDeviceIdentification
from pymodbus.server import StartAsyncTcpServer
units = {}
for unit, blocks in json.loads(sys.argv[2]).items():
    block = lambda name: ModbusSparseDataBlock({int(a) + 1: w for a, w in blocks.get(name, {"60000": 0}).items()})
    units[int(unit)] = ModbusSlaveContext(hr=block("3"), ir=block("4"), co=block("1"), di=block("2"))
identity = ModbusDeviceIdentification(info_name={
    "VendorName": "Pymodbus", "ProductCode": "PM", "MajorMinorRevision": "3", "ModelName": "Bench"})
asyncio.run(StartAsyncTcpServer(ModbusServerContext(slaves=units, single=False), identity=identity, address=("127.0.0.1", int(sys.argv[1]))))
"""


def words(form, value):
    data = struct.pack(form, value)
    return list(struct.unpack(f">{len(data) // 2}H", data))


def ordered(registers, order):
    """The registers as a device of this order sends them; each order is its own inverse."""
    if order in ("CDAB", "DCBA"):
        registers = registers[::-1]
    if order in ("BADC", "DCBA"):
        registers = [(w >> 8) | (w & 0xFF) << 8 for w in registers]
    return registers


def text(value, count):
    data = value.encode().ljust(2 * count, b"\0")
    return list(struct.unpack(f">{count}H", data))


def block(address, registers):
    return {address + offset: word for offset, word in enumerate(registers)}


def bench():
    """Unit 1: known numbers in every order. Unit 7: SunSpec models 1, 103 and one of the maker's own. Unit 9: a hole at 10."""
    floats, doubles, whole = {}, {}, {}
    for index, order in enumerate(ORDERS):
        floats |= block(2 * index, ordered(words(">f", 230.1), order))
        doubles |= block(20 + 4 * index, ordered(words(">d", 12345.678), order))
        whole |= block(40 + 2 * index, ordered(words(">i", -123456), order))
    one = floats | doubles | whole | block(50, [0x8000, 0xFFFF]) | block(52, words(">f", float("nan"))) | block(60, text("PLUMB-01", 4))
    inverter = [103, 50] + [0xFFFF] * 50
    for offset, word in {2: 65, 3: 22, 6: 0xFFFF, 10: 2301, 13: 0xFFFF, 14: 4512, 15: 0, 16: 4998, 17: 0xFFFE, 18: 4600, 19: 0, 21: 0x8000,
                         23: 0x8000, 24: 2, 25: 0xCF9C, 26: 0, 28: 0x8000, 30: 0x8000, 32: 0x8000, 33: 412, 37: 0xFFFF, 38: 4, 40: 0,
                         41: 0x10}.items():
        inverter[offset] = word
    common = [1, 66] + text("Acme: \"Sun\"", 16) + text("SX 10", 16) + text("", 8) + text("1.2", 8) + text("S-0001", 16) + [1, 0]
    sunspec = block(40000, [0x5375, 0x6E53] + common + inverter + [64999, 3, 1, 2, 3] + [0xFFFF, 0])
    return {1: {"3": one, "4": block(0, [7, 8]), "1": block(0, [1, 0, 1])}, 7: {"3": sunspec}, 9: {"3": block(0, range(10)) | block(11, range(30))}}


class Tool:
    def __init__(self, path):
        self.path = str(pathlib.Path(path).resolve())
        self.environment = {"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8", "TERM": "xterm", "COLUMNS": "80"}

    def run(self, *arguments, cwd=None):
        """Exit code, standard output, standard error."""
        result = subprocess.run([self.path, *map(str, arguments)], capture_output=True, text=True, cwd=cwd, env=self.environment,
                                stdin=subprocess.DEVNULL, timeout=SECONDS_MAX)
        return result.returncode, result.stdout, result.stderr


def helps(steps, tool):
    for name, line in HELPS.items():
        code, out, complaints = tool.run(*line.split())
        path = WORDS / f"{name}.txt"
        found = f"exit {code}\n--- standard output\n{out}--- standard error\n{complaints}"
        if os.environ.get("PLUMBLINE_WRITE_WORDS"):
            path.write_text(found)
        steps.check(path.exists() and path.read_text() == found, f"words: {line}")


def probes(steps, tool, line):
    def reading(address, count, *more):
        code, out, complaints = tool.run("probe", line, "--unit", 1, "--register", address, "--count", count, "--json", *more)
        assert code == 0, complaints
        return json.loads(out)

    def value(seen, kind, order, count):
        return next(x for x in seen["interpretations"] if (x["type"], x["order"], x["words"]) == (kind, order, count))

    for index, order in enumerate(ORDERS):
        seen = reading(2 * index, 2)
        right = value(seen, "f32", order, 2)
        wrong = [o for o in ORDERS if o != order and value(seen, "f32", o, 2)["mark"] == "plausible"]
        steps.check(right["value"] == "230.1" and right["mark"] == "plausible" and not wrong, f"a float in {order} alone stands out")
        steps.check(value(reading(20 + 4 * index, 4), "f64", order, 4)["value"] == "12345.678", f"a double in {order}")
        steps.check(value(reading(40 + 2 * index, 2), "i32", order, 2)["value"] == "-123456", f"a whole number in {order}")
    seen = reading(50, 1)
    steps.check(value(seen, "i16", "ABCD", 1)["mark"] == "not-available", "0x8000 is told as not available")
    steps.check(value(reading(52, 2), "f32", "ABCD", 2)["mark"] == "not-available", "NaN is told as not available")
    steps.check(value(reading(60, 4), "text", "ABCD", 4)["value"] == "PLUMB-01", "a text is read")
    steps.check(reading(1, 2, "--addressing", "one")["address"] == 0, "a one-based register is one less on the wire")
    steps.check(reading(0, 3, "--function", "1")["bits"] == [1, 0, 1], "coils are bits")
    steps.check(value(reading(0, 1, "--function", "4"), "u16", "ABCD", 1)["value"] == "7", "input registers are read")
    code, out, _ = tool.run("probe", line, "--register", 0, "--times", 3, "--every", "50ms", "--json")
    steps.check(code == 0 and len(out.splitlines()) == 3, "three readings are three lines")
    code, out, complaints = tool.run("probe", line, "--register", 500)
    steps.check(code == 1 and not out and "exception 2: illegal data address" in complaints and "hint:" in complaints, "a refusal is told in words")
    code, out, _ = tool.run("probe", line, "--identify")
    steps.check(code == 0 and "vendor  Pymodbus" in out and "model name  Bench" in out, "the device says who it is")
    code, out, complaints = tool.run("probe", f"tcp://127.0.0.1:{free_port()}", "--register", 0)
    steps.check(code == 2 and not out and "connection refused" in complaints, f"nobody there: {complaints.strip()}")
    for wrong in (("probe", line), ("probe", "tcp:127.0.0.1", "--register", "0"), ("probe", line, "--register", "70000"),
                  ("probe", line, "--register", "0", "--count", "9"), ("probe", line, "--register", "0", "--function", "5"),
                  ("scan", line, "--units", "0-256"), ("record", line), ("record", line, "--range", "7:1"), ("profile", "test")):
        code, out, complaints = tool.run(*wrong)
        steps.check(code == 64 and not out and complaints, f"wrong usage: {' '.join(wrong[:1] + wrong[2:])}")
    code, out, _ = tool.run("probe", line, "--register", 0)
    shown = out.splitlines()
    steps.check(code == 0 and re.match(r"tcp://\S+ unit 1, function 3 \(holding registers\), register 0, 2 registers, answered in \d+\.\d ms$", shown[0])
                and any(re.match(r"0 +f32 +230\.1 \*", x) for x in shown) and "\x1b" not in out, "the table has the value and no colours in a pipe")


def scans(steps, tool, line, port):
    code, out, complaints = tool.run("scan", line, "--units", "1-12", "--timeout", "200ms", "--profiles", PROFILES, "--json")
    seen = json.loads(out)
    steps.check(code == 0 and [u["unit"] for u in seen["units"]] == [1, 7, 9] and seen["asked"] == 12, f"units 1, 7 and 9 answer: {complaints}")
    steps.check(seen["units"][0]["identification"][0] == {"id": 0, "name": "vendor", "text": "Pymodbus"}, "identification comes with the scan")
    found = seen["units"][1]["sunspec"]
    steps.check([m["id"] for m in found["models"]] == [1, 103, 64999] and found["manufacturer"] == 'Acme: "Sun"' and found["end"] == "end model",
                "SunSpec models come with the scan")
    steps.check("sunspec-inverter" in seen["units"][1]["profiles"] and not seen["units"][0]["profiles"], "identify words name the profile")
    code, out, complaints = tool.run("scan", line, "--units", "20-22", "--timeout", "100ms", "--profiles", PROFILES)
    steps.check(code in (1, 2) and not out, f"nobody among 20 to 22: {complaints.strip()}")
    silent = Silent()
    started = time.monotonic()
    ours, theirs = pty.openpty()
    process = subprocess.Popen([tool.path, "scan", f"tcp://127.0.0.1:{silent.port}", "--units", "1-200", "--timeout", "300ms",
                                "--profiles", str(PROFILES)], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=theirs, text=True)
    os.close(theirs)
    shown = b""
    while b"unit 3" not in shown and select.select([ours], [], [], 20)[0]:
        shown += os.read(ours, 4096)
    process.send_signal(signal.SIGINT)
    interrupted = time.monotonic()
    out, _ = process.communicate(timeout=20)
    took = time.monotonic() - interrupted
    steps.check(process.returncode in (0, 1) and took < 2 and time.monotonic() - started < 30, f"Ctrl-C ends a scan in {took:.1f} s")
    while select.select([ours], [], [], 0)[0]:
        try:
            part = os.read(ours, 4096)
        except OSError:
            break
        if not part:
            break
        shown += part
    os.close(ours)
    steps.check(b"unit 1, 0 found" in shown and b"stopped" in shown and "unit" not in out, "progress is shown on a terminal, and what was found so far")
    silent.close()


class Silent:
    """Takes connections and says nothing but an answer of unit 2."""

    def __init__(self):
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.thread = threading.Thread(target=self.serve, daemon=True)
        self.thread.start()

    def serve(self):
        clients = []
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            clients.append(client)

    def close(self):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        self.thread.join(5)


def sunspec(steps, tool, line, folder):
    code, out, complaints = tool.run("profile", "sunspec", line, "--unit", 7)
    path = folder / "sunspec-acme-sun-sx-10.yaml"
    path.write_text(out)
    steps.check(code == 0 and f"name this file {path.name}" in complaints, f"a profile is made of a live device: {complaints.strip()}")
    code, out, complaints = tool.run("profile", "check", path)
    steps.check(code == 0, f"and it is good: {out}{complaints}".strip())
    code, out, complaints = tool.run("profile", "test", path)
    steps.check(code == 0, f"and its test words hold: {out}{complaints}".strip())
    dump = folder / "sunspec-dump.yaml"
    code, _, complaints = tool.run("record", line, "--unit", 7, "--profile", path, "--out", dump)
    steps.check(code == 0, f"and the device is recorded by it: {complaints.strip()}")
    code, out, _ = tool.run("profile", "test", path, "--dump", dump, "--json")
    points = {p["point"]: p for p in json.loads(out)["points"]}
    steps.check(points["power.active"]["value"] == "4512" and points["frequency"]["value"] == "49.98" and points["state"]["value"] == "mppt"
                and "power.reactive" not in points, "values come with live scale factors; what is not implemented is left out")
    code, out, _ = tool.run("probe", line, "--unit", 7, "--sunspec")
    steps.check(code == 0 and "model 103 at 40070, 50 registers: inverter, three phases" in out, "probe --sunspec lists the models")
    code, out, complaints = tool.run("probe", line, "--unit", 1, "--sunspec")
    steps.check(code == 1 and not out and "no SunSpec marker" in complaints, "a device without marker is told")


def records(steps, tool, line, folder):
    dump = folder / "hole.yaml"
    code, _, complaints = tool.run("record", line, "--unit", 9, "--range", "3:0-59", "--out", dump)
    lines = dump.read_text().splitlines()
    steps.check(code == 0 and "  - {function: 3, first: 10, last: 10, code: 2}" in lines and "  - {function: 3, first: 41, last: 59, code: 2}" in lines,
                f"holes are learned: {complaints.strip()}")
    code, _, complaints = tool.run("record", line, "--unit", 9, "--range", "3:0-9", "--out", dump)
    steps.check(code != 0 and "file exists" in complaints, "a dump is not overwritten")
    code, _, complaints = tool.run("record", line, "--unit", 9, "--range", "3:500-510")
    steps.check(code == 1 and "refuses" in complaints, "a device that refuses all of it")
    # A profile whose expectation is not met: the difference has the point's name.
    spoiled = folder / "spoiled-dump.yaml"
    spoiled.write_text((folder / "sunspec-dump.yaml").read_text().replace('value: "4512"', 'value: "4513"'))
    code, _, complaints = tool.run("profile", "test", folder / "sunspec-acme-sun-sx-10.yaml", "--dump", spoiled)
    steps.check(code == 1 and "power.active: is 4512, expected 4513" in complaints, "a difference is told and fails")
    spoiled.write_text("dump: 1\ndevise: x\n")
    code, _, complaints = tool.run("profile", "test", folder / "sunspec-acme-sun-sx-10.yaml", "--dump", spoiled)
    steps.check(code == 1 and "spoiled-dump.yaml:2:1: unknown key 'devise'" in complaints and "did you mean 'device'" in complaints, "a spoiled dump is told by its place")


def checks(steps, tool, folder):
    code, out, complaints = tool.run("profile", "check", PROFILES)
    count = len(list(PROFILES.glob("*.yaml")))
    steps.check(code == 0 and len(out.splitlines()) == count and not complaints, f"{count} shipped profiles are good")
    code, out, complaints = tool.run("profile", "test", PROFILES)
    steps.check(code == 0 and len(out.splitlines()) == count, f"their test words hold: {complaints}")
    code, out, complaints = tool.run("profile", "list", "--profiles", PROFILES, "--json")
    steps.check(code == 0 and len(json.loads(out)["profiles"]) == count, "and are listed")
    good = (PROFILES / "carlo-gavazzi-em340.yaml").read_text()
    (folder / "carlo-gavazzi-em340.yaml").write_text(good.replace("vendor:", "vender:").replace("type: i16, scale: 0.1, unit: Hz", "type: i61, unit: Hz")
                                                     .replace("address: 40,", "adress: 40,"))
    (folder / "broken.yaml").write_text("profile: broken\npoints: [\n")
    (folder / "misnamed.yaml").write_text(good)
    names = [folder / name for name in ("carlo-gavazzi-em340.yaml", "broken.yaml", "misnamed.yaml", "absent.yaml")]
    code, out, complaints = tool.run("profile", "check", *names, PROFILES / "eastron-sdm630.yaml")
    for piece in ("unknown key 'vender' in the profile; did you mean 'vendor'?", "unknown word 'i61'", "did you mean 'i16'?", "unknown key 'adress'",
                  "broken.yaml:3:1: not YAML", "name it carlo-gavazzi-em340.yaml", "absent.yaml: cannot be opened", "6 mistakes in 4 of 5 files"):
        steps.check(code == 1 and piece in complaints, f"profile check tells: {piece}")
    steps.check("eastron-sdm630.yaml: good" in out, "and goes on with the next file")
    code, out, _ = tool.run("profile", "check", *names, "--json")
    seen = json.loads(out)
    first = seen["files"][0]["mistakes"][0]
    steps.check(code == 1 and not seen["good"] and (first["line"], first["column"]) == (4, 1) and first["hint"] == "did you mean 'vendor'?", "the same as JSON")


def wholes(steps, tool, folder):
    """plumblined check tells a mistake of each of the three files at once."""
    home = folder / "whole"
    (home / "profiles").mkdir(parents=True)
    for path in PROFILES.glob("*.yaml"):
        shutil.copy(path, home / "profiles")
    building = (ROOT / "Deploy" / "demo-building.yaml").read_text().replace("@MODBUS_PORT@", "1502").replace("@MQTT_PORT@", "1883")
    configuration = "gateway: gw\nbuilding: building.yaml\nprofiles: profiles\ndata: data\nmqtt: {host: 127.0.0.1, port: 1883}\n"
    (home / "building.yaml").write_text(building)
    (home / "plumbline.yaml").write_text(configuration)
    code, out, complaints = tool.run("check", "--config", home / "plumbline.yaml")
    steps.check(code == 0 and ": good: " in out, f"a whole configuration is good: {out}{complaints}".strip())
    code, out, _ = tool.run("check", "--config", home / "plumbline.yaml", "--json")
    steps.check(code == 0 and json.loads(out)["good"] is True and json.loads(out)["mistakes"] == [], "the same as JSON")
    (home / "plumbline.yaml").write_text(configuration.replace("data: data", "dta: data"))
    meter = home / "profiles" / "eastron-sdm630.yaml"
    meter.write_text(meter.read_text().replace("vendor:", "vender:"))
    (home / "building.yaml").write_text(building.replace("profile: plumbline-sim-battery", "profile: plumbline-sim-batery", 1))
    code, out, complaints = tool.run("check", "--config", home / "plumbline.yaml")
    for piece in ("plumbline.yaml:4:1: unknown key 'dta'", "eastron-sdm630.yaml:4:1: unknown key 'vender'", "did you mean 'plumbline-sim-battery'?"):
        steps.check(code == 1 and piece in complaints, f"check tells: {piece}")
    steps.check("unknown profile 'eastron-sdm630'" not in complaints, "what follows from a mistake is not told")
    code, out, _ = tool.run("check", "--config", home / "plumbline.yaml", "--json")
    seen = json.loads(out)
    steps.check(code == 1 and not seen["good"] and len(seen["mistakes"]) == 3 and all(m["line"] for m in seen["mistakes"]), f"three mistakes as JSON: {out}")


def serial(steps, tool, folder):
    """The same tools on RTU, over TCP and on a serial line made by socat."""
    server = PymodbusLine(units=(3,), framer=FramerType.RTU)
    cable = Cable(folder, str(folder / "tty"), f"tcp:127.0.0.1:{server.port}")
    try:
        for line, more in ((f"rtutcp://127.0.0.1:{server.port}", ()), (f"rtu:{folder / 'tty'}", ("--baud", "115200", "--mode", "8N1"))):
            code, out, complaints = tool.run("scan", line, *more, "--units", "1-5", "--timeout", "200ms", "--profiles", PROFILES, "--json")
            steps.check(code == 0 and [u["unit"] for u in json.loads(out)["units"]] == [3], f"scan on {line.split(':')[0]}: {out}{complaints}".strip()[:200])
            code, out, complaints = tool.run("probe", line, *more, "--unit", 3, "--register", 0, "--json")
            steps.check(code == 0 and json.loads(out)["words"][0] >> 10 == 3, f"probe on {line.split(':')[0]}: {complaints}".strip())
    finally:
        cable.unplug()


def building(steps, tool, folder):
    """The simulated building: scan, record, the same values offline, and the dump served again."""
    broker = Broker(folder)
    home = folder / "demo"
    demo = Process([tool.path, "demo", "--dir", str(home), "--mqtt-port", str(broker.port), "--profiles", str(PROFILES), "--building",
                    str(ROOT / "Deploy" / "demo-building.yaml"), "--ready-file", str(folder / "ready")], folder / "demo.log")
    try:
        wait_for("the demo is ready", 60, lambda: (folder / "ready").exists())
        line = re.search(r"tcp://127\.0\.0\.1:\d+", (home / "building.yaml").read_text()).group()
        code, out, complaints = tool.run("scan", line, "--units", "1-12", "--timeout", "150ms", "--profiles", PROFILES, "--json")
        units = {u["unit"]: u for u in json.loads(out)["units"]}
        steps.check(code == 0 and sorted(units) == [1, 2, 4, 10, 11], f"the building's units answer: {sorted(units)} {complaints}")
        steps.check(units[10]["sunspec"]["manufacturer"] == "Plumbline" and "sunspec-inverter" in units[10]["profiles"], "its inverter is found by SunSpec")
        dump = folder / "meter.yaml"
        code, _, complaints = tool.run("record", line, "--unit", 1, "--profile", "eastron-sdm630", "--profiles", PROFILES, "--out", dump)
        steps.check(code == 0, f"its meter is recorded: {complaints.strip()}")
        code, out, complaints = tool.run("profile", "test", "--dump", dump, "--profiles", PROFILES)
        steps.check(code == 0 and re.search(r"voltage\.l1 +2\d\d(\.\d+)? V", out), f"and decodes offline: {complaints.strip()}")
        if os.environ.get("PLUMBLINE_WRITE_WORDS"):
            kept = ROOT / "Tests" / "Vectors" / "dumps" / "simulated-meter.yaml"
            kept.parent.mkdir(exist_ok=True)
            kept.write_text(dump.read_text())
        replay = subprocess.Popen([tool.path, "replay", str(dump)], stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        again = replay.stderr.readline().split()[1]
        second = folder / "again.yaml"
        tool.run("record", again, "--unit", 1, "--profile", "eastron-sdm630", "--profiles", PROFILES, "--out", second)
        replay.send_signal(signal.SIGINT)
        steps.check(replay.wait(20) == 0, "replay ends with Ctrl-C")
        replay.stderr.close()
        strip = lambda path: [x for x in path.read_text().splitlines() if not x.startswith(("device:", "when:", "#"))]
        steps.check(strip(second) == strip(dump), "a replayed dump gives the same dump")
    finally:
        demo.stop()
        broker.stop()


def main():
    tool = Tool(programs().plumblined)
    steps = Steps("tools")
    folder = pathlib.Path(tempfile.mkdtemp(prefix="plumbline-tools."))
    port = free_port()
    server = Process([sys.executable, "-c", SERVER, str(port), json.dumps(bench())], folder / "server.log")
    try:
        helps(steps, tool)
        wait_for("pymodbus listens", 20, lambda: socket.create_connection(("127.0.0.1", port), 1))
        line = f"tcp://127.0.0.1:{port}"
        probes(steps, tool, line)
        scans(steps, tool, line, port)
        sunspec(steps, tool, line, folder)
        records(steps, tool, line, folder)
        checks(steps, tool, folder)
        wholes(steps, tool, folder)
        serial(steps, tool, folder)
        building(steps, tool, folder)
    finally:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)
    steps.finish()


if __name__ == "__main__":
    main()
