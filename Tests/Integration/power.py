"""Goal: no kill loses a sealed reading, and the log proves itself across all of them.
Method: kill -9 at random moments under load, restart, compare every sealed reading that was seen before the kill;
at the end one period file over the whole time is verified and its boot and gap leaves are counted."""

import json
import random
import subprocess
import tempfile
import time

from harness import Broker, Gateway, Steps, programs, wait_for

BUILDING = """\
building: power-house
label: Power House
timezone: Europe/Oslo
entities:
  house: {type: Building, label: Power House}
  room1: {type: Room, in: house}
  iaq1: {type: IAQ_Sensor_Equipment, at: room1}
devices:
  lora1: {profile: chirpstack-milesight-am308, mqtt: "application/a1/device/24e124710c000001/event/up"}
points:
  iaq1.co2: {type: CO2_Level_Sensor, privacy: none, from: lora1#co2, every: 10s}
  iaq1.temperature: {type: Air_Temperature_Sensor, privacy: none, from: lora1#temperature, every: 10s}
"""


def main():
    arguments = programs()
    seed = random.randrange(1 << 30)
    print(f"power: seed {seed}, {arguments.kills} kills", flush=True)
    dice = random.Random(seed)
    steps = Steps("power")
    folder = tempfile.mkdtemp(prefix="plumbline-power.")
    broker = Broker(folder)
    gateway = Gateway(arguments.plumblined, BUILDING, broker.port, folder=folder, anchor_every="4s")
    topic = "application/a1/device/24e124710c000001/event/up"
    # The load: one mosquitto_pub that repeats a message, ended by pid.
    load = subprocess.Popen(["mosquitto_pub", "-h", "127.0.0.1", "-p", str(broker.port), "-t", topic, "-m",
                             json.dumps({"object": {"co2": 612, "temperature": 21.4}}), "--repeat", "1000000", "--repeat-delay", "0.02"],
                            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    begin = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() - 5))
    sealed, lost, boots = {}, 0, 0
    try:
        gateway.init()
        for kill in range(arguments.kills):
            gateway.start()
            boots += 1
            lost += compare(gateway, sealed, begin)
            moment = time.monotonic() + dice.uniform(0.2, 4.0)
            while time.monotonic() < moment:
                sealed.update(seen(gateway, time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() - 8))))
                time.sleep(0.3)  # one token may read 600 times in a minute
            gateway.kill()
            if kill % 3 == 2:
                time.sleep(2.2)  # longer than a period: a gap that must be written down
        gateway.start()
        boots += 1
        lost += compare(gateway, sealed, begin)
        steps.check(len(sealed) > 50, f"{len(sealed)} sealed readings were seen before kills")
        steps.check(lost == 0, f"{lost} sealed readings were lost or changed by {arguments.kills} kills (seed {seed})")
        known = len(gateway.anchored())
        anchors = wait_for("two anchors after the last kill", 60, lambda: len(gateway.anchored()) >= max(2, known + 2) and gateway.anchored())
        (gateway.folder / "gateway.card").write_bytes(gateway.request("GET", "/v1/card")[2])
        (gateway.folder / "all.evidence").write_bytes(gateway.period_evidence(anchors[0]["milestone"]["at"], anchors[-2]["milestone"]["at"]))
        verdict = subprocess.run([arguments.plumbline, "verify", str(gateway.folder / "all.evidence"), "--policy",
                                  str(gateway.folder / "gateway.card"), "--json"], capture_output=True, text=True)
        told = json.loads(verdict.stdout)
        codes = sorted({finding["code"] for finding in told["findings"]})
        steps.check(verdict.returncode == 0, f"one file over the whole time verifies: exit {verdict.returncode}, {codes}")
        leaves = json.loads(subprocess.run([arguments.plumbline, "inspect", str(gateway.folder / "all.evidence"), "--json"],
                                           capture_output=True, text=True, check=True).stdout)["leaves"]
        kinds = [leaf["type"] for leaf in leaves]
        numbers = [leaf["boot"] for leaf in leaves]
        steps.check(numbers == sorted(numbers) and max(numbers) == boots + 1, f"boot numbers rise to {max(numbers)}: init and {boots} starts")
        between = range(numbers[0] + 1, numbers[-1] + 1)
        steps.check(kinds.count("boot") == len(between), f"{kinds.count('boot')} boot leaves between the anchors, one for each new number")
        sealed_k = [leaf["k"] for leaf in leaves if leaf["type"] == "interval"]
        gaps = [range(leaf["kFrom"], leaf["kTo"] + 1) for leaf in leaves if leaf["type"] == "gap"]
        covered = sorted(sealed_k + [k for gap in gaps for k in gap])
        steps.check(len(gaps) >= arguments.kills // 5, f"{len(gaps)} gap leaves for {arguments.kills // 3} long pauses")
        steps.check(covered == list(range(covered[0], covered[-1] + 1)), f"every interval of {len(covered)} is sealed or in a gap, none twice")
    finally:
        load.kill()
        load.wait()
        gateway.stop()
        broker.stop()
    gateway.remove()
    steps.finish()


def rows(gateway, begin):
    end = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 5))
    return gateway.all(f"/v1/points/iaq1.co2/readings?from={begin}&to={end}&limit=1000")


def seen(gateway, begin):
    return {row["at"]: row["raw"] for row in rows(gateway, begin) if row["proof"] != "open"}


def compare(gateway, sealed, begin):
    now = seen(gateway, begin)
    return sum(1 for at, raw in sealed.items() if now.get(at) != raw)


if __name__ == "__main__":
    main()
