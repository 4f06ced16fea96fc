"""Goal: whatever is wrong in a file that a person writes is told before anything starts: file, line, column, and the way out.
Method: one sound set of files; each case makes one mistake in one of them and asks `plumblined check`."""

import pathlib
import re
import shutil
import subprocess
import tempfile

from harness import ROOT, Steps, programs

GATEWAY = """\
gateway: gw-check
building: building.yaml
profiles: profiles
data: data
log:
  period: 10s
  snapshotEvery: 1h
api:
  host: 127.0.0.1
  port: 8420
mqtt:
  host: 127.0.0.1
  port: 1883
  publish: twin
anchors:
  every: 10m
localTangle:
  interval: 5s
  minPowScore: 100
freeSpaceFloor: 256MiB
journal: info
"""

BUILDING = """\
building: check-house
label: Check House
timezone: Europe/Oslo
entities:
  house: {type: Building, label: Check House}
  floor1: {type: Level, in: house}
  room1: {type: Room, in: floor1}
  m1: {type: Building_Electrical_Meter, at: floor1, meters: house}
devices:
  mb1: {profile: eastron-sdm630, modbus: "tcp://127.0.0.1:1502", unit: 1}
  lora1: {profile: chirpstack-milesight-am308, mqtt: "application/a1/device/24e124710c000001/event/up"}
points:
  m1.power: {type: Electric_Power_Sensor, privacy: none, from: mb1#power.active, every: 5s}
  room1.co2: {type: Zone_CO2_Level_Sensor, privacy: indirect, from: lora1#co2, every: 10m}
"""

KEY = "00" * 32
TANGLE = "tangle: {node: \"http://127.0.0.1:1\", network: n1, milestoneKeys: [{key: \"%s\", holder: H}]}\njournal:"

# Name of the mistake, file, old text, new text, words that the sentence must hold.
CASES = [
    ("an unknown key", "plumbline.yaml", "period:", "perod:", ["plumbline.yaml:6:3:", "'perod'", "did you mean 'period'?"]),
    ("an unknown key at the top", "plumbline.yaml", "anchors:", "ancors:", ["'ancors'", "did you mean 'anchors'?"]),
    ("a missing required key", "plumbline.yaml", "gateway: gw-check\n", "", ["gateway"]),
    ("a key twice", "plumbline.yaml", "  port: 8420", "  port: 8420\n  port: 8421", ["plumbline.yaml:11:3:", "port"]),
    ("a name with capitals", "plumbline.yaml", "gw-check", "Gw_Check", ["plumbline.yaml:1:10:", "Gw_Check"]),
    ("a period that divides no hour", "plumbline.yaml", "10s", "7s", ["plumbline.yaml:6:11:", "divide an hour"]),
    ("a period of nothing", "plumbline.yaml", "10s", "0s", ["plumbline.yaml:6:11:"]),
    ("a period of two hours", "plumbline.yaml", "10s", "2h", ["plumbline.yaml:6:11:"]),
    ("a period without unit", "plumbline.yaml", "10s", "10", ["plumbline.yaml:6:11:"]),
    ("a huge number", "plumbline.yaml", "10s", "99999999999999999999s", ["plumbline.yaml:6:11:"]),
    ("a list for a text", "plumbline.yaml", "10s", "[10s]", ["plumbline.yaml:6:11:"]),
    ("a port too high", "plumbline.yaml", "8420", "84200", ["plumbline.yaml:10:9:", "65535"]),
    ("a negative port", "plumbline.yaml", "8420", "-1", ["plumbline.yaml:10:9:"]),
    ("all addresses without TLS", "plumbline.yaml", "  host: 127.0.0.1\n  port: 8420", "  host: 0.0.0.0\n  port: 8420",
     ["plumbline.yaml:9:9:", "certificate"]),
    ("a name that only begins like loopback", "plumbline.yaml", "  host: 127.0.0.1\n  port: 8420", "  host: 127.example.org\n  port: 8420",
     ["plumbline.yaml:9:9:", "certificate"]),
    ("half of TLS", "plumbline.yaml", "  port: 8420", "  port: 8420\n  certificate: a.pem", ["certificate and key belong together"]),
    ("TLS files that are not there", "plumbline.yaml", "  port: 8420", "  port: 8420\n  certificate: a.pem\n  key: b.pem", ["a.pem"]),
    ("a topic with a wildcard", "plumbline.yaml", "publish: twin", "publish: \"twin/#\"", ["plumbline.yaml:14:12:", "topic"]),
    ("a floor below its range", "plumbline.yaml", "256MiB", "1KiB", ["plumbline.yaml:20:17:", "1MiB"]),
    ("a floor without sense", "plumbline.yaml", "256MiB", "much", ["plumbline.yaml:20:17:", "size"]),
    ("a level that is none", "plumbline.yaml", "journal: info", "journal: inof", ["plumbline.yaml:21:10:", "info"]),
    ("a score above its range", "plumbline.yaml", "minPowScore: 100", "minPowScore: 5000", ["plumbline.yaml:19:16:", "4000"]),
    ("a node that is no URL", "plumbline.yaml", "journal:", (TANGLE % KEY).replace("http://127.0.0.1:1", "tangle.example"), ["plumbline.yaml:21:"]),
    ("a milestone key too short", "plumbline.yaml", "journal:", TANGLE % "00", ["plumbline.yaml:21:", "64 hex digits"]),
    ("a threshold that nobody reaches", "plumbline.yaml", "journal:", (TANGLE % KEY).replace("network: n1", "network: n1, threshold: 3"),
     ["plumbline.yaml:21:"]),
    ("a tab", "plumbline.yaml", "  period:", "\tperiod:", ["plumbline.yaml:6:"]),
    ("an open bracket", "plumbline.yaml", "10s", "[10s", ["plumbline.yaml:"]),
    ("a bomb of aliases", "plumbline.yaml", GATEWAY, "a: &a [x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a]\nc: [*b,*b,*b,*b,*b]\n", ["plumbline.yaml:1:"]),
    ("an empty file", "plumbline.yaml", GATEWAY, "", ["plumbline.yaml"]),
    ("two documents", "plumbline.yaml", "log:", "---\nlog:", ["plumbline.yaml:"]),
    ("depth", "plumbline.yaml", "10s", "[" * 5_000, ["plumbline.yaml:"]),
    ("a building that is not there", "plumbline.yaml", "building.yaml", "bulding.yaml", ["bulding.yaml", "No such file"]),
    ("no folder of profiles", "plumbline.yaml", "profiles: profiles", "profiles: prof", ["prof", "profiles"]),
    ("a password file that is not there", "plumbline.yaml", "  publish: twin", "  user: u\n  passwordFile: secret", ["secret"]),
    ("an unknown type of space", "building.yaml", "type: Level", "type: Levle", ["building.yaml:6:18:", "Levle", "Level"]),
    ("an unknown type of point", "building.yaml", "Electric_Power_Sensor", "Electric_Powr_Sensor", ["building.yaml:13:20:", "Electric_Power_Sensor"]),
    ("an unknown entity", "building.yaml", "in: floor1", "in: flor1", ["building.yaml:7:27:", "flor1", "floor1"]),
    ("a circle", "building.yaml", "{type: Building, label", "{type: Building, in: room1, label", ["building.yaml:"]),
    ("a point of nobody", "building.yaml", "m1.power", "m2.power", ["building.yaml:13:3:", "m2"]),
    ("an unknown device", "building.yaml", "mb1#power", "mb2#power", ["building.yaml:13:", "mb2", "mb1"]),
    ("a point that the profile has not", "building.yaml", "#power.active", "#power.actve", ["building.yaml:13:", "power.actve", "power.active"]),
    ("an unknown profile", "building.yaml", "eastron-sdm630", "eastron-sdm360", ["building.yaml:10:18:", "eastron-sdm630"]),
    ("a unit that is not the profile's", "building.yaml", "every: 5s}", "every: 5s, unit: kW}", ["building.yaml:13:", "kW"]),
    ("an unknown key of a point", "building.yaml", "every: 5s}", "evry: 5s}", ["building.yaml:13:", "'evry'", "did you mean 'every'?"]),
    ("a class less strict than the profile's", "building.yaml", "privacy: indirect", "privacy: secret", ["building.yaml:14:", "secret"]),
    ("a time zone that is none", "building.yaml", "Europe/Oslo", "Europe/Olso", ["Europe/Olso"]),
    ("a time zone outside its folder", "building.yaml", "Europe/Oslo", "../../etc/passwd", ["../../etc/passwd"]),
    ("one unit twice", "building.yaml", "  lora1:", "  mb9: {profile: eastron-sdm630, modbus: \"tcp://127.0.0.1:1502\", unit: 1}\n  lora1:", ["building.yaml:11:", "mb"]),
    ("two baud rates on one serial line", "building.yaml", "  lora1:", "  s1: {profile: eastron-sdm630, modbus: \"rtu:/dev/ttyS9\", unit: 1}\n  s2: {profile: eastron-sdm630, modbus: \"rtu:/dev/ttyS9\", unit: 2, baud: 19200}\n  lora1:",
     ["building.yaml:12:3:", "s2", "19200", "s1"]),
    ("a timeout beyond its range", "building.yaml", "unit: 1}", "unit: 1, timeout: 1m}", ["building.yaml:10:", "30s", "timeout"]),
    ("a scheme that is none", "building.yaml", "tcp://127.0.0.1:1502", "rtucp://127.0.0.1:1502", ["building.yaml:10:", "rtutcp://HOST:PORT"]),
    ("metrics open on another address", "plumbline.yaml", "  host: 127.0.0.1\n  port: 8420", "  host: 192.0.2.1\n  certificate: a.pem\n  key: b.pem\n  metrics: open", ["plumbline.yaml:12:12:", "loopback"]),
    ("MQTT devices without a broker", "plumbline.yaml", "mqtt:\n  host: 127.0.0.1\n  port: 1883\n  publish: twin\n", "", ["lora1", "mqtt.host"]),
    ("an unknown key of a profile", "profiles/eastron-sdm630.yaml", "\nvendor:", "\nvender:", ["profiles/eastron-sdm630.yaml:4:1:", "vender", "vendor"]),
    ("an unknown type of a register", "profiles/eastron-sdm630.yaml", "address: 0, type: f32", "address: 0, type: f23", ["profiles/eastron-sdm630.yaml:", "f23", "f32"]),
    ("an unknown unit of a profile", "profiles/eastron-sdm630.yaml", "address: 52, type: f32, unit: W", "address: 52, type: f32, unit: Wtt", ["building.yaml:13:", "Wtt"]),
    ("an address too high", "profiles/eastron-sdm630.yaml", "address: 0, type: f32", "address: 65536, type: f32", ["profiles/eastron-sdm630.yaml:"]),
    ("one profile twice", "profiles/sunspec-inverter.yaml", "profile: sunspec-inverter", "profile: eastron-sdm630", ["eastron-sdm630"]),
]


def main():
    arguments = programs()
    steps = Steps("configuration")
    folder = pathlib.Path(tempfile.mkdtemp(prefix="plumbline-check."))
    shutil.copytree(ROOT / "DeviceProfiles", folder / "profiles")

    def write(path, text):
        (folder / path).write_text(text)

    def check(path="plumbline.yaml", cwd=folder):
        result = subprocess.run([arguments.plumblined, "check", "--config", str(path)], capture_output=True, text=True, errors="replace", timeout=60, cwd=cwd)
        return result.returncode, result.stdout, result.stderr

    sound = {"plumbline.yaml": GATEWAY, "building.yaml": BUILDING}
    for path in sorted((folder / "profiles").glob("*.yaml")):
        sound[f"profiles/{path.name}"] = path.read_text()
    for path, text in sound.items():
        write(path, text)
    code, out, err = check()
    steps.check(code == 0 and "check-house" in out and not err, f"the sound files: exit {code}: {(out + err).strip()}")
    code, out, err = check(folder / "plumbline.yaml", cwd="/")
    steps.check(code == 0, "relative paths count from the configuration's folder, wherever the command is given")

    for name, path, old, new, words in CASES:
        if not steps.check(old in sound[path], f"{name}: the sound file holds what is spoiled"):
            continue
        steps.passed -= 1
        write(path, sound[path].replace(old, new, 1))
        code, out, err = check()
        sentence = err.strip()
        missing = [word for word in words if word not in sentence]
        shape = sentence.startswith("plumblined: ") and len(sentence.splitlines()) == 1 and len(sentence) < 600
        steps.check(code == 1 and shape and not missing and not out, f"{name}: exit {code}: {sentence[:200]}" + (f" misses {missing}" if missing else ""))
        write(path, sound[path])

    (folder / "plumbline.yaml").write_bytes(b"gateway: \xff\xfe\n")
    code, out, err = check()
    steps.check(code == 1 and "plumbline.yaml" in err, f"bytes that are no UTF-8: exit {code}: {err.strip()[:120]}")
    (folder / "plumbline.yaml").write_bytes(b"#" * (5 << 20))
    code, out, err = check()
    steps.check(code == 1 and "larger" in err, f"a file of 5 MiB: exit {code}: {err.strip()[:120]}")
    code, out, err = check(folder / "absent.yaml")
    steps.check(code == 1 and "absent.yaml" in err, f"no file: exit {code}: {err.strip()[:120]}")
    code, out, err = check(folder)
    steps.check(code == 1 and str(folder) in err, f"a folder: exit {code}: {err.strip()[:120]}")

    write("plumbline.yaml", GATEWAY)
    reference = (ROOT / "Docs" / "operate.md").read_text()
    for line in [*GATEWAY.splitlines(), "threshold", "milestoneKeys", "tokenFile", "minPowScoreMax", "passwordFile", "user", "certificate", "key"]:
        key = re.match(r"\s*([A-Za-z]+)", line).group(1)
        if not re.search(rf"`(?:[a-zA-Z]+\.)?{key}`", reference) and f"{key}." not in reference:
            steps.check(False, f"Docs/operate.md does not explain {key}")
    shutil.rmtree(folder)
    steps.finish()


if __name__ == "__main__":
    main()
