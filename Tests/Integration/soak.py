"""Goal: minutes of chance misfortune on every line: the process is never started again, memory stays flat, no value is wrong, every gap is
accounted for, and one period file over all of it verifies.
Method: 160 Modbus points on four lines (TCP, ::1, RTU over TCP) and 40 MQTT points; a seeded chance refuses, drops, delays, spoils,
stops, kills and floods. What the servers counted and the publisher sent is the truth that the log is compared with.

    soak.py [--minutes N] [--seed N]"""

import json
import os
import pathlib
import random
import re
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time

import paho.mqtt.client as paho

from fieldserver import Device, FieldServer, Record, Watcher, building, good_since, instant, journal, ms, profiles, said_twice, token
from harness import ROOT, Broker, Gateway, Process, Steps, programs, wait_for

RANDOM_KINDS = "exception drop tid uid function late drip short long split garbage close half length crc"
SENSORS, SENSOR_SECONDS = 8, 2
FIELDS = ("temperature", "humidity", "co2", "tvoc", "pressure.air")
CALM_SECONDS, SETTLE_SECONDS = 30, 45


def option(name, standard):
    """Taken out of the command line, so that the harness sees only its own."""
    if name not in sys.argv:
        return standard
    place = sys.argv.index(name)
    value = float(sys.argv[place + 1])
    del sys.argv[place:place + 2]
    return value


class Sensors:
    """Publishes a rising number for each sensor, and knows when each was handed to the broker."""

    def __init__(self, port):
        self.port, self.sent, self.number = port, {sensor: {} for sensor in range(SENSORS)}, 0
        self.client = paho.Client(paho.CallbackAPIVersion.VERSION2, client_id="sensors")
        self.over = threading.Event()
        self.client.connect_async("127.0.0.1", port, keepalive=10)
        self.client.reconnect_delay_set(1, 2)
        self.client.loop_start()
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()

    @staticmethod
    def topic(sensor):
        return f"application/a1/device/24e1247100000{sensor:03d}/event/up"

    def _run(self):
        due = time.monotonic()
        while not self.over.wait(max(0, due - time.monotonic())):
            due += SENSOR_SECONDS
            self.number += 1
            for sensor in range(SENSORS):
                if not self.client.is_connected():
                    continue
                number = self.number * 10 + sensor
                told = self.client.publish(self.topic(sensor), json.dumps(
                    {"object": {"temperature": number, "humidity": number, "co2": number, "tvoc": number, "pressure": number}}), qos=1)
                self.sent[sensor][number] = (time.time(), told)

    def stop(self):
        self.over.set()
        self.thread.join(10)
        self.client.loop_stop()


class House:
    def __init__(self, arguments, folder, seed):
        self.folder = folder
        self.broker = Broker(folder)
        self.servers = [FieldServer(5, seed=seed), FieldServer(5, host="::1", seed=seed + 1), FieldServer(5, "rtutcp", seed=seed + 2),
                        FieldServer(10, seed=seed + 3)]
        points = [8, 8, 8, 4]
        self.devices = [Device(f"d{index}u{unit}", server.url, unit, points[index])
                        for index, server in enumerate(self.servers) for unit in range(1, server.units + 1)]
        sensors = range(SENSORS)
        more = {
            "more_entities": "".join(f"  s{n}: {{type: IAQ_Sensor_Equipment, in: house}}\n" for n in sensors) + "  flood: {type: IAQ_Sensor_Equipment, in: house}\n",
            "more_devices": "".join(f"  lora{n}: {{profile: chirpstack-milesight-am308, mqtt: \"{Sensors.topic(n)}\"}}\n" for n in [*sensors, 99]),
            "more_points": "".join(f"  s{n}.{field.replace('.', '-')}: {{type: Sensor, privacy: none, from: lora{n}#{field}, every: {SENSOR_SECONDS}s}}\n"
                                   for n in sensors for field in FIELDS) + "  flood.co2: {type: Sensor, privacy: none, from: lora99#co2, every: 1h}\n",
        }
        self.gateway = Gateway(arguments.plumblined, building(self.devices, **more), self.broker.port, folder=folder, period="5s", anchor_every="10s",
                               profiles=profiles(folder, 8, extra=[ROOT / "DeviceProfiles" / "chirpstack-milesight-am308.yaml"]))
        self.sensors = Sensors(self.broker.port)

    def stop(self):
        self.gateway.stop()
        self.sensors.stop()
        for server in self.servers:
            server.stop()
        if self.broker.alive():
            self.broker.process.send_signal(signal.SIGCONT)
            self.broker.stop()


class Misfortune:
    """One thing after the other goes wrong and is put right again; every span in which something is wrong is written down."""

    def __init__(self, house, dice):
        self.house, self.dice = house, dice
        # When it ends, what ends it, on which line, since when.
        self.running, self.spans = [], []
        self.counts, self.reloads, self.odd = {}, 0, []

    def step(self, now):
        for item in [item for item in self.running if item[0] <= now]:
            self.end(item)
        free = [line for line in [*range(len(self.house.servers)), "mqtt", "reload"] if line not in [item[2] for item in self.running]]
        if free:
            self.begin(self.dice.choice(free), now)

    def end(self, item):
        self.running.remove(item)
        item[1]()
        self.spans.append((item[2], item[3], time.time()))

    def calm(self):
        for item in list(self.running):
            self.end(item)

    def begin(self, line, now):
        server = self.house.servers[line] if isinstance(line, int) else None
        kinds = {"mqtt": ["killed", "stopped", "flooded"], "reload": ["reloaded", "spoiled"]}
        kind = self.dice.choice(kinds.get(line, ["random", "random", "dead", "refuse", "mute", "cut", "stopped", "killed"]))
        self.counts[kind] = self.counts.get(kind, 0) + 1
        seconds, begun = self.dice.uniform(1, 9), time.time()
        if line == "mqtt":
            undo = self.broker(kind)
        elif line == "reload":
            self.reload(kind)
            undo = lambda: None
        elif kind == "random":
            server.tell(f"random {self.dice.randint(5, 40)} {RANDOM_KINDS}")
            undo = lambda: server.tell("random 0")
        elif kind == "dead":
            unit = self.dice.randint(1, server.units)
            server.fault("drop", unit)
            undo = lambda: server.fault("none", unit)
        elif kind in ("refuse", "mute"):
            server.tell(f"line {kind}")
            server.tell("cut")
            undo = lambda: server.tell("line open")
        elif kind == "cut":
            server.tell("cut")
            undo = lambda: None
        elif kind == "stopped":
            server.pause()
            undo = server.resume
        else:
            server.kill()
            undo = server.start
        self.running.append((now + seconds, undo, line, begun))

    def reload(self, kind):
        """A new label, taken while everything runs; or a mistake, which changes nothing."""
        house = self.house
        path = house.gateway.folder / "building.yaml"
        good = path.read_text()
        self.reloads += kind == "reloaded"
        label = f"label: Field House {self.reloads}"
        path.write_text(re.sub(r"label: Field House[ \d]*", label, good) if kind == "reloaded" else good + "  nobody.p0: {from: nothing}\n")
        status, _, body = house.gateway.request("POST", "/v1/configuration/reload", body=b"", token=house.token)
        told = json.loads(body)
        if kind == "spoiled":
            path.write_text(good)
            fine = 400 <= status < 500
        else:
            fine = status == 200 and told["connections"]["kept"] == len(house.servers) + 1 and sum(told["connections"].values()) == told["connections"]["kept"]
        if not fine:
            self.odd.append((kind, status, told))

    def broker(self, kind):
        house = self.house
        if kind == "flooded":
            self.flood()
            return lambda: None
        if kind == "stopped":
            house.broker.process.send_signal(signal.SIGSTOP)
            return lambda: house.broker.process.send_signal(signal.SIGCONT)
        house.broker.process.kill()
        house.broker.process.wait(10)

        def restart():
            command = [shutil.which("mosquitto") or "/usr/sbin/mosquitto", "-c", str(house.folder / "broker.conf")]
            house.broker.process = Process(command, house.folder / "broker.log").process

        return restart

    def flood(self):
        # 5 000 messages as fast as one client can.
        subprocess.run(["mosquitto_pub", "-h", "127.0.0.1", "-p", str(self.house.broker.port), "-t", Sensors.topic(99), "-m", '{"object": {"co2": 5}}',
                        "--repeat", "5000", "--repeat-delay", "0"], timeout=60, check=False, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def undisturbed(self, line, begin, end):
        """The spans in which nothing was wrong with the line, each after time to settle."""
        quiet, at = [], begin
        for _, first, last in sorted(span for span in self.spans if span[0] == line):
            if first > at:
                quiet.append((at, first))
            at = max(at, last + SETTLE_SECONDS)
        return quiet + ([(at, end)] if end > at else [])


class Gauge:
    """What the process costs: memory, threads, files, CPU, once a second."""

    def __init__(self, pid):
        self.pid, self.samples = pid, []

    def look(self):
        status = pathlib.Path(f"/proc/{self.pid}/status").read_text()
        rss, threads = (int(re.search(rf"{name}:\s+(\d+)", status)[1]) for name in ("VmRSS", "Threads"))
        stat = pathlib.Path(f"/proc/{self.pid}/stat").read_text().rsplit(") ", 1)[1].split()
        cpu = (int(stat[11]) + int(stat[12])) / os.sysconf("SC_CLK_TCK")
        self.samples.append((time.time(), rss / 1024, threads, len(os.listdir(f"/proc/{self.pid}/fd")), cpu))

    def check(self, steps, minutes):
        quarter = len(self.samples) // 4
        third, fourth = self.samples[2 * quarter:3 * quarter], self.samples[3 * quarter:]
        second = self.samples[quarter:2 * quarter]
        before, after = (statistics.median(sample[1] for sample in part) for part in (second if minutes >= 10 else third, fourth))
        steps.check(after <= before * 1.10 + 3, f"memory is flat: {before:.1f} MB, at the end {after:.1f} MB, most {max(s[1] for s in self.samples):.1f} MB")
        half = len(self.samples) // 2
        for place, name, slack in ((2, "threads", 3), (3, "open files", 6)):
            first, last = (max(sample[place] for sample in part) for part in (self.samples[:half], self.samples[half:]))
            steps.check(last <= first + slack and last < 80, f"{name} are bounded: at most {first}, then {last}")
        seconds = self.samples[-1][0] - self.samples[0][0]
        share = (self.samples[-1][4] - self.samples[0][4]) / seconds
        steps.check(share < 0.5, f"CPU: {share:.1%} of a core for 200 points with flood and faults")


def run(house, steps, dice, minutes):
    """The misfortune, then calm; answers when it began and the things that were wrong."""
    gateway = house.gateway
    gateway.init()
    house.token = token(gateway, "reloader")
    gateway.start()
    since = time.time()
    for device in house.devices:
        wait_for(device.name, 30, lambda: good_since(gateway, device.name, since), every=0.3)
    wait_for("the sensors", 30, lambda: gateway.get("/v1/points/s0.co2")["quality"] == "good", every=0.5)
    pid = gateway.process.process.pid
    gauge, misfortune = Gauge(pid), Misfortune(house, dice)
    watcher = Watcher(gateway, house.devices, 1_000)
    begun = time.monotonic()
    end, next_step = begun + minutes * 60, begun
    while time.monotonic() < end and gateway.process.alive():
        now = time.monotonic()
        if now >= next_step and now < end - CALM_SECONDS - 5:
            misfortune.step(now)
            next_step = now + dice.uniform(0.5, 4)
        elif now >= end - CALM_SECONDS - 5:
            misfortune.calm()
        gauge.look()
        time.sleep(1)
    misfortune.calm()
    calm = time.time()
    steps.check(gateway.process.alive() and gateway.process.process.pid == pid, f"process {pid} has lived for {minutes:g} minutes: {misfortune.counts}")
    steps.check(not misfortune.odd, f"{misfortune.reloads} new buildings were taken without touching a connection, mistakes were refused {misfortune.odd[:2]}")
    late = []
    for device in house.devices:
        try:
            wait_for(device.name, 30, lambda: good_since(gateway, device.name, calm, range(device.points)), every=0.5)
        except AssertionError as error:
            late.append(str(error))
    wait_for("the sensors", 30, lambda: all(gateway.get(f"/v1/points/s{n}.co2")["quality"] == "good" for n in range(SENSORS)), every=1)
    # Every flood may have met a broker that had just come back and whom nobody had asked for its topics yet: one message that does not.
    house.sensors.client.publish(Sensors.topic(99), json.dumps({"object": {"co2": 6}}), qos=1)
    wait_for("the flooded sensor", 30, lambda: (gateway.get("/v1/points/flood.co2")["current"] or {}).get("value") == 6, every=0.5)
    steps.check(not late, f"at the end every point has a value again {late[:3]}")
    bad = watcher.stop()
    steps.check(not bad, f"{watcher.looks} looks at all points: nothing wrong or old was shown as good {bad[:5]}")
    gauge.check(steps, minutes)
    return since, misfortune


def modbus_accounts(house, steps, since, misfortune):
    gateway, until = house.gateway, time.time()
    record = Record(gateway, house.devices, since - 5)
    untrue = record.untrue(late_ms=1_100)
    total = sum(map(len, record.rows.values()))
    steps.check(not untrue, f"{total} Modbus readings in the log: none is another's, old, or a refusal with a value {untrue[:4]}")
    unexplained = [span for span in record.silences(1_000, until) if not span[3]]
    steps.check(not unexplained, f"every silence of more than three periods has its quality in the log {unexplained[:4]}")
    different, lost = [], []
    for device in house.devices:
        line = int(device.name[1])
        disturbances = sum(1 for span in misfortune.spans if span[0] == line)
        counts = [len(record.good(device.name, place)) for place in range(device.points)]
        delivered = house.servers[line].delivered(device.unit)
        # What was under way when a line was cut, stopped or killed may be counted on one side only.
        if max(counts) - min(counts) > 1 or not -disturbances - 2 <= delivered - counts[0] <= 2 * disturbances + 3:
            different.append((device.name, counts, delivered))
        for begin, end in misfortune.undisturbed(line, since + 3, until - 6):
            have = len([row for row in record.good(device.name) if begin * 1000 <= ms(row["at"]) < end * 1000])
            if have < int(end - begin) * 0.98 - 2:
                lost.append((device.name, f"{have} of {end - begin:.1f}"))
    steps.check(not different, f"the log has what the servers delivered, each point of a unit alike {different[:4]}")
    steps.check(not lost, f"no sample is missing while nothing was wrong with the line {lost[:4]}")
    sent = {name: sum(counts["units"][str(unit)][name] for server in house.servers for unit in range(1, server.units + 1) for counts in [*server.before, server.stats()])
            for name in ("requests", "delivered")}
    steps.check(sent["requests"] > sent["delivered"], f"the servers had {sent['requests']} requests and delivered {sent['delivered']} proper answers")
    pipelined = [[(counts["pipelined"], counts["pipelinedUs"]) for counts in [*server.before, server.stats()] if counts["pipelined"]] for server in house.servers]
    untold = sum(counts["untold"] for server in house.servers for counts in [*server.before, server.stats()])
    steps.check(pipelined == [[]] * 4 and untold <= 20, f"never two requests on a line at a time (how often, microseconds the first had been under way): {pipelined}; {untold} that a server read too late to tell")
    return record


def mqtt_accounts(house, steps, since, misfortune):
    gateway = house.gateway
    # The gateway may need its back-off after the broker is back; what is sent in the meantime may miss it.
    wrong = [(first - 3, last + SETTLE_SECONDS) for line, first, last in misfortune.spans if line == "mqtt"]
    missing, strange, silent, total = [], [], [], 0
    for sensor in range(SENSORS):
        for field in FIELDS:
            point = f"s{sensor}.{field.replace('.', '-')}"
            rows = gateway.all(f"/v1/points/{point}/readings?from={instant(since)}&to={instant(time.time() + 5)}&limit=1000")
            time.sleep(0.11)
            good = [(ms(row["at"]) / 1000, row["value"]) for row in rows if row["quality"] == "good"]
            total += len(good)
            sent = house.sensors.sent[sensor]
            for at, number in good:
                # Between publishing and capture lie at most a stopped broker and a reconnect.
                if number not in sent or not -0.5 <= at - sent[number][0] < 60:
                    strange.append((point, number))
            have = {number for _, number in good}
            missing += [(point, number) for number, (at, _) in sent.items()
                        if since + 3 < at < time.time() - 10 and number not in have and not any(a <= at <= b for a, b in wrong)]
            marks = [ms(row["at"]) / 1000 for row in rows if row["quality"] != "good"]
            for (a, _), (b, _) in zip(good, good[1:]):
                if b - a > 3 * SENSOR_SECONDS + 1.5 and not any(a < mark < b for mark in marks):
                    silent.append((point, round(a), round(b - a, 1)))
    steps.check(total > 0 and not strange, f"{total} MQTT readings: each is a number that was sent, at its time {strange[:4]}")
    steps.check(not missing, f"no message is missing while the broker was there {missing[:4]}")
    steps.check(not silent, f"every silence of a sensor has its quality in the log {silent[:4]}")


def completeness(house, steps, record):
    """What the API says of the day agrees with what the readings say."""
    gateway = house.gateway
    bad = []
    for device in (house.devices[0], house.devices[-1]):
        begin, end = (int(time.time()) - 90) // 10 * 10, (int(time.time()) - 10) // 10 * 10
        series = gateway.get(f"/v1/points/{device.name}.p0/series?from={instant(begin)}&to={instant(end)}&seconds=10")
        for bucket in series["buckets"]:
            first = ms(bucket["start"])
            have = [row for row in record.good(device.name) if first <= ms(row["at"]) < first + 10_000]
            if first + 10_000 < ms(record.good(device.name)[-1]["at"]) and len(have) != bucket["count"]:
                bad.append((device.name, bucket["start"], len(have), bucket["count"]))
            if bucket["count"] == 0 and bucket["quality"] == "good":
                bad.append((device.name, bucket["start"], "empty and good"))
    steps.check(not bad, f"series count what the readings hold, and no empty span is called good {bad[:4]}")
    rows = gateway.all("/v1/completeness?limit=100")
    silent = [row for row in rows if not row["received"]]
    steps.check(rows and not silent, f"completeness of {len(rows)} streams: each has received, {[(row['expected'], row['received']) for row in rows][:4]} {silent[:2]}")


def evidence(arguments, house, steps):
    gateway = house.gateway
    known = len(gateway.anchored())
    anchors = wait_for("two more anchors", 90, lambda: len(gateway.anchored()) >= known + 2 and gateway.anchored(), every=1)
    (gateway.folder / "gateway.card").write_bytes(gateway.request("GET", "/v1/card")[2])
    path = gateway.folder / "soak.evidence"
    path.write_bytes(gateway.period_evidence(anchors[0]["milestone"]["at"], anchors[-2]["milestone"]["at"], seconds=180))
    verdict = subprocess.run([arguments.plumbline, "verify", str(path), "--policy", str(gateway.folder / "gateway.card"), "--json"], capture_output=True, text=True)
    codes = sorted({finding["code"] for finding in json.loads(verdict.stdout)["findings"]})
    steps.check(verdict.returncode == 0, f"the period file of {path.stat().st_size / 1e6:.1f} MB verifies: exit {verdict.returncode}, {codes}")
    leaves = json.loads(subprocess.run([arguments.plumbline, "inspect", str(path), "--json"], capture_output=True, text=True, check=True).stdout)["leaves"]
    boots = {leaf["boot"] for leaf in leaves}
    sealed = sorted([leaf["k"] for leaf in leaves if leaf["type"] == "interval"] + [k for leaf in leaves if leaf["type"] == "gap" for k in range(leaf["kFrom"], leaf["kTo"] + 1)])
    steps.check(len(boots) == 1 and sealed == list(range(sealed[0], sealed[-1] + 1)), f"one boot, {len(sealed)} intervals, each sealed or in a gap, none twice")


def main():
    minutes, seed = option("--minutes", 2), int(option("--seed", random.randrange(1 << 30)))
    arguments = programs()
    print(f"soak: seed {seed}, {minutes:g} minutes", flush=True)
    steps = Steps("soak")
    folder = pathlib.Path(tempfile.mkdtemp(prefix="plumbline-soak."))
    house = House(arguments, folder, seed)
    try:
        since, misfortune = run(house, steps, random.Random(seed), minutes)
        record = modbus_accounts(house, steps, since, misfortune)
        mqtt_accounts(house, steps, since, misfortune)
        completeness(house, steps, record)
        evidence(arguments, house, steps)
        twice = said_twice(house.gateway)
        steps.check(not twice, f"{len(journal(house.gateway))} lines in the journal, one for each change of state {twice[:3]}")
        code = house.gateway.stop()
        steps.check(code == 0, f"it ends with {code}")
    finally:
        house.stop()
    if not steps.failed:
        shutil.rmtree(folder, ignore_errors=True)
    steps.finish()


if __name__ == "__main__":
    main()
