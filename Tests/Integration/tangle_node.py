"""`plumblined tangle` as a process of the tests, and plain requests to it."""

import json
import signal
import subprocess
import urllib.error
import urllib.request

from harness import free_port, wait_for

SCORE = 10


def request(url, accept=None, body=None, content_type=None):
    """Status and bytes of an answer; a refusal is an answer too."""
    headers = {name: value for name, value in (("Accept", accept), ("Content-Type", content_type)) if value}
    try:
        with urllib.request.urlopen(urllib.request.Request(url, data=body, headers=headers), timeout=10) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as refusal:
        return refusal.code, refusal.read()


# One meter that nobody answers for: a log that is silent, and says so.
BUILDING = """\
building: north
label: North
timezone: Europe/Oslo
entities:
  house: {type: Building, label: North}
  m1: {type: Building_Electrical_Meter, at: house, meters: house}
devices:
  mb1: {profile: eastron-sdm630, modbus: "tcp://127.0.0.1:9", unit: 1}
points:
  m1.power: {type: Electric_Power_Sensor, privacy: none, from: mb1#power.active, every: 1s}
"""


class Node:
    """`plumblined tangle` on a free port, ended by pid."""

    def __init__(self, program, directory, *options):
        self.program, self.directory, self.port, self.options = program, directory, free_port(), options
        self.url = f"http://127.0.0.1:{self.port}"
        self.process = None

    def start(self):
        self.process = subprocess.Popen(
            [self.program, "tangle", "--port", str(self.port), "--interval", "1s", "--min-pow-score", str(SCORE),
             "--dir", self.directory, *self.options], stdout=subprocess.PIPE, text=True)
        # The section of a gateway's configuration, printed when the node listens; a list of keys is its last part.
        head = 6 if "--events" in self.options else 5
        self.section = "".join(self.process.stdout.readline() for _ in range(head))
        count = int(self.options[self.options.index("--keys") + 1]) if "--keys" in self.options else 1
        self.section += "".join(self.process.stdout.readline() for _ in range(count))
        wait_for("the node answers", 20, lambda: self.process.poll() is None
                 and request(self.url + "/api/core/v2/info")[0] == 200)

    def stop(self):
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()

    def get(self, path):
        return json.loads(request(self.url + path)[1])

    def latest(self):
        return self.get("/api/core/v2/info")["status"]["latestMilestone"]["index"]
