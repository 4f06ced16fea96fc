"""Goal: the daemon starts, refuses and ends as Docs/operate.md says, whatever happened to its folder.
Method: each story has a data folder of its own, spoils one thing, and looks at exit code, sentence, health and disk."""

import json
import pathlib
import random
import re
import shutil
import signal
import socket
import sqlite3
import struct
import subprocess
import tempfile
import threading
import time

from harness import Broker, Gateway, Process, Steps, free_port, programs, wait_for

TOPIC = "application/a1/device/24e124710c000001/event/up"
BUILDING = """\
building: daemon-house
label: Daemon House
timezone: Europe/Oslo
entities:
  house: {{type: Building, label: Daemon House}}
  room1: {{type: Room, in: house}}
  m1: {{type: Building_Electrical_Meter, at: room1, meters: house}}
devices:
  mb1: {{profile: eastron-sdm630, modbus: "tcp://127.0.0.1:{modbus_port}", unit: 1}}
  lora1: {{profile: chirpstack-milesight-am308, mqtt: "{topic}"}}
points:
  m1.power: {{type: Electric_Power_Sensor, privacy: none, from: mb1#power.active, every: 1s}}
  m1.energy: {{type: Electric_Energy_Sensor, privacy: none, from: mb1#energy.active.import, every: 1s}}
  room1.co2: {{type: Zone_CO2_Level_Sensor, privacy: none, from: lora1#co2, every: 10m}}
"""


class House:
    """What every story needs: a meter, a broker, and gateways made one after the other."""

    def __init__(self, arguments, folder):
        from real_input import ModbusHouse

        self.arguments, self.folder = arguments, pathlib.Path(folder)
        self.meter = ModbusHouse()
        self.meter.set_float(52, 1234.5)
        self.meter.set_float(72, 100.0)
        self.broker = Broker(folder)

    def gateway(self, name, **options):
        (self.folder / name).mkdir()
        building = BUILDING.format(modbus_port=options.pop("modbus_port", self.meter.port), topic=TOPIC)
        return Gateway(self.arguments.plumblined, building, options.pop("mqtt_port", self.broker.port),
                       folder=self.folder / name, anchor_every="2s", **options)


def configuration(gateway, old, new):
    text = gateway.configuration.read_text()
    assert old in text, old
    gateway.configuration.write_text(text.replace(old, new, 1))


def said(result):
    return (result.stdout + result.stderr).strip().replace("\n", " | ")


def health(gateway):
    return json.loads(gateway.request("GET", "/v1/health")[2])


def refuses(gateway, steps, name, words, command=("run",), code=2):
    """The command ends by itself with this exit code and one sentence that holds the words."""
    result = gateway.command(*command, "--config", str(gateway.configuration), check=False)
    missing = [word for word in words if word not in result.stderr]
    steps.check(result.returncode == code and not missing and "Fatal" not in result.stderr,
                f"{name}: exit {result.returncode}: {said(result)[-260:]}" + (f" misses {missing}" if missing else ""))


def database(gateway):
    return sqlite3.connect(gateway.folder / "data" / "ledger.db", isolation_level=None)


def anchored_count(gateway):
    with database(gateway) as ledger:
        return ledger.execute("SELECT count(*) FROM anchor").fetchone()[0]


def first_day(house, steps):
    gateway = house.gateway("first")
    refuses(gateway, steps, "run before init", ["card", "plumblined init"])
    refuses(gateway, steps, "a token before init", ["ledger.db"], ("token", "add", "x"))
    refuses(gateway, steps, "status before run", ["no gateway answers"], ("status",))
    data = gateway.folder / "data"
    data.mkdir()
    (gateway.folder / "link").symlink_to(data)
    for path in (data / "r.key", gateway.folder / "link" / "r.key", gateway.folder / "data" / ".." / "data" / "r.key"):
        refuses(gateway, steps, f"a recovery key at {path.relative_to(gateway.folder)}", ["data folder"], ("init", "--recovery-key", str(path)))
    refuses(gateway, steps, "a recovery key in no folder", ["absent"], ("init", "--recovery-key", str(gateway.folder / "absent" / "r.key")))
    steps.check(not list(data.glob("*")), f"nothing was made by that: {[p.name for p in data.glob('*')]}")
    existing = gateway.folder / "recovery.key"
    existing.write_text("mine\n")
    refuses(gateway, steps, "a recovery key that is there", ["recovery.key"], ("init", "--recovery-key", str(existing)))
    steps.check(existing.read_text() == "mine\n", "and it is left as it was")
    existing.unlink()
    gateway.init()
    card = (data / "card").read_bytes()
    modes = {path.name: oct(path.stat().st_mode & 0o777) for path in (data / "log.key", existing)}
    steps.check(set(modes.values()) == {"0o600"}, f"keys are for their owner alone: {modes}")
    refuses(gateway, steps, "init twice", ["card", "never touches"], ("init", "--recovery-key", str(gateway.folder / "other.key")))
    steps.check((data / "card").read_bytes() == card and not (gateway.folder / "other.key").exists(), "and nothing has changed")
    # Killed between ledger and card: the same command carries on.
    (data / "card").unlink()
    refuses(gateway, steps, "run after an interrupted init", ["card", "plumblined init"])
    refuses(gateway, steps, "init with another recovery key", ["another recovery key"], ("init", "--recovery-key", str(gateway.folder / "other.key")))
    carried = gateway.command("init", "--config", str(gateway.configuration), "--recovery-key", str(existing), check=False)
    same = [line for line in card.splitlines() if not line.startswith(b"milestone")]
    again = (data / "card").read_bytes() if carried.returncode == 0 else b""
    steps.check(carried.returncode == 0 and all(line in again.splitlines() for line in same), f"the same init again carries on: {said(carried)[-160:]}")
    return gateway


def interrupted(house, steps):
    dice = random.Random(11)
    gateway = house.gateway("interrupted")
    command = [gateway.plumblined, "init", "--config", str(gateway.configuration), "--recovery-key", str(gateway.folder / "recovery.key")]
    started = time.monotonic()
    subprocess.run(command, capture_output=True, check=True, timeout=60)
    whole = time.monotonic() - started
    stuck = []
    for _ in range(10):
        shutil.rmtree(gateway.folder / "data")
        (gateway.folder / "recovery.key").unlink(missing_ok=True)
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(dice.uniform(0.2, 1.0) * whole)
        process.kill()
        process.wait()
        left = sorted(p.name for p in (gateway.folder / "data").glob("*")) if (gateway.folder / "data").exists() else []
        if (gateway.folder / "data" / "card").exists():
            continue
        if (gateway.folder / "recovery.key").exists() and "log.key" not in left:
            stuck.append((left, "a recovery key without a log key"))
        again = subprocess.run(command, capture_output=True, text=True, timeout=60)
        if again.returncode != 0:
            stuck.append((left, said(again)))
    steps.check(not stuck, f"init killed at 10 moments of {whole * 1000:.0f} ms, then given again: {stuck[:2]}")


def daily(house, steps, gateway):
    out = gateway.command("token", "list", "--config", str(gateway.configuration)).stdout
    steps.check("test" in out, f"token list: {out.strip()}")
    gateway.start()
    house.broker.publish(TOPIC, {"object": {"co2": 612, "temperature": 21.4}})
    wait_for("the meter's value", 20, lambda: (gateway.get("/v1/points/m1.power")["current"] or {}).get("quality") == "good")
    wait_for("the room's value", 20, lambda: (gateway.get("/v1/points/room1.co2")["current"] or {}).get("quality") == "good")
    status = gateway.command("status", "--config", str(gateway.configuration), check=False)
    steps.check(status.returncode == 0 and "all is well" in status.stdout, f"status: exit {status.returncode}: {said(status)}")
    status = gateway.command("status", "--json", "--config", str(gateway.configuration))
    steps.check(json.loads(status.stdout)["state"] == "ok", "status --json is the health document")
    refuses(gateway, steps, "run twice on one folder", ["lock", "stop it first"])
    status = gateway.command("status", "--config", str(gateway.configuration), check=False)
    steps.check(status.returncode == 0, f"the first does not notice: status exit {status.returncode}")
    refuses(gateway, steps, "init while it runs", ["card"], ("init", "--recovery-key", str(gateway.folder / "x.key")))

    new = gateway.command("token", "add", "kari", "--role", "auditor", "--days", "1", "--config", str(gateway.configuration)).stdout.strip()
    steps.check(re.fullmatch("[0-9a-f]{64}", new) is not None, "a token is alone on its line")
    steps.check(gateway.request("GET", "/v1", token=new)[0] == 200, "a token made while it runs is good at once")
    refuses(gateway, steps, "a second token of that name", ["kari", "already"], ("token", "add", "kari"))
    refuses(gateway, steps, "a role that is none", ["roles are"], ("token", "add", "ola", "--role", "king"), code=64)
    refuses(gateway, steps, "a name with a space", ["cannot name a token"], ("token", "add", "Ola N"))
    refuses(gateway, steps, "removing nobody", ["no valid token named ola"], ("token", "remove", "ola"))
    gateway.command("token", "remove", "kari", "--config", str(gateway.configuration))
    steps.check(gateway.request("GET", "/v1", token=new)[0] == 401, "a token taken back is refused at once")
    listed = gateway.command("token", "list", "--config", str(gateway.configuration)).stdout
    steps.check("ended" in listed and new not in listed, "the list tells its end and not the token")
    steps.check(gateway.token.encode() not in (gateway.folder / "data" / "ledger.db").read_bytes(), "the ledger does not hold the token")
    steps.check(gateway.request("GET", "/v1", token=None)[0] == 401, "without a token nothing")

    taken = house.gateway("taken")
    taken.init()
    configuration(taken, f"port: {taken.api_port}", f"port: {gateway.api_port}")
    refuses(taken, steps, "a port that is taken", [str(gateway.api_port)])

    wait_for("two anchors", 30, lambda: len(gateway.anchored()) >= 2)
    house.meter.set_float(72, 101.0)
    wait_for("the counter", 10, lambda: gateway.get("/v1/points/m1.energy")["current"]["value"] == 101)
    last = gateway.get("/v1/points/m1.energy")["current"]["at"]
    stream = socket.create_connection(("127.0.0.1", gateway.api_port), 10)
    stream.sendall(f"GET /v1/events HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer {gateway.token}\r\nAccept: text/event-stream\r\n\r\n".encode())
    half = socket.create_connection(("127.0.0.1", gateway.api_port), 10)
    half.sendall(b"GET /v1 HTTP/1.1\r\nHo")
    steps.check(stream.recv(4096).startswith(b"HTTP/1.1 200"), "an event stream and half a request are open")
    started = time.monotonic()
    code = gateway.process.stop(signal.SIGTERM, 20)
    seconds = time.monotonic() - started
    steps.check(code == 0 and seconds < 5, f"SIGTERM: exit {code} after {seconds:.1f} s; last line: {gateway.process.tail(1)}")
    wrong = [line for line in gateway.process.log.read_text().splitlines() if " error " in line or "Fatal" in line]
    steps.check(not wrong, f"no line of the day is an error: {wrong[:2]}")
    steps.check(not (gateway.folder / "data" / "address").exists(), "status knows that it has ended")
    gateway.start()
    begin = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() - 3600))
    end = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 60))
    rows = {row["at"]: row for row in gateway.all(f"/v1/points/m1.energy/readings?from={begin}&to={end}&limit=1000")}
    steps.check(rows.get(last, {}).get("value") == 101, "what was captured before the end is on disk after it")
    code = gateway.process.stop(signal.SIGINT, 20)
    steps.check(code == 0, f"Ctrl-C: exit {code}")


def other_answers(house, steps, gateway):
    for old, new, words in (("period: 1s", "period: 2s", ["log.period", "2000 ms", "1000 ms"]),
                            ("gateway: gw-test", "gateway: gw-next", ["origin", "gw-next"])):
        configuration(gateway, old, new)
        refuses(gateway, steps, f"run with {new}", words)
        configuration(gateway, new, old)
    key = "00" * 32
    configuration(gateway, "localTangle:", f"tangle: {{node: \"http://127.0.0.1:1\", network: other, milestoneKeys: [{{key: \"{key}\", holder: H}}]}}\nlocalTangle:")
    refuses(gateway, steps, "run with another network", ["network", "other", "plumbline-local"])
    text = gateway.configuration.read_text()
    gateway.configuration.write_text("".join(line + "\n" for line in text.splitlines() if not line.startswith("tangle:")))
    data = gateway.folder / "data"
    for name, words in (("ledger.db", ["ledger.db", "backup"]), ("log.key", ["log.key", "backup"]), ("card", ["card"])):
        (data / name).rename(gateway.folder / "aside")
        wal = data / "ledger.db-wal"
        refuses(gateway, steps, f"run without {name}", words)
        steps.check(not (data / name).exists() and not (name == "ledger.db" and wal.exists() and wal.stat().st_size), f"and no new {name} is made")
        (gateway.folder / "aside").rename(data / name)
    for name in ("ledger.db", "log.key", "card"):
        whole = (data / name).read_bytes()
        (data / name).write_bytes(b"\x00" * 4096)
        refuses(gateway, steps, f"run with a {name} of zeros", [name])
        (data / name).write_bytes(whole)
    boots = boot_count(gateway)
    whole = (data / "tangle" / "tangle").read_bytes()
    (data / "tangle" / "tangle").write_bytes(b"\x00" * len(whole))
    refuses(gateway, steps, "run with a development network of zeros", ["tangle/tangle", "damaged"])
    (data / "tangle" / "tangle").write_bytes(whole)
    stranger = house.gateway("stranger")
    stranger.init()
    whole = (data / "log.key").read_bytes()
    shutil.copy(stranger.folder / "data" / "log.key", data / "log.key")
    refuses(gateway, steps, "run with the key of another ceremony", ["log.key", "not the key"])
    (data / "log.key").write_bytes(whole)
    card = (data / "card").read_bytes()
    shutil.copy(stranger.folder / "data" / "card", data / "card")
    refuses(gateway, steps, "run with the card of another ceremony", ["card"])
    (data / "card").write_bytes(card)
    with database(gateway) as ledger:
        version = ledger.execute("PRAGMA user_version").fetchone()[0]
        ledger.execute("PRAGMA user_version = 99")
    ledger.close()
    refuses(gateway, steps, "a ledger of a newer program", ["newer", "99"])
    with database(gateway) as ledger:
        ledger.execute(f"PRAGMA user_version = {version}")
        ledger.execute("UPDATE anchor SET milestone_time_s = milestone_time_s + 100000 WHERE state = 'anchored'")
    ledger.close()
    refuses(gateway, steps, "a clock before the last milestone", ["clock", "behind the last milestone"])
    with database(gateway) as ledger:
        ledger.execute("UPDATE anchor SET milestone_time_s = milestone_time_s - 100000 WHERE state = 'anchored'")
    ledger.close()
    steps.check(boot_count(gateway) == boots, "no refused start has left a boot in the log")
    (data / "address").write_text("http://127.0.0.1:1\n")
    refuses(gateway, steps, "status of a gateway that was killed", ["no gateway answers"], ("status",))
    gateway.start()
    steps.check(health(gateway)["state"] == "ok", "and with everything back in place it goes on")
    gateway.stop()


def change(gateway, table, column, where):
    """Turns one bit of a stored blob round."""
    with database(gateway) as ledger:
        row = ledger.execute(f"SELECT {column} FROM {table} WHERE {where}").fetchone()
        spoiled = bytearray(row[0])
        spoiled[len(spoiled) // 2] ^= 1
        ledger.execute(f"UPDATE {table} SET {column} = ? WHERE {where}", (bytes(spoiled),))
    ledger.close()


def damage(house, steps, gateway):
    """Signed, then changed on disk: the daemon goes on sealing and never signs."""
    good = gateway.folder / "good"
    data = gateway.folder / "data"
    shutil.copytree(data, good)
    with database(gateway) as ledger:
        signed = ledger.execute("SELECT max(size) FROM checkpoint").fetchone()[0]
        total = ledger.execute("SELECT max(idx) FROM leaf").fetchone()[0]
    ledger.close()
    note = (data / "checkpoint").read_bytes()

    def older():
        with database(gateway) as ledger:
            (data / "checkpoint").write_text(ledger.execute("SELECT note FROM checkpoint ORDER BY size LIMIT 1").fetchone()[0])
        ledger.close()

    stories = [("a leaf byte below the checkpoint", lambda: change(gateway, "leaf", "bytes", f"idx = {signed // 2}")),
               ("a leaf hash", lambda: change(gateway, "leaf", "hash", f"idx = {signed // 2}")),
               ("a Merkle node", lambda: change(gateway, "node", "hash", "level = 2 AND idx = 0")),
               ("no checkpoint file", lambda: (data / "checkpoint").unlink()),
               ("an empty checkpoint file", lambda: (data / "checkpoint").write_bytes(b"")),
               ("an older checkpoint file", older),
               ("a byte of the checkpoint file", lambda: (data / "checkpoint").write_bytes(note.replace(b"/b/", b"/c/", 1)))]
    if total > signed:
        stories.append(("a leaf byte above the checkpoint", lambda: change(gateway, "leaf", "bytes", f"idx = {total}")))
    for name, spoil in stories:
        shutil.rmtree(data)
        shutil.copytree(good, data)
        spoil()
        before = anchored_count(gateway)
        sealed = leaf_count(gateway)
        gateway.start()
        told = wait_for("health", 10, lambda: health(gateway) if health(gateway)["state"] == "problems" else None)
        sentence = " ".join(told["problems"])
        wait_for("sealing goes on", 10, lambda: leaf_count(gateway) > sealed + 3)
        line = [line for line in gateway.process.log.read_text().splitlines() if "nothing will be signed" in line]
        status = gateway.command("status", "--config", str(gateway.configuration), check=False)
        steps.check("not signed" in sentence and "restore" in sentence and line and status.returncode == 1, f"{name}: {sentence[:230]}")
        steps.check(anchored_count(gateway) == before, f"{name}: sealing goes on, no anchor is added")
        gateway.stop()
    # An item: it is hashed again before the next signature.
    shutil.rmtree(data)
    shutil.copytree(good, data)
    for _ in range(8):
        gateway.start()
        before = leaf_count(gateway)
        wait_for("another seal", 10, lambda: leaf_count(gateway) > before)
        gateway.kill()
        ledger = database(gateway)
        last = ledger.execute("SELECT max(size) FROM checkpoint").fetchone()[0]
        k, index = ledger.execute("SELECT k, idx FROM leaf WHERE type = 1 ORDER BY k DESC LIMIT 1").fetchone()
        ledger.close()
        if index >= last:
            break
    change(gateway, "item", "bytes", f"k = {k} AND bytes IS NOT NULL")
    gateway.start()
    told = wait_for("health", 20, lambda: health(gateway) if health(gateway)["state"] == "problems" else None)
    steps.check("item" in " ".join(told["problems"]), f"an item that is not signed yet: {' '.join(told['problems'])[:230]}")
    wait_for("the journal tells it", 5, lambda: "nothing will be signed any more" in gateway.process.log.read_text())
    gateway.stop()
    # A backup that is older than what was signed.
    shutil.rmtree(data)
    shutil.copytree(good, data)
    gateway.start()
    wait_for("one more anchor", 20, lambda: anchored_count(gateway) >= 1 and (data / "checkpoint").read_bytes() != note)
    gateway.stop()
    newer = (data / "checkpoint").read_bytes()
    shutil.rmtree(data)
    shutil.copytree(good, data)
    (data / "checkpoint").write_bytes(newer)
    gateway.start()
    told = wait_for("health", 10, lambda: health(gateway) if health(gateway)["state"] == "problems" else None)
    steps.check("shorter than what was signed" in " ".join(told["problems"]), f"an old ledger put back: {' '.join(told['problems'])[:200]}")
    gateway.stop()
    shutil.rmtree(data)
    shutil.copytree(good, data)


def boot_count(gateway):
    ledger = database(gateway)
    try:
        return ledger.execute("SELECT count(*) FROM leaf WHERE type = 8").fetchone()[0]
    finally:
        ledger.close()


def leaf_count(gateway):
    ledger = database(gateway)
    try:
        return ledger.execute("SELECT count(*) FROM leaf").fetchone()[0]
    finally:
        ledger.close()


def other_building(house, steps, gateway):
    gateway.start()
    before = gateway.all("/v1/changes")
    gateway.stop()
    building = gateway.folder / "building.yaml"
    building.write_text(building.read_text().replace("label: Daemon House}", "label: Renamed House}").replace(
        "points:\n", "points:\n  m1.frequency: {type: Frequency_Sensor, privacy: none, from: mb1#frequency, every: 1s}\n"))
    gateway.start()
    after = gateway.all("/v1/changes")
    ids = [point["id"] for point in gateway.all("/v1/points")]
    steps.check(len(after) == len(before) + 1, f"a changed building is one change in the log: {len(before)} then {len(after)}")
    steps.check("m1.frequency" in ids, f"the new point is there: {ids}")
    gateway.stop()
    gateway.start()
    steps.check(len(gateway.all("/v1/changes")) == len(after), "the same building again is none")
    building.write_text(building.read_text().replace("daemon-house", "other-house"))
    gateway.stop()
    refuses(gateway, steps, "another building on the same log", ["origin", "other-house", "daemon-house"])


def nobody_there(house, steps):
    from real_input import ModbusHouse

    modbus_port, mqtt_port = free_port(), free_port()
    gateway = house.gateway("alone", modbus_port=modbus_port, mqtt_port=mqtt_port)
    gateway.init()
    gateway.start()
    told = wait_for("health tells it", 15, lambda: (lambda h: h if len(h["problems"]) >= 2 else None)(health(gateway)))
    steps.check("Modbus" in str(told) and "MQTT" in str(told), f"nobody answers at the start: {told['problems']}")
    log = gateway.process.log.read_text().splitlines()
    time.sleep(4)
    more = gateway.process.log.read_text().splitlines()[len(log):]
    lines = [line for line in more if " anchoring: " not in line]
    steps.check(not lines, f"the journal stays quiet while nobody answers: {len(lines)} lines in 4 s: {lines[:2]}")
    meter = ModbusHouse(modbus_port)
    meter.set_float(52, 77.0)
    configuration_file = house.folder / "late.conf"
    configuration_file.write_text(f"listener {mqtt_port} 127.0.0.1\nallow_anonymous true\npersistence false\n")
    broker = Process([shutil.which("mosquitto") or "/usr/sbin/mosquitto", "-c", str(configuration_file)], house.folder / "late.log")
    try:
        wait_for("the meter", 30, lambda: (gateway.get("/v1/points/m1.power")["current"] or {}).get("value") == 77)
        wait_for("all is well", 30, lambda: health(gateway)["state"] == "ok")

        def co2():
            subprocess.run(["mosquitto_pub", "-h", "127.0.0.1", "-p", str(mqtt_port), "-t", TOPIC, "-m", '{"object": {"co2": 700}}'], check=False, timeout=10)
            return (gateway.get("/v1/points/room1.co2")["current"] or {}).get("value") == 700

        wait_for("the room", 30, co2)
        steps.check(True, "both came later: their values arrive, and health is ok again")
        broker.stop()
        told = wait_for("health", 20, lambda: (lambda h: h if h["state"] == "problems" else None)(health(gateway)))
        steps.check("MQTT" in str(told), f"a broker that goes away is told: {told['problems']}")
        code = gateway.process.stop(signal.SIGTERM, 20)
        steps.check(code == 0, f"SIGTERM while the broker is away: exit {code}")
    finally:
        gateway.stop()
        broker.stop()


def small_disk(house, steps):
    gateway = house.gateway("small", floor="1TiB")
    gateway.init()
    gateway.start()
    told = wait_for("health", 10, lambda: (lambda h: h if h["state"] == "problems" else None)(health(gateway)))
    steps.check("disk" in str(told).lower() and "dropped" not in str(told), f"below the floor: {told['problems']}")
    count = leaf_count(gateway)
    house.meter.set_float(72, 555.0)
    counter = wait_for("the counter", 10, lambda: (gateway.get("/v1/points/m1.energy")["current"] or {}).get("value") == 555)
    time.sleep(2)
    gauge = gateway.get("/v1/points/m1.power")["current"]
    begin = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() - 2))
    end = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 60))
    gauges = [row for row in gateway.all(f"/v1/points/m1.power/readings?from={begin}&to={end}&limit=1000") if row["quality"] == "good"]
    steps.check(counter and not gauges, f"counters go on, gauges are not taken: {gauge and gauge['quality']}, {len(gauges)} readings in 2 s")
    steps.check(leaf_count(gateway) > count, "seals go on")
    lines = [line for line in gateway.process.log.read_text().splitlines() if "the disk is nearly full" in line]
    steps.check(len(lines) == 1, f"the journal says it once: {lines}")
    gateway.stop()


def called_at_the_end(house, steps):
    """It ends while connections come as fast as they can: none that was just accepted may stop it."""
    gateway = house.gateway("called")
    gateway.init()
    codes, told = [], ""
    for _ in range(6):
        gateway.start()
        ended = threading.Event()

        def call():
            while not ended.wait(0.0005):
                try:
                    with socket.create_connection(("127.0.0.1", gateway.api_port), 1) as called:
                        # Ends with a reset, so that no port stays taken for a minute.
                        called.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                except OSError:
                    pass

        callers = [threading.Thread(target=call, daemon=True) for _ in range(4)]
        for caller in callers:
            caller.start()
        time.sleep(0.3)
        codes.append(gateway.process.stop(signal.SIGTERM, 20))
        ended.set()
        for caller in callers:
            caller.join(5)
        told += "".join(line for line in gateway.process.log.read_text(errors="replace").splitlines(True) if "Fatal" in line)
    steps.check(codes == [0] * 6 and not told, f"SIGTERM while connections come: exits {codes} {told[:200]}")


def behind_tls(house, steps):
    gateway = house.gateway("tls")
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", str(gateway.folder / "key.pem"), "-out",
                    str(gateway.folder / "cert.pem"), "-days", "2", "-subj", "/CN=localhost", "-addext",
                    "subjectAltName=DNS:localhost,IP:127.0.0.1"], check=True, capture_output=True, timeout=60)
    configuration(gateway, f"  host: 127.0.0.1\n  port: {gateway.api_port}", f"  host: 0.0.0.0\n  port: {gateway.api_port}\n  certificate: cert.pem\n  key: key.pem")
    gateway.init()
    gateway.process = Process([gateway.plumblined, "run", "--config", str(gateway.configuration)], gateway.folder / "gateway.log")

    def curl(*options):
        return subprocess.run(["curl", "-sS", "--max-time", "5", "-o", "/dev/null", "-w", "%{http_code}", *options], capture_output=True, text=True)

    address = f"https://localhost:{gateway.api_port}/v1"
    try:
        good = wait_for("TLS answers", 20, lambda: (lambda r: r if r.stdout == "200" else None)(
            curl("--cacert", str(gateway.folder / "cert.pem"), "-H", f"Authorization: Bearer {gateway.token}", address)))
        steps.check(good.stdout == "200", "curl --cacert reads the API over TLS on all addresses")
        steps.check(curl(address).returncode == 60, "without the certificate curl does not trust it")
        steps.check(curl("--cacert", str(gateway.folder / "cert.pem"), "--tls-max", "1.1", address).returncode != 0, "TLS 1.1 is refused")
        steps.check(curl(address.replace("https", "http")).stdout != "200", "plain HTTP gets nothing")
        status = gateway.command("status", "--config", str(gateway.configuration), check=False)
        steps.check(status.returncode == 0, f"status finds it behind TLS: {said(status)}")
    finally:
        gateway.stop()
    key = gateway.folder / "key.pem"
    key.write_text("no key")
    refuses(gateway, steps, "a TLS key that is none", ["key.pem", "TLS"])


def main():
    arguments = programs()
    steps = Steps("daemon")
    house = House(arguments, tempfile.mkdtemp(prefix="plumbline-daemon."))
    started = time.monotonic()
    try:
        gateway = first_day(house, steps)
        interrupted(house, steps)
        daily(house, steps, gateway)
        other_answers(house, steps, gateway)
        damage(house, steps, gateway)
        other_building(house, steps, gateway)
        nobody_there(house, steps)
        small_disk(house, steps)
        behind_tls(house, steps)
        called_at_the_end(house, steps)
    finally:
        house.broker.stop()
    if not steps.failed:
        shutil.rmtree(house.folder)
    print(f"{time.monotonic() - started:.0f} s", flush=True)
    steps.finish()


if __name__ == "__main__":
    main()
