"""Goal: anchoring goes on while one of two nodes can be reached, an operator hears which one cannot, and a token reaches its node only.
Method: `plumblined tangle`, told to be wrong in every way that passes, behind two lines that are cut and mended; the real gateway."""

import json
import os
import socket
import tempfile
import threading
import time

from external_node import BUILDING
from harness import Broker, Gateway, Steps, free_port, programs, wait_for
from tangle_node import Node

TOKEN = "secret-of-a"
# Each ends by itself; "stale" does not, and has no place here.
FAULTS = ["unhealthy=15", "no-tips=25", "no-proofs=35", "lost-reply=1", "other-id=2", "ignore=30", "prune=60", "slow=20"]


class Line:
    """A port that leads to another one while it is open, and remembers what tokens came by."""

    def __init__(self, target):
        self.target, self.port = target, free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.tokens, self.requests, self.listener, self.sockets = set(), 0, None, []

    def open(self):
        self.listener = socket.socket()
        self.listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.listener.bind(("127.0.0.1", self.port))
        self.listener.listen(16)
        threading.Thread(target=self._accept, args=(self.listener,), daemon=True).start()

    def close(self):
        for one in [self.listener, *self.sockets]:
            try:
                one.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
            one.close()
        self.sockets.clear()

    def _accept(self, listener):
        while True:
            try:
                client, _ = listener.accept()
                node = socket.create_connection(("127.0.0.1", self.target), 5)
            except OSError:
                return
            self.sockets += [client, node]
            for source, sink, is_request in ((client, node, True), (node, client, False)):
                threading.Thread(target=self._pump, args=(source, sink, is_request), daemon=True).start()

    def _pump(self, source, sink, is_request):
        try:
            while data := source.recv(65536):
                if is_request:
                    self.requests += 1
                    self.tokens |= {line for line in data.decode("latin-1").split("\r\n") if line.lower().startswith("authorization:")}
                sink.sendall(data)
            sink.shutdown(socket.SHUT_WR)
        except OSError:
            pass


def sentences(gateway):
    return [one for one in json.loads(gateway.request("GET", "/v1/health")[2])["problems"] if one.startswith("The node ")]


def figure(gateway, name, url):
    for line in gateway.request("GET", "/metrics")[2].decode().splitlines():
        if line.startswith(f'plumbline_node_{name}{{node="{url}"}} '):
            return float(line.split()[-1])
    return None


def contiguous(anchors):
    """How many anchors there are when their numbers run from 1 without a gap; 0 otherwise."""
    return len(anchors) if [one["seq"] for one in anchors] == list(range(1, len(anchors) + 1)) else 0


def configure(gateway, node, first, second, folder):
    token = os.path.join(folder, "a.token")
    with open(os.open(token, os.O_CREAT | os.O_WRONLY, 0o644), "w") as file:
        file.write(TOKEN + "\n")
    text = gateway.configuration.read_text()
    local = text[text.index("localTangle:"):text.index("freeSpaceFloor:")]
    section = node.section.replace(f"  node: {node.url}\n", f"  nodes:\n    - {{url: \"{first.url}\", tokenFile: a.token}}\n    - {second.url}\n")
    gateway.configuration.write_text(text.replace(local, section))
    return token


def refused(steps, gateway, token):
    check = gateway.command("check", "--config", str(gateway.configuration), check=False)
    steps.check(check.returncode == 1 and "a.token" in check.stderr and "chmod o-r" in check.stderr,
                f"a token that everybody can read is refused: {check.stderr.strip()[-120:]}")
    os.chmod(token, 0o640)
    text = gateway.configuration.read_text()
    gateway.configuration.write_text(text.replace("  nodes:\n", "  node: http://127.0.0.1:1\n  nodes:\n"))
    check = gateway.command("check", "--config", str(gateway.configuration), check=False)
    steps.check(check.returncode == 1 and "plumbline.yaml:" in check.stderr and "both given" in check.stderr,
                f"node beside nodes is refused at its place: {check.stderr.strip()[-120:]}")
    gateway.configuration.write_text(text)
    check = gateway.command("check", "--config", str(gateway.configuration))
    steps.check(check.returncode == 0, "two nodes and a token are sound")


def main():
    arguments = programs()
    steps = Steps("node failover")
    folder = tempfile.mkdtemp(prefix="plumbline-failover.")
    node = Node(arguments.plumblined, folder + "/network", "--keys", "3", "--threshold", "2",
                *[word for fault in FAULTS for word in ("--fault", fault)])
    first, second = Line(node.port), Line(node.port)
    broker = Broker(folder)
    gateway = Gateway(arguments.plumblined, BUILDING, broker.port, folder=folder, anchor_every="3s")
    try:
        first.open()
        second.open()
        node.start()
        token = configure(gateway, node, first, second, folder)
        refused(steps, gateway, token)
        init = ("init", "--config", str(gateway.configuration), "--recovery-key", folder + "/recovery.key")
        early = gateway.command(*init, check=False)
        steps.check(early.returncode == 2 and "not healthy" in early.stderr and first.url in early.stderr and second.url in early.stderr,
                    f"init finds both unhealthy: {early.stderr.strip()[-160:]}")
        wait_for("the node is healthy", 40, lambda: node.get("/api/core/v2/info")["status"]["isHealthy"])
        gateway.init()
        gateway.start()
        wait_for("two anchors past every fault", 180, lambda: len(gateway.anchored()) >= 2)
        steps.check(True, f"anchored although the node was told to be wrong in {len(FAULTS)} ways")
        steps.check(first.tokens == {f"Authorization: Bearer {TOKEN}"} and not second.tokens and second.requests > 0,
                    f"the token went to its node only; the other was looked at: {second.requests} requests")

        wait_for("no node is told", 90, lambda: not sentences(gateway))
        used, spare = (first, second) if figure(gateway, "in_use", first.url) else (second, first)
        steps.check(figure(gateway, "in_use", used.url) == 1 and figure(gateway, "in_use", spare.url) == 0
                    and figure(gateway, "suitable", spare.url) == 1, "both are suitable, one is in use")

        for cut, other in ((used, spare), (spare, used)):
            known, start = len(gateway.anchored()), time.monotonic()
            cut.close()
            told = wait_for("health names the node", 40, lambda: sentences(gateway))
            steps.check(len(told) == 1 and cut.url in told[0], f"the cut one is told: {told[0][:160]}")
            wait_for("anchors over the other line", 60, lambda: len(gateway.anchored()) >= known + 2)
            steps.check(figure(gateway, "in_use", other.url) == 1 and figure(gateway, "suitable", cut.url) == 0,
                        f"two anchors more over the other line, {time.monotonic() - start:.1f} s after the cut")
            cut.open()
            wait_for("the mended one is found again", 100, lambda: not sentences(gateway))
            steps.check(figure(gateway, "in_use", other.url) == 1, "the mended one is a stand-by")

        first.close()
        second.close()
        wait_for("anchoring waits", 40, lambda: len(sentences(gateway)) == 2 and "Anchoring waits" in gateway.request("GET", "/v1/health")[2].decode())
        known = len(gateway.anchored())
        first.open()
        second.open()
        wait_for("anchoring goes on", 130, lambda: len(gateway.anchored()) > known)
        steps.check(gateway.process.alive(), "both away, both back: anchoring goes on by itself")
        whole = wait_for("no checkpoint is left out", 60, lambda: contiguous(gateway.anchored()))
        steps.check(whole, f"{whole} checkpoints, one anchor each, none left out")
    finally:
        gateway.stop()
        node.stop()
        broker.stop()
        for line in (first, second):
            line.close()
    gateway.remove()
    steps.finish()


if __name__ == "__main__":
    main()
