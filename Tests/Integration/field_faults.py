"""Goal: whatever a Modbus device does, no value shown or stored is wrong or old, the quality tells, and the line recovers by itself.
Method: one line of our libmodbus server for each fault, all at the same time, against one gateway that is never restarted for it.
The registers tell unit, place and time, so that every reading in the log is checked against the truth."""

import pathlib
import re
import shutil
import tempfile
import time

from fieldserver import Device, FieldServer, Record, Watcher, building, good_since, journal, ms, profiles, said_twice, wait_good
from harness import Broker, Gateway, Steps, programs, wait_for

# Name of the line (rtu…: RTU over TCP), the fault, and whether values must go on during it.
FAULTS = [
    ("illegal", "exception 1", False), ("failure", "exception 4", False), ("acknowledge", "exception 5", False), ("busy", "exception 6", False),
    ("nopath", "exception 10", False), ("notarget", "exception 11", False), ("tid", "tid", False), ("uid", "uid", False), ("function", "function", False),
    ("late", "late 1400", False), ("drip", "drip 4", True), ("slowdrip", "drip 300", False), ("short", "short", False), ("long", "long", False),
    ("split", "split 30", True), ("garbage", "garbage", False), ("close", "close", False), ("half", "half", False), ("length", "length", False),
    ("drop", "drop", False), ("refuse", "line refuse", False), ("mute", "line mute", False), ("babble", "line babble", False), ("chatter", "line chatter", False),
    ("rtubabble", "line babble", False), ("rtuchatter", "line chatter", False), ("rtudrop", "drop", False), ("rtulate", "late 1400", False),
    ("rtucrc", "crc", False), ("rtuuid", "uid", False), ("rtushort", "short", False), ("rtudrip", "drip 4", True), ("rtusplit", "split 30", True),
]
FAULT_SECONDS = 7
RECOVERY_SECONDS_MAX = 20
# A device that says for seconds that it knows no such function is asked again for it now and then.
SLOW, SLOW_SECONDS_MAX = {"illegal"}, 100
WINDOW_SECONDS = 25


class Rig:
    def __init__(self):
        self.servers, self.devices = {}, []

    def line(self, name, units=1, points=2, options="", **where):
        self.servers[name] = FieldServer(units, **where)
        for unit in range(1, units + 1):
            self.devices.append(Device(name if units == 1 else f"{name}{unit}", self.servers[name].url, unit, points, options=options))
        return self.servers[name]

    def stop(self):
        for server in self.servers.values():
            server.stop()


def built(rig):
    for name, _, _ in FAULTS:
        rig.line(name, line="rtutcp" if name.startswith("rtu") else "tcp")
    rig.line("tcp6", host="::1")
    rig.line("ten", units=10)
    rig.line("holes", points=16).tell("hole 1 10 13")
    rig.line("small", points=16).tell("max 1 10")
    one = rig.line("one", units=2)
    one.tell("line one")
    # A little less than what is promised: the server sees the request after it was sent.
    rig.line("gap", units=3, options="gap: 80ms").tell("gap 75")
    return rig


def faults(rig, gateway, steps):
    """All lines fail together; then all are well again."""
    for name, fault, _ in FAULTS:
        rig.servers[name].tell(fault if fault.startswith("line") else f"fault 1 {fault}")
    for name, fault, _ in FAULTS:
        if fault.startswith("line"):
            rig.servers[name].tell("cut")
    time.sleep(FAULT_SECONDS)
    shown = {item["id"]: item for item in gateway.all("/v1/points?limit=1000")}
    for name, fault, goes_on in FAULTS:
        item = shown[f"{name}.p0"]
        if goes_on:
            steps.check(item["quality"] == "good" and time.time() * 1000 - ms(item["last"]["at"]) < 2_500, f"{fault}: values go on ({item['quality']})")
        else:
            steps.check(item["quality"] != "good", f"{fault}: the quality tells it ({item['quality']})")
    for name, fault, _ in FAULTS:
        rig.servers[name].tell("line open" if fault.startswith("line") else "fault 1 none")
    well = time.time()
    slow = []
    for name, fault, _ in [item for item in FAULTS if item[0] not in SLOW]:
        try:
            wait_for(name, max(1, RECOVERY_SECONDS_MAX - (time.time() - well)), lambda: good_since(gateway, name, well), every=0.3)
        except AssertionError as error:
            slow.append(f"{fault}: {error}")
    steps.check(not slow, f"{len(FAULTS) - len(SLOW)} lines recovered by themselves in {time.time() - well:.1f} s {slow}")
    told = [who for who, _, _ in journal(gateway)]
    many = {name: count for name, _, _ in FAULTS if (count := told.count(name)) > 4}
    twice = said_twice(gateway)
    steps.check(not many and not twice, f"the journal has one line for each change of state; more than four: {many}; twice: {twice[:3]}")
    return well


# Which counters of link health may tell a fault; a refused line is told by the link itself.
COUNTERS = {"exception": ("exceptions",), "drop": ("timeouts",), "mute": ("timeouts",), "late": ("timeouts", "lateAnswers"), "drip": ("timeouts",)}


def links(gateway):
    return {unit["device"]: (link, unit) for link in gateway.get("/v1/links")["items"] for unit in link["units"]}


def health(rig, gateway, steps):
    """What went wrong is counted where it went wrong, and nowhere else."""
    known, silent = links(gateway), []
    for name, fault, goes_on in FAULTS:
        link, unit = known[name]
        kind = fault.replace("line ", "").split()[0]
        counters = COUNTERS.get(kind, ("garbled", "timeouts", "lateAnswers"))
        if not goes_on and sum(unit[counter] for counter in counters) == 0 and link["failures"] == 0:
            silent.append((fault, unit))
    steps.check(not silent, f"link health counts what went wrong; silent: {silent[:2]}")
    slow = {name: unit["roundTripMs"]["max"] for name, (link, unit) in known.items() if (unit["roundTripMs"]["max"] or 0) > link["timeoutMs"] + 100}
    steps.check(not slow, f"no answer was waited for longer than the time-out: {slow}")
    urls = {device.url for device in rig.devices}
    ids = [link["id"] for link in gateway.get("/v1/links")["items"] if link["kind"] != "mqtt"]
    steps.check(sorted(ids) == sorted(urls), f"every line is a link under the name of the building file {sorted(urls ^ set(ids))[:4]}")
    link, unit = known["tcp6"]
    clean = all(unit[counter] == 0 for counter in ("timeouts", "exceptions", "garbled", "lateAnswers"))
    steps.check(clean and unit["state"] == "answering" and link["state"] == "up" and unit["roundTripMs"]["last"] < 500, f"a line without faults has none: {unit}")
    holes, small = known["holes"][1]["learned"], known["small"][1]["learned"]
    steps.check(holes and any(hole["from"] <= 10 and hole["to"] >= 13 for hole in holes["holes"]), f"the learned hole is shown: {holes}")
    steps.check(small and small["maxRegisters"] and small["maxRegisters"] <= 10, f"the learned request size is shown: {small}")
    status, headers, body = gateway.request("GET", "/metrics")
    lines = body.decode().splitlines()
    odd = [line for line in lines if not re.fullmatch(r"#.*|[a-zA-Z_:][\w:]*(\{([a-zA-Z_]\w*=\"([^\"\\\\]|\\\\.)*\",?)*\})? \S+( \d+)?|", line)]
    samples = [line.rsplit(" ", 1)[0] for line in lines if line and not line.startswith("#")]
    steps.check(status == 200 and len(samples) > 20 and not odd and len(set(samples)) == len(samples), f"/metrics: {len(samples)} samples, none twice; odd: {odd[:3]}")


def dead_unit(rig, gateway, steps):
    """One silent unit among ten behind one connection."""
    server = rig.servers["ten"]
    server.fault("drop", 10)
    time.sleep(3)
    server.tell("reset")
    begin = time.time()
    time.sleep(WINDOW_SECONDS)
    end = time.time()
    asked = server.stats()["units"]
    time.sleep(1)
    record = Record(gateway, [device for device in rig.devices if device.name.startswith("ten")], begin - 1)
    counts = [len([row for row in record.good(f"ten{unit}") if begin * 1000 <= ms(row["at"]) < end * 1000]) for unit in range(1, 10)]
    share = sum(counts) / (9 * int(end - begin))
    steps.check(share >= 0.99, f"one dead unit among ten: the others keep {share:.1%} of their samples {counts}")
    delivered = [asked[str(unit)]["delivered"] for unit in range(1, 10)]
    steps.check(all(abs(a - b) <= 1 for a, b in zip(counts, delivered)), f"the log has what the server sent: {counts} of {delivered}")
    steps.check(asked["10"]["requests"] <= 8, f"the dead unit was asked {asked['10']['requests']} times in {end - begin:.0f} s")
    shown = gateway.get("/v1/points/ten10.p0")["current"]
    link, unit = links(gateway)["ten10"]
    steps.check(shown["quality"] == "offline" and unit["state"] in ("offline", "probing"), f"it is shown as {shown['quality']}, its unit as {unit['state']}")
    steps.check(all(links(gateway)[f"ten{other}"][1]["timeouts"] == 0 for other in range(1, 10)), "no time-out is counted for the others")
    server.fault("none", 10)
    seconds = wait_good(gateway, "ten10", 40)
    steps.check(True, f"it is back {seconds:.1f} s after it answers again")


def learned(rig, gateway, steps, when):
    """Holes and request sizes are known: nothing is asked over them any more."""
    holes, small, one, gap = (rig.servers[name] for name in ("holes", "small", "one", "gap"))
    there = [place for place in range(16) if place not in (5, 6)]
    wait_for("points beside the hole", 15, lambda: good_since(gateway, "holes", time.time() - 2, there), every=0.5)
    wait_for("points of the small device", 15, lambda: good_since(gateway, "small", time.time() - 2, range(16)), every=0.5)
    shown = [gateway.get(f"/v1/points/holes.p{place}") for place in (5, 6)]
    steps.check(all(point["quality"] == "device-fault" and not point["current"] for point in shown),
                f"{when}: points in the hole are {[point['quality'] for point in shown]}, all others good")
    for server in (holes, small, one, gap):
        server.tell("reset")
    time.sleep(4)
    asked = holes.unit(1)
    steps.check(asked["overHole"] == 0 and asked["delivered"] > 0, f"{when}: {asked['overHole']} requests over the hole, {asked['delivered']} beside it: {asked['asked']}")
    asked = small.unit(1)
    steps.check(asked["overMax"] == 0 and asked["delivered"] > 0, f"{when}: {asked['overMax']} requests longer than the device takes: {asked['asked']}")
    stats = gap.stats()
    steps.check(stats["gapViolations"] == 0 and stats["units"]["1"]["delivered"] > 0, f"{when}: silence between requests is at least {stats['gapUsMin']} us of 80 ms")
    stats = one.stats()
    steps.check(stats["turnedAway"] == 0 and stats["openMax"] == 1, f"{when}: one connection to a device that takes one")
    for name, server in rig.servers.items():
        if count := server.stats()["pipelined"]:
            steps.check(False, f"{name}: {count} requests while another was under way")


def restarted(rig, gateway, steps):
    """What was learned is known in the next life; nothing over the hole was asked since the start."""
    gateway.stop()
    for name in ("holes", "small"):
        rig.servers[name].tell("reset")
    gateway.start()
    wait_good(gateway, "holes", 15)
    wait_good(gateway, "small", 15)
    counts = [rig.servers["holes"].unit(1)["overHole"], rig.servers["small"].unit(1)["overMax"]]
    steps.check(counts == [0, 0], f"after a restart nothing is learned twice: {counts}")
    learned(rig, gateway, steps, "after a restart")


def main():
    arguments = programs()
    steps = Steps("field faults")
    folder = pathlib.Path(tempfile.mkdtemp(prefix="plumbline-faults."))
    broker = Broker(folder)
    rig = Rig()
    gateway = None
    try:
        built(rig)
        gateway = Gateway(arguments.plumblined, building(rig.devices), broker.port, folder=folder, profiles=profiles(folder, 16))
        gateway.init()
        gateway.start()
        since = time.time()
        for device in rig.devices:
            wait_for(device.name, 20, lambda: good_since(gateway, device.name, since), every=0.3)
        steps.check(True, f"{len(rig.devices)} devices on {len(rig.servers)} lines, one of them on ::1, have values")
        watcher = Watcher(gateway, rig.devices, 1_000)
        well = faults(rig, gateway, steps)
        health(rig, gateway, steps)
        dead_unit(rig, gateway, steps)
        learned(rig, gateway, steps, "at first")
        for name in SLOW:
            wait_for(name, max(1, SLOW_SECONDS_MAX - (time.time() - well)), lambda: good_since(gateway, name, well, (0, 1)), every=0.5)
        steps.check(True, f"{' '.join(SLOW)}: values again {time.time() - well:.0f} s after the fault")
        bad = watcher.stop()
        steps.check(watcher.looks > 50 and not bad, f"{watcher.looks} looks at all points: nothing wrong or old was shown as good {bad[:5]}")
        process = gateway.process
        steps.check(process.alive(), "the gateway runs since the start")
        record = Record(gateway, [device for device in rig.devices if not device.name.startswith("ten")], since)
        untrue = record.untrue()
        total = sum(len(rows) for rows in record.rows.values())
        steps.check(not untrue, f"{total} readings in the log: none is another's, old, or a refusal with a value {untrue[:5]}")
        unexplained = [span for span in record.silences(1_000, time.time()) if not span[3] and not span[0].startswith("holes.p")]
        steps.check(not unexplained, f"every silence has a quality in it {unexplained[:4]}")
        restarted(rig, gateway, steps)
        told = "Fatal" in gateway.process.log.read_text(errors="replace")
        code = gateway.stop()
        steps.check(code == 0 and not told, f"it ends with {code}")
    finally:
        if gateway:
            gateway.stop()
        rig.stop()
        broker.stop()
    if not steps.failed:
        shutil.rmtree(folder, ignore_errors=True)
    steps.finish()


if __name__ == "__main__":
    main()
