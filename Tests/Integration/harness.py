"""Real programs for the integration tests: a broker, a Modbus server written by others, and the gateway itself.

Everything listens on loopback, on ports that were free a moment ago, and ends with the test, by pid."""

import json
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[2]


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_for(what, seconds, condition, every=0.1):
    """The condition's first true answer within `seconds`; an error with the last answer otherwise."""
    deadline = time.monotonic() + seconds
    last = None
    while time.monotonic() < deadline:
        try:
            last = condition()
        except (OSError, urllib.error.URLError) as error:
            last = error
        else:
            if last:
                return last
        time.sleep(every)
    raise AssertionError(f"{what}: not within {seconds} s; last seen: {last!r}")


class Steps:
    """One line a step; the last line counts them."""

    def __init__(self, name):
        self.name, self.passed, self.failed = name, 0, 0

    def check(self, condition, text):
        if condition:
            self.passed += 1
            print(f"ok    {self.name}: {text}", flush=True)
        else:
            self.failed += 1
            print(f"FAIL  {self.name}: {text}", flush=True)
        return bool(condition)

    def finish(self):
        print(f"{self.passed} passed, {self.failed} failed", flush=True)
        sys.exit(1 if self.failed or not self.passed else 0)


class Process:
    def __init__(self, command, log, **options):
        self.log = pathlib.Path(log)
        with open(self.log, "ab") as out:
            self.process = subprocess.Popen(command, stdout=out, stderr=out, stdin=subprocess.DEVNULL, **options)

    def alive(self):
        return self.process.poll() is None

    def stop(self, number=signal.SIGTERM, seconds=30):
        if self.alive():
            self.process.send_signal(number)
        try:
            return self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait(10)
            raise AssertionError(f"did not end within {seconds} s after signal {number}: {self.tail()}") from None

    def tail(self, lines=15):
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:])


class Broker(Process):
    def __init__(self, folder):
        self.port = free_port()
        self.folder = pathlib.Path(folder)
        pathlib.Path(folder, "broker.conf").write_text(f"listener {self.port} 127.0.0.1\nallow_anonymous true\npersistence false\n")
        self.start()

    def start(self):
        """Also again, at the same port, after it was stopped."""
        super().__init__([shutil.which("mosquitto") or "/usr/sbin/mosquitto", "-c", str(self.folder / "broker.conf")], self.folder / "broker.log")
        wait_for("broker", 10, lambda: socket.create_connection(("127.0.0.1", self.port), 1))

    def publish(self, topic, payload, *more):
        data = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
        # mosquitto_pub takes no empty standard input: -n is its word for an empty message.
        subprocess.run(["mosquitto_pub", "-h", "127.0.0.1", "-p", str(self.port), "-t", topic, "-s" if data else "-n", *more],
                       input=data, check=True, timeout=20)


CONFIGURATION = """\
gateway: gw-test
building: {folder}/building.yaml
profiles: {profiles}
data: {folder}/data
log:
  period: {period}
mqtt:
  host: 127.0.0.1
  port: {mqtt_port}
  publish: twin
api:
  host: 127.0.0.1
  port: {api_port}
anchors:
  every: {anchor_every}
localTangle:
  interval: {milestone_every}
  minPowScore: 10
freeSpaceFloor: {floor}
"""


class Gateway:
    """`plumblined` with its own folder, configuration and token."""

    def __init__(self, plumblined, building, mqtt_port, period="1s", anchor_every="5s", milestone_every="1s", floor="16MiB", folder=None, profiles=None):
        self.plumblined = str(plumblined)
        self.folder = pathlib.Path(folder or tempfile.mkdtemp(prefix="plumbline-test."))
        self.api_port = free_port()
        self.configuration = self.folder / "plumbline.yaml"
        self.configuration.write_text(CONFIGURATION.format(
            folder=self.folder, profiles=profiles or ROOT / "DeviceProfiles", period=period, mqtt_port=mqtt_port,
            api_port=self.api_port, anchor_every=anchor_every, milestone_every=milestone_every, floor=floor))
        (self.folder / "building.yaml").write_text(building)
        self.process = None
        self.token = None

    def command(self, *arguments, check=True):
        result = subprocess.run([self.plumblined, *arguments], capture_output=True, text=True, timeout=60)
        if check and result.returncode != 0:
            raise AssertionError(f"plumblined {' '.join(arguments)}: exit {result.returncode}\n{result.stdout}{result.stderr}")
        return result

    def init(self):
        self.command("init", "--config", str(self.configuration), "--recovery-key", str(self.folder / "recovery.key"))
        out = self.command("token", "add", "test", "--role", "facility", "--config", str(self.configuration)).stdout
        self.token = out.strip().splitlines()[-1]

    def start(self, seconds=30):
        self.process = Process([self.plumblined, "run", "--config", str(self.configuration)], self.folder / "gateway.log")
        wait_for("gateway answers", seconds, self._up)

    def _up(self):
        if not self.process.alive():
            raise AssertionError(f"the gateway ended by itself with {self.process.process.returncode}:\n{self.process.tail()}")
        return self.request("GET", "/v1/health")[0] == 200

    def kill(self):
        self.process.process.kill()
        self.process.process.wait(10)

    def stop(self):
        if self.process and self.process.alive():
            return self.process.stop()

    def request(self, method, path, body=None, accept=None, token="own", headers=None):
        """Status, headers and body of one request; an HTTP error status is an answer."""
        request = urllib.request.Request(f"http://127.0.0.1:{self.api_port}{path}", method=method, data=body)
        if token:
            request.add_header("Authorization", f"Bearer {self.token if token == 'own' else token}")
        if accept:
            request.add_header("Accept", accept)
        if body is not None:
            request.add_header("Content-Type", "application/json")
        for name, value in (headers or {}).items():
            request.add_header(name, value)
        try:
            with urllib.request.urlopen(request, timeout=20) as answer:
                return answer.status, answer.headers, answer.read()
        except urllib.error.HTTPError as error:
            return error.code, error.headers, error.read()

    def get(self, path):
        status, _, body = self.request("GET", path)
        if status != 200:
            raise AssertionError(f"GET {path}: {status} {body[:400]!r}")
        return json.loads(body)

    def all(self, path):
        """Every item of a list, page by page."""
        items, next_path = [], path
        while next_path:
            page = self.get(next_path)
            items += page["items"]
            next_path = page["next"]
        return items

    def anchored(self):
        return sorted((a for a in self.all("/v1/anchors?limit=1000") if a["state"] == "anchored"), key=lambda a: a["seq"])

    def period_evidence(self, start, end, seconds=60):
        body = json.dumps({"kind": "period", "from": start, "to": end}).encode()
        status, _, answer = self.request("POST", "/v1/evidence", body)
        if status not in (200, 202):
            raise AssertionError(f"POST /v1/evidence: {status} {answer!r}")
        path = "/v1/evidence/" + json.loads(answer)["id"]

        def ready():
            job = self.get(path)
            if job["state"] == "failed":
                raise AssertionError(f"evidence failed: {job}")
            return job["state"] == "ready"

        wait_for("evidence is ready", seconds, ready)
        return self.request("GET", path, accept="application/x-tar")[2]

    def remove(self):
        shutil.rmtree(self.folder, ignore_errors=True)


def programs():
    """Paths of the two programs: `--plumblined PATH --plumbline PATH`, or the release build of this checkout."""
    import argparse

    parser = argparse.ArgumentParser()
    release = ROOT / ".build" / "release"
    parser.add_argument("--plumblined", default=str(release / "plumblined"))
    parser.add_argument("--plumbline", default=str(release / "plumbline"))
    parser.add_argument("--kills", type=int, default=10)
    parser.add_argument("--rounds", type=int, default=40)
    arguments = parser.parse_args()
    for path in (arguments.plumblined, arguments.plumbline):
        if not os.access(path, os.X_OK):
            sys.exit(f"{path} is not there; build first with Deploy/prepare")
    return arguments
