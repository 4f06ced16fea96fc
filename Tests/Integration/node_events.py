"""Goal: what a node tells by itself makes anchors prove sooner and the watcher see what a gateway hides; without it, and when it
lies, all is as before. Method: a real broker that is killed and started again, `plumblined tangle` that speaks to it, the real
gateway and `plumbline-watch`; a door before the gateway that leaves one anchor off the list; every time measured is only told."""

import http.server
import json
import re
import statistics
import tempfile
import threading
import time
import urllib.error
import urllib.request

import paho.mqtt.client as paho

from harness import Broker, Gateway, Steps, free_port, programs, wait_for
from node_failover import contiguous
from tangle_node import BUILDING, Node, request
from witness import Watch

NOISE = b"[" * (10 << 20)


class Door:
    """The gateway's open pages, without the anchors that are to be hidden."""

    def __init__(self, gateway):
        door = self
        self.hidden, self.port = set(), free_port()

        class Page(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                try:
                    with urllib.request.urlopen(f"http://127.0.0.1:{gateway.api_port}{self.path}", timeout=10) as answer:
                        code, body = answer.status, answer.read()
                except urllib.error.HTTPError as refusal:
                    code, body = refusal.code, refusal.read()
                except OSError:
                    code, body = 502, b""
                if self.path.startswith("/log/anchors"):
                    body = b"".join(line for line in body.splitlines(True) if int(line.split()[0]) not in door.hidden)
                self.send_response(code)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", self.port), Page)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()


class Delays:
    """How long after a milestone is there to be fetched the gateway has the proof of what it references, s."""

    def __init__(self, node, log):
        self.node, self.log, self.milestones, self.proofs, self.is_on = node, log, {}, [], True
        self.threads = [threading.Thread(target=each, daemon=True) for each in (self._milestones, self._proofs)]
        for thread in self.threads:
            thread.start()

    def _milestones(self):
        while self.is_on:
            try:
                self.milestones.setdefault(self.node.latest(), time.monotonic())
            except OSError:
                pass
            time.sleep(0.005)

    def _proofs(self):
        with open(self.log, errors="replace") as file:
            while self.is_on:
                line = file.readline()
                if not line:
                    time.sleep(0.002)
                elif found := re.search(r" anchored .*milestone=(\d+)", line):
                    self.proofs.append((int(found[1]), time.monotonic()))

    def take(self):
        """Those since the last call, sorted."""
        proofs, self.proofs = self.proofs, []
        return sorted(max(0, at - self.milestones[index]) for index, at in proofs if index in self.milestones)

    def close(self):
        self.is_on = False
        for thread in self.threads:
            thread.join()


class Ear:
    """What a client nobody here wrote hears at the broker."""

    def __init__(self, port):
        self.heard = []
        self.client = paho.Client(paho.CallbackAPIVersion.VERSION2, client_id="ear", protocol=paho.MQTTv311)
        self.client.on_message = lambda _c, _u, message: self.heard.append((message.topic, message.payload))
        self.client.on_connect = lambda client, *_: client.subscribe("#")
        self.client.connect("127.0.0.1", port)
        self.client.loop_start()

    def last(self, topic):
        return next((payload for name, payload in reversed(list(self.heard)) if name == topic), None)

    def close(self):
        self.client.disconnect()
        self.client.loop_stop()


def figure(gateway, name, node):
    for line in gateway.request("GET", "/metrics")[2].decode().splitlines():
        if line.startswith(f'plumbline_node_{name}{{node="{node.url}"}} '):
            return float(line.split()[-1])
    return None


def troubles(gateway):
    """What health says of anchoring and nodes; the building's only meter is silent, and that is told too."""
    return [one for one in json.loads(gateway.request("GET", "/v1/health")[2])["problems"] if "nchor" in one or "node" in one]


def spread(delays):
    return f"{len(delays)} proofs, median {statistics.median(delays):.3f} s, longest {delays[-1]:.3f} s" if delays else "no proofs"


def more(gateway, count, seconds=30):
    """Waits for so many anchors more."""
    known = len(gateway.anchored())
    wait_for(f"{count} anchors more", seconds, lambda: len(gateway.anchored()) >= known + count)


def topics(steps, node, ear, anchor):
    """The node's messages are those of the interface, and the node has what they tell of."""
    id = anchor["block"]
    block = request(f"{node.url}/api/core/v2/blocks/{id}", accept="application/vnd.iota.serializer-v1")[1]
    tag = next(name.rsplit("/", 1)[1] for name, payload in ear.heard if name.startswith("blocks/tagged-data/") and payload == block)
    told = json.loads(ear.last(f"block-metadata/{id}"))
    steps.check(told == node.get(f"/api/core/v2/blocks/{id}/metadata") and len(tag) == 42 and tag.startswith("0x"),
                f"block and metadata are told as the node has them, under tag {tag}")
    info = json.loads(ear.last("milestone-info/confirmed"))
    raw = request(f"{node.url}/api/core/v2/milestones/by-index/{info['index']}", accept="application/vnd.iota.serializer-v1")[1]
    names = {name for name, _ in ear.heard}
    steps.check(any(payload == raw for name, payload in ear.heard if name == "milestones") and {"blocks", "blocks/tagged-data", "block-metadata/referenced", "milestone-info/latest"} <= names,
                f"so are milestones: {len(ear.heard)} messages, {len(names)} topics")


def lies(steps, gateway, node, broker, anchor):
    """Old news, other blocks, noise and a flood, while the gateway has something open again and again."""
    calls, wakes = figure(gateway, "calls_total", node), figure(gateway, "events_wakes_total", node)
    publisher = paho.Client(paho.CallbackAPIVersion.VERSION2, client_id="liar", protocol=paho.MQTTv311)
    publisher.connect("127.0.0.1", broker.port)
    publisher.loop_start()
    publisher.publish("milestone-info/confirmed", json.dumps({"index": 4294967295}), retain=True).wait_for_publish(10)
    publisher.publish("milestone-info/confirmed", NOISE).wait_for_publish(20)
    publisher.publish(f"block-metadata/{anchor['block']}", json.dumps({"blockId": "0x" + "11" * 32, "referencedByMilestoneIndex": 1})).wait_for_publish(10)
    started, sent = time.monotonic(), 0
    known = len(gateway.anchored())
    while time.monotonic() - started < 5 or len(gateway.anchored()) < known + 2:
        for _ in range(200):
            sent += 1
            publisher.publish("milestone-info/confirmed", json.dumps({"index": sent * 7919 % 4294967296}))
        time.sleep(0.1)
        assert time.monotonic() - started < 30, "no anchors in the flood"
    seconds = time.monotonic() - started
    publisher.loop_stop()
    publisher.disconnect()
    wakes = figure(gateway, "events_wakes_total", node) - wakes
    steps.check(wakes <= 11 + 1.1 * seconds + 2, f"{sent} lies in {seconds:.1f} s brought {wakes:.0f} looks, within ten and one a second")
    steps.check(figure(gateway, "events_ignored_total", node) > 0, "noise and old news are counted")
    steps.check(gateway.process.alive() and not troubles(gateway),
                f"the gateway is well, after {figure(gateway, 'calls_total', node) - calls:.0f} calls")


def main():
    arguments = programs()
    steps = Steps("node events")
    folder = tempfile.mkdtemp(prefix="plumbline-events.")
    field, broker = Broker(folder), Broker(tempfile.mkdtemp(prefix="plumbline-broker."))
    node = Node(arguments.plumblined, folder + "/network", "--events", f"mqtt://127.0.0.1:{broker.port}")
    gateway = Gateway(arguments.plumblined, BUILDING, field.port, folder=folder, anchor_every="2s")
    watch, ear, delays, door = Watch(folder, node, gateway), Ear(broker.port), None, Door(gateway)
    watch.options[watch.options.index("--gateway") + 1] = f"http://127.0.0.1:{door.port}"
    watch.options += ["--events", f"mqtt://127.0.0.1:{broker.port}", "--patience", "4s"]
    door.hidden.add(2)
    try:
        node.start()
        steps.check(f"  events: mqtt://127.0.0.1:{broker.port}\n" in node.section, "the node prints where its events are told")
        text = gateway.configuration.read_text()
        gateway.configuration.write_text(text.replace(text[text.index("localTangle:"):text.index("freeSpaceFloor:")], node.section))
        gateway.init()
        card = str(gateway.folder / "data" / "card")
        gateway.start()
        delays = Delays(node, gateway.process.log)
        watch.start("--card", card)
        wait_for("four anchors", 40, lambda: len(gateway.anchored()) >= 4)
        steps.check(figure(gateway, "events_listening", node) == 1 and figure(gateway, "events_wakes_total", node) > 0,
                    f"anchored on events: {figure(gateway, 'events_wakes_total', node):.0f} looks came earlier")
        topics(steps, node, ear, gateway.anchored()[0])

        hidden = gateway.anchored()[1]["block"]
        status, report = wait_for("the hidden anchor is told", 20, lambda: (lambda told: told if told[1]["anchorsHidden"] else None)(watch.health()))
        steps.check(status == 503 and report["state"] == "hidden" and report["hidden"] == [hidden], f"an anchor left off the list is found: {report['hidden']}")
        steps.check("THE GATEWAY HIDES AN ANCHOR" in watch.process.log.read_text() and (gateway.folder / "watch" / "sighted" / (hidden[2:] + ".path")).exists(),
                    "told loudly, and kept with its proof")
        print(f"      after milestones that the node told: {spread(delays.take())}", flush=True)

        broker.stop()
        wait_for("the gateway notices", 10, lambda: figure(gateway, "events_listening", node) == 0)
        watch.stop()
        watch.start()
        report = watch.health()[1]
        steps.check(report["hidden"] == [hidden], "a restarted watcher knows it, without the broker")
        more(gateway, 3)
        steps.check(gateway.process.alive() and not troubles(gateway),
                    "without the broker the node is polled, and that is no trouble")
        print(f"      polled: {spread(delays.take())}", flush=True)

        broker.start()
        wait_for("the gateway listens again", 20, lambda: figure(gateway, "events_listening", node) == 1)
        wait_for("the node tells again", 20, lambda: (lambda told: told and json.loads(told)["index"] >= node.latest() - 1)(ear.last("milestone-info/confirmed")))
        delays.take()
        wakes = figure(gateway, "events_wakes_total", node)
        more(gateway, 3)
        steps.check(figure(gateway, "events_wakes_total", node) > wakes, "the broker is back, and heard")
        print(f"      after milestones that the node told again: {spread(delays.take())}", flush=True)
        lies(steps, gateway, node, broker, gateway.anchored()[-1])

        door.hidden.clear()
        wait_for("all is one history", 20, lambda: watch.health()[1]["state"] == "consistent")
        steps.check(not list((gateway.folder / "watch" / "sighted").glob("*.hidden")), "listed at last, it is hidden no more")
        count = len(gateway.anchored())
        wait_for("the watcher has every anchor", 20, lambda: watch.health()[1]["anchorsKept"] >= count)
        steps.check(watch.stop() == 0, "the watcher ends with 0")
        door.hidden.add(count)
        once = watch.command(*watch.options, "--once", "--json")
        steps.check(once.returncode == 0 and json.loads(once.stdout)["anchorsHidden"] == 0, f"what was listed once is not hidden: {once.stdout.strip()[:80]}")
        blocks = [gateway.get(f"/v1/anchors/{anchor['seq']}").get("attempts") for anchor in gateway.anchored()]
        steps.check(all(each and len(each) == 1 for each in blocks), f"one block for each of {len(blocks)} anchors")
        whole = wait_for("no checkpoint is left out", 20, lambda: contiguous(gateway.anchored()))
        steps.check(whole, f"{whole} checkpoints, one anchor each, none left out")
    finally:
        if delays:
            delays.close()
        watch.stop()
        gateway.stop()
        node.stop()
        ear.close()
        door.close()
        field.stop()
        if broker.alive():
            broker.stop()
    gateway.remove()
    steps.finish()


if __name__ == "__main__":
    main()
