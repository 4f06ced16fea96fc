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


class Node:
    """`plumblined tangle` on a free port, ended by pid."""

    def __init__(self, program, directory):
        self.program, self.directory, self.port = program, directory, free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.process = None

    def start(self):
        self.process = subprocess.Popen(
            [self.program, "tangle", "--port", str(self.port), "--interval", "1s", "--min-pow-score", str(SCORE),
             "--dir", self.directory], stdout=subprocess.DEVNULL)
        wait_for("the node answers", 20, lambda: self.process.poll() is None
                 and request(self.url + "/health")[0] == 200)

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
