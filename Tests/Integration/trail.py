"""Goal: out of a file of a running gateway an auditor learns who set what, which model was in force and who read what; a tenant's token
and a tenant's file show the tenant's values and nothing of the others.
Method: a pymodbus server behind a gateway with a public stream and two tenants' streams; a command, a reload, reads by two tokens; the
files are judged by `plumbline` and by the verifier written from Docs/formats.md, their openings read again with cbor2."""

import io
import json
import pathlib
import subprocess
import sys
import tarfile
import tempfile

import cbor2

from commands import AirHandler, send
from harness import ROOT, Broker, Gateway, Steps, programs, wait_for

INDEPENDENT = ROOT / "Tests" / "Independent" / "verify.py"
BUILDING = """\
building: test-house
label: {label}
timezone: Europe/Oslo
entities:
  house: {{type: Building, label: Test House}}
  ahu1: {{type: AHU, in: house}}
  fan1: {{type: Fan, in: ahu1}}
  room2: {{type: Room, in: house}}
  room3: {{type: Room, in: house}}
devices:
  mb1: {{profile: plumbline-sim-air-handler, modbus: "tcp://127.0.0.1:{modbus_port}", unit: 21, every: 1s}}
points:
  ahu1.setpoint: {{from: mb1#setpoint.supply, command: {{min: 16, max: 22, every: 5s}}}}
  fan1.level: {{from: mb1#fan.level}}
  room2.air: {{from: mb1#temperature.return, type: Air_Temperature_Sensor, privacy: direct, tenant: two}}
  room3.air: {{from: mb1#temperature.outside, type: Air_Temperature_Sensor, privacy: direct, tenant: three}}
"""


class Auditor:
    def __init__(self, arguments, gateway):
        self.program, self.card, self.folder = arguments.plumbline, gateway.folder / "gateway.card", gateway.folder
        self.card.write_bytes(gateway.request("GET", "/v1/card")[2])

    def run(self, command, name, *words):
        return subprocess.run([self.program, command, str(self.folder / name), "--policy", str(self.card), *words], capture_output=True, text=True)

    def told(self, command, name, *words):
        done = self.run(command, name, "--json", *words)
        return done.returncode, json.loads(done.stdout)

    def second(self, name):
        done = subprocess.run([sys.executable, str(INDEPENDENT), str(self.folder / name), "--policy", str(self.card)], capture_output=True, text=True)
        return done.returncode, sorted(done.stdout.split())


def openings(data):
    """Shown items by leaf index, read with cbor2, and how many stay closed."""
    with tarfile.open(fileobj=io.BytesIO(data)) as archive:
        member = archive.extractfile("31-openings.cbor").read()
    shown, closed = {}, 0
    for index, elements in cbor2.loads(member):
        pairs = [element if isinstance(element, list) else [0, element] for element in elements]
        shown[index] = [cbor2.loads(content) for kind, content in pairs if kind == 0]
        closed += sum(kind for kind, _ in pairs)
    return shown, closed


def live(steps, gateway, device):
    """What is there to be told; the last leaf of it, and the tenant's token."""
    add = lambda *words, check=True: gateway.command("token", "add", *words, "--config", str(gateway.configuration), check=check)
    tenant = add("tenant-two", "--role", "auditor", "--stream", "mb1/two/direct").stdout.strip().splitlines()[-1]
    refused = add("nobody", "--role", "auditor", "--stream", "no-such", check=False)
    steps.check(refused.returncode != 0 and "there is no stream 'no-such'" in refused.stderr, f"a stream that is not there is named: {refused.stderr.strip()}")
    told = gateway.command("token", "list", "--config", str(gateway.configuration)).stdout
    steps.check("\tstreams " in [line for line in told.splitlines() if "tenant-two" in line][0], "the list tells whom a token is bound to")

    wait_for("the setpoint", 20, lambda: gateway.get("/v1/points/ahu1.setpoint")["current"] is not None)
    status, _, command = send(gateway, 21.5, "k1")
    steps.check(status == 201 and command["state"] == "done", f"a command is done: {command}")
    for token, point, wanted in [("own", "room2.air", 200), ("own", "room3.air", 200), (tenant, "room2.air", 200), (tenant, "room3.air", 404), (tenant, "ahu1.setpoint", 404)]:
        status = gateway.request("GET", f"/v1/points/{point}/readings?from=2026-01-01T00:00:00Z&to=2026-01-02T00:00:00Z", token=token)[0]
        steps.check(status == wanted, f"readings of {point} with {'the tenant' if token == tenant else 'the facility'}'s token: {status}")
        gateway.request("GET", f"/v1/points/{point}", token=token)
    points = json.loads(gateway.request("GET", "/v1/points", token=tenant)[2])["items"]
    steps.check([point["id"] for point in points] == ["room2.air"], "the tenant's list has one point")
    entities = json.loads(gateway.request("GET", "/v1/entities", token=tenant)[2])["items"]
    steps.check([entity["id"] for entity in entities] == ["house", "room2"], "and the entities it belongs to")
    steps.check(gateway.request("GET", "/v1/links", token=tenant)[0] == 403, "what is about the whole house is refused")

    (gateway.folder / "building.yaml").write_text(BUILDING.format(label="Renamed House", modbus_port=device.port))
    gateway.command("reload", "--config", str(gateway.configuration))
    size = lambda: gateway.anchored()[-1]["size"]
    wait_for("an anchor over all of it", 60, lambda: size() > command["outcomeLeaf"])
    before = size()
    wait_for("and one behind", 60, lambda: size() > before)
    return command, tenant


def whole(steps, auditor, gateway, command, anchors):
    data = gateway.period_evidence(anchors[0]["milestone"]["at"], anchors[-1]["milestone"]["at"])
    (gateway.folder / "whole.evidence").write_bytes(data)
    code, report = auditor.told("trail", "whole.evidence")
    codes = sorted(finding["code"] for finding in report["verdict"]["findings"])
    steps.check(code == 0 and report["exit"] == 0, f"the file holds: {codes}")
    steps.check(auditor.second("whole.evidence") == (0, codes), "for the second verifier too")
    by_type = {}
    for entry in report["entries"]:
        by_type.setdefault(entry["type"], []).append(entry)
    asked, came = by_type["command"][0], by_type["outcome"][0]
    steps.check((asked["leaf"], asked["value"], asked["reason"]) == (command["intentLeaf"], "21.5 Cel", "filter change"), f"who asked for what: {asked}")
    steps.check((came["intent"], came["result"], came["value"]) == (asked["leaf"], "done", "21.5 Cel"), f"what came of it: {came}")
    reads = [read for entry in by_type["access"] for read in entry["reads"]]
    steps.check({(read["grant"], read["point"]) for read in reads} >= {(1, "room2.air"), (1, "room3.air"), (2, "room2.air")}, f"who read what: {reads}")
    steps.check(asked["grant"] == 1, "the pseudonym of the command is the one of grant 1's reads")
    changed = by_type["configuration"]
    steps.check([entry["modelRevision"] for entry in changed] == [2] and report["modelRevision"] == 1, "which model was in force")
    fans = [entity for entry in by_type["snapshot"] for entity in entry["entities"] if entity["id"] == "fan1"]
    steps.check(fans and fans[-1]["partOf"] == "ahu1" and fans[-1]["points"] == ["fan1.level"], f"with its entities: {fans[-1:]}")
    steps.check(report["notOpened"]["items"] == 0 and report["notOpened"]["leaves"] == 0, f"nothing stays closed: {report['notOpened']}")
    steps.check([entry["leaf"] for entry in report["entries"]] == sorted(entry["leaf"] for entry in report["entries"]), "in the order of the log")

    code, narrow = auditor.told("trail", "whole.evidence", "--point", "ahu1.setpoint")
    steps.check(code == 0 and {entry["type"] for entry in narrow["entries"]} == {"command", "outcome", "snapshot"}, "one point: its command and the snapshots that cite it")
    code, narrow = auditor.told("trail", "whole.evidence", "--entity", "room3")
    steps.check(code == 0 and {read["point"] for entry in narrow["entries"] if entry["type"] == "access" for read in entry["reads"]} == {"room3.air"}, "one entity: who read its points")
    code, narrow = auditor.told("trail", "whole.evidence", "--point", "no.such")
    steps.check(code == 2 and narrow["notShown"] == ["point no.such"], "what the file does not show is told, exit 2")
    text = auditor.run("trail", "whole.evidence").stdout
    steps.check("Holds" in text.split("leaf ")[0] and "ahu1.setpoint to 21.5 Cel, asked by grant 1" in text, "as text, the verdict first")
    words = ("--tlog-proof", "--leaf", str(asked["leaf"]))
    printed, name = auditor.run("export", "whole.evidence", *words).stdout, auditor.run("export", "whole.evidence", *words, "--beside").stdout.strip()
    steps.check(name.endswith(f"whole.evidence.{asked['leaf']}.tlog-proof") and printed and pathlib.Path(name).read_text() == printed, f"the command's tlog-proof lies beside the file: {name}")
    damaged = bytearray(data)
    damaged[data.index(b"filter change")] ^= 1
    (gateway.folder / "damaged.evidence").write_bytes(damaged)
    bad = auditor.run("trail", "damaged.evidence")
    steps.check(bad.returncode == 1 and "leaf " not in bad.stdout and "ahu1" not in bad.stdout, "of a file that does not hold nothing is listed")

    code, counted = auditor.told("audit", "whole.evidence", "--entity", "ahu1")
    steps.check(code == 0 and {point["id"] for point in counted["points"]} == {"ahu1.setpoint", "fan1.level"}, f"audit counts an entity and its parts: {[point['id'] for point in counted['points']]}")
    code, counted = auditor.told("audit", "whole.evidence", "--entity", "house")
    steps.check(code == 0 and len(counted["points"]) == 4, "the house has all points")
    code, counted = auditor.told("audit", "whole.evidence", "--entity", "cellar")
    steps.check(code == 2 and counted["notShown"] == ["entity cellar"], "an entity that no snapshot shows is told, exit 2")


def part(steps, auditor, gateway, tenant, anchors):
    own, gateway.token = gateway.token, tenant
    try:
        data = gateway.period_evidence(anchors[0]["milestone"]["at"], anchors[-1]["milestone"]["at"])
    finally:
        gateway.token = own
    (gateway.folder / "part.evidence").write_bytes(data)
    code, report = auditor.told("trail", "part.evidence")
    codes = sorted(finding["code"] for finding in report["verdict"]["findings"])
    steps.check(code == 0 and "W_WITHHELD" in codes and len(report["verdict"]["streams"]) == 1, f"the tenant's file holds: {codes}")
    steps.check(auditor.second("part.evidence") == (0, codes), "for the second verifier too")
    for secret in (b"room3", b"ahu1", b"fan1", b"filter change", b"Renamed"):
        steps.check(secret not in data, f"it holds no byte string {secret.decode()!r}")
    shown, closed = openings(data)
    items = [item for leaf in shown.values() for item in leaf]
    scopes = {entry[2] for item in items if item[1] == 5 for entry in item[4]}
    cited = {citation[0] for item in items if item[1] == 6 for citation in item[4][3]}
    steps.check(scopes == {"room2.air"} and len(cited) == 1 and closed > 0, f"only what concerns the tenant is opened, {closed} items stay closed: {scopes} {cited}")
    reads = {(read["grant"], read["point"]) for entry in report["entries"] if entry["type"] == "access" for read in entry["reads"]}
    steps.check(reads == {(1, "room2.air"), (2, "room2.air")}, f"the tenant learns who read the tenant's values: {reads}")
    steps.check(not any(entry["opened"] for entry in report["entries"] if entry["type"] == "command"), "and that there were commands, not which")
    steps.check(0 < report["notOpened"]["items"] <= closed, f"what stays closed is counted: {report['notOpened']}")


def main():
    arguments = programs()
    steps = Steps("trail")
    folder = tempfile.mkdtemp(prefix="plumbline-trail.")
    device, broker = AirHandler(), Broker(folder)
    gateway = Gateway(arguments.plumblined, BUILDING.format(label="Test House", modbus_port=device.port), broker.port, folder=folder)
    try:
        gateway.init()
        gateway.start()
        # The time of the first milestone may lie a second ahead; what is told here comes behind it.
        wait_for("two anchors", 60, lambda: len(gateway.anchored()) >= 2)
        command, tenant = live(steps, gateway, device)
        auditor, anchors = Auditor(arguments, gateway), gateway.anchored()
        whole(steps, auditor, gateway, command, anchors)
        part(steps, auditor, gateway, tenant, anchors)
    finally:
        gateway.stop()
        broker.stop()
    gateway.remove()
    steps.finish()


if __name__ == "__main__":
    main()
