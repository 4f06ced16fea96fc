"""Goal: the files of a running gateway are read again all or nothing, what did not change keeps its connection, and what a device
taught outlives the process.
Method: two pymodbus servers behind doors that count who comes in; the building file is edited, broken and put right; SIGHUP, the API
and the command ask for reloads; the evidence must hold and have the new configuration."""

import json
import pathlib
import re
import shutil
import signal
import socket
import struct
import subprocess
import tempfile
import threading
import time

from fieldserver import Device, building, good_since, profiles
from harness import Broker, Gateway, Steps, programs, wait_for
from pymodbus_line import PymodbusLine

PERIOD_SECONDS = 2


class Door:
    """A TCP forwarder in front of a server: counts connections, and requests that touch registers from `hole` on."""

    def __init__(self, port, hole=(1 << 16, 1 << 16)):
        self.to, self.hole = port, range(*hole)
        self.accepts, self.hits, self.requests = 0, 0, 0
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            client, _ = self.listener.accept()
            self.accepts += 1
            server = socket.create_connection(("127.0.0.1", self.to))
            threading.Thread(target=self._carry, args=(client, server, True), daemon=True).start()
            threading.Thread(target=self._carry, args=(server, client, False), daemon=True).start()

    def _carry(self, source, target, isRequest):
        try:
            while data := source.recv(4096):
                if isRequest:
                    self._count(data)
                target.sendall(data)
        except OSError:
            pass
        for end in (source, target):
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def _count(self, data):
        """One request at a time is what the gateway sends: header of 7 bytes, function, address, count."""
        while len(data) >= 12:
            length = struct.unpack(">H", data[4:6])[0]
            function, address, count = struct.unpack(">BHH", data[7:12])
            self.requests += 1
            if function in (1, 2, 3, 4) and any(register in self.hole for register in range(address, address + count)):
                self.hits += 1
            data = data[6 + length:]


def links(gateway):
    return {link["id"]: link for link in gateway.get("/v1/links")["items"]}


def problems(gateway):
    return json.loads(gateway.request("GET", "/v1/health")[2])["problems"]


def reload(gateway, headers=None, token="own"):
    status, _, body = gateway.request("POST", "/v1/configuration/reload", b"", headers=headers, token=token)
    return status, json.loads(body)


def amid_interval():
    """Waits for the second half of an interval: every point that is read each second has spoken in it, and its end is not yet near."""
    while not 1.1 <= time.time() % PERIOD_SECONDS < 1.3:
        time.sleep(0.02)


def config_leaves(gateway):
    return len(gateway.all("/v1/changes?limit=1000"))


def story(gateway, steps, plain, still, devices):
    config = gateway.folder / "building.yaml"

    def edit(changed):
        config.write_text(building(changed))

    def log(words):
        return [line for line in gateway.process.log.read_text(errors="replace").splitlines() if words in line]

    before = config_leaves(gateway)
    status, answer = reload(gateway)
    steps.check(status == 200 and answer["logged"] is False and answer["connections"] == {"kept": 2, "changed": 0, "started": 0, "ended": 0},
                f"files that say the same change nothing: {status} {answer}")
    steps.check(config_leaves(gateway) == before, "and the log has no new configuration")

    # One device is asked more seldom and has a point more.
    edit([Device("m1", devices[0].url, 1, 4, every="2s"), devices[1]])
    status, answer = reload(gateway)
    steps.check(status == 200 and answer["logged"] and answer["connections"]["kept"] == 1 and answer["connections"]["changed"] == 1,
                f"a period and a point: {status} {answer}")
    since = time.time()
    wait_for("the new point", 15, lambda: good_since(gateway, "m1", since, (3,)), every=0.3)
    steps.check(still.accepts == 1, f"the line that did not change has its first connection: {still.accepts} came in")
    steps.check(plain.accepts == 2, f"the one that changed has a second: {plain.accepts} came in")
    steps.check(config_leaves(gateway) == before + 1, "the log has one configuration more")
    link = links(gateway)[devices[1].url]
    steps.check(link["connects"] == 1 and link["units"][0]["state"] == "answering", f"the links say so too: {link['connects']}")

    # A file with a mistake changes nothing, whoever asks.
    right = config.read_text()
    config.write_text(right.replace("m2.p0: {type: Sensor", "m2.p0: {tpye: Sensor"))
    status, answer = reload(gateway)
    where = answer.get("errors", [{}])[0].get("parameter", "")
    steps.check(status == 422 and answer["code"] == "unreadable-file" and re.search(r"building\.yaml:\d+:\d+$", where),
                f"a mistake comes back with its place: {status} {where} {answer.get('errors')}")
    result = gateway.command("reload", "--config", str(gateway.configuration), check=False)
    steps.check(result.returncode == 1 and re.search(r"plumblined: \S*building\.yaml:\d+:\d+: ", result.stderr), f"the command says the same: {result.stderr.strip()}")
    gateway.process.process.send_signal(signal.SIGHUP)
    wait_for("the journal of the signal", 10, lambda: len(log("the configuration is not taken")) >= 3, every=0.1)
    line = log("the configuration is not taken")[-1]
    steps.check(re.search(r" error gateway: .*building\.yaml:\d+:\d+: ", line), f"and so does the journal: {line}")
    since = time.time()
    wait_for("all goes on", 15, lambda: good_since(gateway, "m1", since, (0, 3)) and good_since(gateway, "m2", since), every=0.3)
    steps.check((plain.accepts, still.accepts) == (2, 1) and config_leaves(gateway) == before + 1, "and nothing has changed")
    config.write_text(right)

    # What needs a restart.
    text = gateway.configuration.read_text()
    gateway.configuration.write_text(text.replace(f"port: {gateway.api_port}", "port: 1").replace("every: 2s", "every: 3s"))
    status, answer = reload(gateway)
    said = [fault["detail"] for fault in answer["errors"]]
    steps.check(status == 422 and said == ["needs a restart: api.port", "needs a restart: anchors.every"], f"keys that need a restart are named: {said}")
    gateway.configuration.write_text(text)

    # By signal and by command; a device leaves, another comes.
    edit([devices[1], Device("m3", devices[1].url, 2, 2)])
    gateway.process.process.send_signal(signal.SIGHUP)
    since = time.time()
    wait_for("the new device", 15, lambda: gateway.request("GET", "/v1/points/m3.p1")[0] == 200 and good_since(gateway, "m3", since, (1,)), every=0.3)
    steps.check(gateway.request("GET", "/v1/points/m1.p0")[0] == 404 and devices[0].url not in links(gateway), "the signal took one device out and one in")
    steps.check(still.accepts == 2, f"a device more on a line makes its connection anew: {still.accepts}")
    edit([Device("m1", devices[0].url, 1, 4), devices[1]])
    amid_interval()
    result = gateway.command("reload", "--config", str(gateway.configuration))
    steps.check(re.search(r"in force from \S+Z, when .*\n.*m3\.p0, m3\.p1", result.stdout), f"the command says for what it waits: {result.stdout.strip()}")
    wait_for("the interval's end", 10, lambda: devices[0].url in links(gateway), every=0.1)
    result = gateway.command("reload", "--config", str(gateway.configuration))
    steps.check("kept 2, changed 0, started 0, ended 0" in result.stdout, f"and then that all is in force: {result.stdout.strip()}")
    tokens = gateway.command("token", "list", "--config", str(gateway.configuration)).stdout
    steps.check(re.search(r"reload-\w+\tfacility\t.*ended", tokens), "and its token is taken back")

    # Whose hands.
    out = gateway.command("token", "add", "nora", "--role", "auditor", "--config", str(gateway.configuration)).stdout.split()[-1]
    steps.check(reload(gateway, token=out)[0] == 403 and reload(gateway, token=None)[0] == 401, "an auditor does not reload, nobody neither")
    answers = []
    threads = [threading.Thread(target=lambda: answers.append(reload(gateway)[0])) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    steps.check(set(answers) <= {200, 409} and 200 in answers, f"one reload at a time: {sorted(answers)}")


def metrics(gateway, steps):
    """A strict reader of the text format, 0.0.4."""
    steps.check(gateway.request("GET", "/metrics", token=None)[0] == 401, "metrics need a token")
    status, headers, body = gateway.request("GET", "/metrics")
    text = body.decode()
    steps.check(status == 200 and headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8" and text.endswith("\n"), "metrics come as their format asks")
    kinds, samples, bad = {}, {}, []
    label = r'[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\n]|\\["\\n])*"'
    for line in text.splitlines():
        if match := re.fullmatch(r"# (HELP|TYPE) ([a-zA-Z_:][a-zA-Z0-9_:]*) (.*)", line):
            if match[1] == "TYPE":
                kinds[match[2]] = match[3]
            continue
        match = re.fullmatch(r"([a-zA-Z_:][a-zA-Z0-9_:]*)(\{%s(?:,%s)*\})? (NaN|[+-]Inf|-?[0-9.]+(?:e[+-]?[0-9]+)?)" % (label, label), line)
        family = match and re.sub(r"_(bucket|sum|count)$", "", match[1])
        if not match or (match[1] not in kinds and kinds.get(family) not in ("histogram", "summary")):
            bad.append(line)
        else:
            if (match[1], match[2]) in samples:
                bad.append("twice: " + line)
            samples[match[1], match[2]] = float(match[3])
    steps.check(not bad and all(kind in ("counter", "gauge", "histogram", "summary") for kind in kinds.values()), f"{len(samples)} series are well-formed {bad[:3]}")
    steps.check(all(name.startswith("plumbline_") for name in kinds) and all(name.endswith("_total") == (kind == "counter") for name, kind in kinds.items()),
                "every name is ours, and counters end as Prometheus asks")
    value = lambda name: [number for (known, _), number in samples.items() if known == name]
    wanted = ("plumbline_link_up", "plumbline_unit_answering", "plumbline_readings_kept_total", "plumbline_queue_length", "plumbline_api_requests_total",
              "plumbline_process_cpu_seconds_total", "plumbline_process_resident_memory_bytes", "plumbline_disk_free_bytes", "plumbline_intervals_sealed_total")
    missing = [name for name in wanted if not value(name)]
    steps.check(not missing and min(value("plumbline_unit_answering")) == 1 and value("plumbline_readings_kept_total")[0] > 0, f"what is asked for is there, {missing} missing")


def learned(gateway, steps, hole, device):
    """The server has no registers 20 to 23; after one lesson nobody asks for them again, whatever happens to the process."""
    wait_for("the hole is learned", 30, lambda: (links(gateway)[device.url]["units"][0]["learned"] or {}).get("holes"), every=0.3)
    holes = links(gateway)[device.url]["units"][0]["learned"]["holes"]
    covered = {register for span in holes for register in range(span["from"], span["to"] + 1)}
    steps.check(covered <= set(range(20, 24)) and covered, f"the links show what was learned: {holes}")
    time.sleep(2)
    gateway.kill()
    hits, requests = hole.hits, hole.requests
    gateway.start()
    since = time.time()
    wait_for("values after the restart", 20, lambda: good_since(gateway, device.name, since, (0, 9, 12)), every=0.3)
    time.sleep(3)
    again = (links(gateway)[device.url]["units"][0]["learned"] or {}).get("holes")
    steps.check(again == holes, f"a killed gateway knows it at the next start: {again}")
    steps.check(hole.requests > requests + 2 and hole.hits == hits, f"and asks for none of it: {hole.hits - hits} of {hole.requests - requests} requests")


def main():
    arguments = programs()
    steps = Steps("reload")
    folder = pathlib.Path(tempfile.mkdtemp(prefix="plumbline-reload."))
    broker = Broker(folder)
    lines = [PymodbusLine(units=(1, 2)), PymodbusLine(units=(1, 2)), PymodbusLine(units=(1,), invalid=[(20, 23)])]
    plain, still, hole = Door(lines[0].port), Door(lines[1].port), Door(lines[2].port, (20, 24))
    devices = [Device("m1", f"tcp://127.0.0.1:{plain.port}", 1, 3), Device("m2", f"tcp://127.0.0.1:{still.port}", 1, 2)]
    gateway = Gateway(arguments.plumblined, building(devices), broker.port, folder=folder, profiles=profiles(folder, 14), period=f"{PERIOD_SECONDS}s", anchor_every="2s")
    try:
        gateway.init()
        gateway.start()
        begun = time.time()
        for device in devices:
            wait_for(device.name, 20, lambda: good_since(gateway, device.name, begun), every=0.3)
        # Evidence begins at an anchor, and every change is to be in it.
        wait_for("the first anchor", 30, gateway.anchored, every=0.5)
        begun = time.time() + 1
        time.sleep(1)
        story(gateway, steps, plain, still, devices)
        metrics(gateway, steps)
        last = Device("h1", f"tcp://127.0.0.1:{hole.port}", 1, 14, every="1s")
        (folder / "building.yaml").write_text(building([devices[1], last]))
        amid_interval()
        status, answer = reload(gateway)
        steps.check(status == 202 and answer["waiting"]["points"] == ["m1.p0", "m1.p1", "m1.p2", "m1.p3"],
                    f"points that have spoken go when their interval has ended: {status} {answer}")
        wait_for("a third line comes in", 10, lambda: last.url in links(gateway), every=0.1)
        learned(gateway, steps, hole, last)
        # The evidence has every configuration in it and holds.
        first, until = (time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(at)) for at in (begun, time.time() - 3))
        file = folder / "reload.evidence"
        file.write_bytes(gateway.period_evidence(first, until, 90))
        result = subprocess.run([arguments.plumbline, "verify", str(file), "--policy", str(folder / "data" / "card")], capture_output=True, text=True, timeout=60)
        steps.check(result.returncode == 0, f"the evidence holds over every change: exit {result.returncode} {(result.stdout + result.stderr)[-200:]}")
        steps.check(gateway.stop() == 0, "it ends as it should")
    finally:
        gateway.stop()
        broker.stop()
    if not steps.failed:
        shutil.rmtree(folder, ignore_errors=True)
    steps.finish()


if __name__ == "__main__":
    main()
