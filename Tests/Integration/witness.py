"""Goal: a log that was put back is caught by the memory off the box before it signs, and whoever reads a cosignature needs none of
our code. Method: a gateway on a network of its own, plumbline-watch as its witness, cosignatures checked here with Python's
`cryptography` by the words of C2SP tlog-cosignature; the witness killed; the gateway's data folder put back to an older copy."""

import base64
import hashlib
import io
import json
import shutil
import signal
import subprocess
import tarfile
import tempfile
import urllib.error
import urllib.request

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from harness import ROOT, Broker, Gateway, Process, Steps, free_port, programs, wait_for
from tangle_node import BUILDING, Node

WATCH = str(ROOT / ".build" / "release" / "plumbline-watch")
ORIGIN = "gw-test/b/north/1"


def cosigned_at(note, line, vkey):
    """Seconds since 1970 at which the witness signed the note's text; None when the line is not its signature."""
    name, key_id, key = vkey.split("+", 2)
    key = base64.b64decode(key, validate=True)
    assert key[0] == 4 and hashlib.sha256(name.encode() + b"\n" + key).hexdigest()[:8] == key_id, "the vkey is none"
    dash, line_name, encoded = line.split(" ")
    raw = base64.b64decode(encoded, validate=True)
    if dash != "—" or line_name != name or raw[:4].hex() != key_id or len(raw) != 4 + 8 + 64:
        return None
    text = note.split("\n\n", 1)[0] + "\n"
    seconds = int.from_bytes(raw[4:12], "big")
    try:
        Ed25519PublicKey.from_public_bytes(key[1:]).verify(raw[12:], f"cosignature/v1\ntime {seconds}\n{text}".encode())
    except InvalidSignature:
        return None
    return seconds


class Watch:
    """`plumbline-watch` beside a gateway, on a port that was free."""

    def __init__(self, folder, node, gateway):
        self.store, self.log, self.port = folder + "/watch", folder + "/watch.log", free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.options = ["--store", self.store, "--node", node.url, "--gateway", f"http://127.0.0.1:{gateway.api_port}"]
        self.process = None

    def command(self, *arguments):
        return subprocess.run([WATCH, *arguments], capture_output=True, text=True, timeout=60)

    def start(self, *more):
        self.process = Process([WATCH, *self.options, "--listen", f"127.0.0.1:{self.port}", "--every", "1s", *more], self.log)
        wait_for("the witness answers", 20, lambda: self.process.alive() and self.request("/health")[0] in (200, 503))

    def stop(self, number=signal.SIGTERM):
        if self.process and self.process.alive():
            return self.process.stop(number)

    def request(self, path, body=None):
        try:
            with urllib.request.urlopen(urllib.request.Request(self.url + path, data=body), timeout=10) as answer:
                return answer.status, answer.headers, answer.read().decode()
        except urllib.error.HTTPError as refusal:
            return refusal.code, refusal.headers, refusal.read().decode()

    def health(self):
        status, _, body = self.request("/health")
        return status, json.loads(body)


def configure(gateway, node, vkey, url):
    keys = [signature["publicKey"][2:] for signature in node.get("/api/core/v2/milestones/by-index/1")["signatures"]]
    text = gateway.configuration.read_text()
    local = text[text.index("localTangle:"):text.index("freeSpaceFloor:")]
    lines = "".join(f"    - {{key: \"{key}\", from: 0, to: 0, holder: Auditor Nord AS}}\n" for key in keys)
    network = f"tangle:\n  node: {node.url}\n  network: plumbline-local\n  threshold: 1\n  milestoneKeys:\n{lines}"
    gateway.configuration.write_text(text.replace(local, f"witnesses:\n  - {{url: \"{url}\", key: \"{vkey}\"}}\n{network}"))


def health(gateway):
    return json.loads(gateway.request("GET", "/v1/health")[2])


def rotation(gateway, watch, steps):
    """The recovery key changes the log key; the witness has the card of the first day and finds out by itself."""
    known = len(gateway.anchored())
    gateway.stop()
    new = gateway.command("key", "rotate", "--recovery-key", str(gateway.folder / "recovery.key"), "--config", str(gateway.configuration)).stdout.strip()
    gateway.start()
    wait_for("the witness goes by the new key", 60, lambda: [change["key"] for change in watch.health()[1]["keyChanges"]] == [new])
    wait_for("signing goes on", 60, lambda: len(gateway.anchored()) >= known + 4)
    wait_for("the watcher has every anchor", 30, lambda: watch.health()[1]["anchorsKept"] >= known + 4)
    status, report = watch.health()
    steps.check(status == 200 and report["state"] == "consistent", f"after the change all is one history: {report}")
    status, _, body = gateway.request("GET", "/log/keys", token=None)
    lines = body.decode().splitlines()
    leaf = base64.b64decode(lines[-1].split(" ")[1])
    steps.check(status == 200 and lines[0].startswith("plumbline-keys/v1 ") and len(lines) == 3, f"the log shows its keys to everybody: {lines[0]}")
    steps.check(new.encode() in leaf and lines[-1].split(" ")[0] == str(report["keyChanges"][0]["leafIndex"]), "the key statement is in it, at its place")
    return new


def main():
    arguments = programs()
    steps = Steps("witness")
    folder = tempfile.mkdtemp(prefix="plumbline-witness.")
    node = Node(arguments.plumblined, folder + "/network")
    broker = Broker(folder)
    gateway = Gateway(arguments.plumblined, BUILDING, broker.port, folder=folder, anchor_every="3s")
    watch = Watch(folder, node, gateway)
    try:
        node.start()
        made = watch.command("--store", watch.store, "--make-key", "--name", "watch.example/w1")
        vkey = made.stdout.strip()
        steps.check(made.returncode == 0 and vkey.startswith("watch.example/w1+"), f"the witness makes its key first: {vkey}")
        steps.check(watch.command("--store", watch.store, "--make-key").stdout.strip() == vkey, "and keeps it")
        refused = watch.command(*watch.options, "--once")
        steps.check(refused.returncode == 2 and "--card" in refused.stderr, f"without a card it does not follow: {refused.stderr.strip()[:120]}")
        steps.check(watch.command("--once").returncode == 64, "wrong usage is 64")
        configure(gateway, node, vkey, watch.url)
        gateway.init()
        card = gateway.folder / "data" / "card"
        steps.check(f"witness {vkey}\n" in card.read_text(), "the card names the witness")

        gateway.start()
        wait_for("the gateway waits for its witness", 30, lambda: "witness" in json.dumps(health(gateway)))
        steps.check(gateway.get("/v1/anchors")["items"] == [], f"without its memory the gateway signs nothing: {health(gateway)['problems']}")
        watch.start("--card", str(card))
        wait_for("two anchors", 60, lambda: len(gateway.anchored()) >= 2)
        steps.check(True, "with the witness there it signs and anchors")

        def cosigned():
            shown = gateway.request("GET", "/log/checkpoint", token=None)[2].decode()
            return shown if len(shown.split("\n\n", 1)[1].splitlines()) == 2 else None

        note = wait_for("a cosigned checkpoint", 20, cosigned)
        seconds = cosigned_at(note, note.splitlines()[-1], vkey)
        steps.check(bool(seconds), f"the checkpoint is served with a cosignature that Python checks: {seconds}")
        steps.check(cosigned_at(note.replace("\n", "x\n", 1), note.splitlines()[-1], vkey) is None, "which is none of another text")

        wait_for("the watcher has every anchor", 30, lambda: watch.health()[1]["anchorsKept"] >= 2)
        status, report = watch.health()
        steps.check(status == 200 and report["state"] == "consistent" and report["witness"] == vkey, f"the watcher follows: {report}")
        name = hashlib.sha256(ORIGIN.encode()).hexdigest()
        latest = watch.request(f"/{name}/checkpoint")[2]
        steps.check(latest.startswith(ORIGIN + "\n") and bool(cosigned_at(latest, latest.splitlines()[-1], vkey)), "monitors get the latest checkpoint by the hash of its origin")
        size = latest.splitlines()[1]
        for body, code in ((b"", 400), (b"old 1\n\n" + latest.encode(), 409), (f"old {size}\n{base64.b64encode(bytes(32)).decode()}\n\n{latest}".encode(), 422),
                           (b"old 0\n\n" + latest.replace(ORIGIN, "gw-other").encode(), 404), (f"old {int(size) + 1}\n\n{latest}".encode(), 400)):
            answer = watch.request("/add-checkpoint", body)
            # The log may have gone on between: then the size is another one.
            steps.check(answer[0] == code or answer[0] == 409, f"a wrong request is {answer[0]}")
            if answer[0] == 409:
                steps.check(answer[1]["Content-Type"] == "text/x.tlog.size" and answer[2].strip().isdigit(), f"409 says the size: {answer[2].strip()}")

        anchors = wait_for("four anchors", 60, lambda: len(gateway.anchored()) >= 4 and gateway.anchored())
        evidence = gateway.folder / "period.evidence"
        evidence.write_bytes(gateway.period_evidence(anchors[0]["milestone"]["at"], anchors[-2]["milestone"]["at"]))
        verdict = subprocess.run([arguments.plumbline, "verify", str(evidence), "--policy", str(card), "--json"], capture_output=True, text=True)
        codes = {finding["code"] for finding in json.loads(verdict.stdout)["findings"]}
        steps.check(verdict.returncode == 0 and "W_NO_OUTSIDE_MEMORY" not in codes, f"the period file holds and a witness stands behind it: {sorted(codes)}")
        with tarfile.open(fileobj=io.BytesIO(evidence.read_bytes())) as members:
            lines = [member.name for member in members if member.name.endswith(".cosig")]
            notes = [members.extractfile(line.replace("11-anchors", "10-checkpoints").replace(".cosig", ".note")).read().decode() for line in lines]
            good = [cosigned_at(note, members.extractfile(line).read().decode().strip(), vkey) for line, note in zip(lines, notes)]
        steps.check(bool(lines) and all(good), f"{len(lines)} cosignatures in the file, each checked by Python")

        new = rotation(gateway, watch, steps)
        watch.stop(signal.SIGKILL)
        known = len(gateway.anchored())
        wait_for("the gateway says that the witness is away", 30, lambda: "witness" in json.dumps(health(gateway)))
        watch.start("--origin", ORIGIN)
        steps.check(int(watch.health()[1]["size"]) >= int(size), "a killed witness remembers")
        steps.check([change["key"] for change in watch.health()[1]["keyChanges"]] == [new], "and goes by the new key")
        wait_for("anchors go on", 60, lambda: len(gateway.anchored()) > known)

        gateway.stop()
        copy = folder + "/copy"
        shutil.copytree(folder + "/data", copy)
        gateway.start()
        known = len(gateway.anchored())
        wait_for("anchors after the copy", 60, lambda: len(gateway.anchored()) >= known + 2)
        remembered = watch.health()[1]["size"]
        gateway.stop()
        shutil.rmtree(folder + "/data")
        shutil.move(copy, folder + "/data")
        gateway.start()
        wait_for("the gateway says why it does not sign", 60, lambda: "not signed" in json.dumps(health(gateway)))
        before = len(gateway.get("/v1/anchors?limit=1000")["items"])
        steps.check("watch.example/w1" in json.dumps(health(gateway)), f"a data folder that was put back is caught: {health(gateway)['problems'][0][:160]}")
        shown = gateway.folder / "data" / "contradiction"
        steps.check(shown.read_text().startswith(ORIGIN + "\n"), "the signature that it does not have is kept")
        wait_for("the watcher notices too", 30, lambda: watch.health()[1]["state"] == "rolled-back")
        status, report = watch.health()
        steps.check(status == 503 and report["size"] >= remembered > report["rolledBackTo"], f"the watcher says so and remembers more: {report['rolledBackTo']} after {report['size']}")
        watch.stop()
        once = watch.command(*watch.options, "--once", "--json")
        steps.check(once.returncode == 1 and json.loads(once.stdout)["state"] == "rolled-back", f"--once ends with 1: {once.stdout.strip()[:120]}")
        gateway.stop()
        gateway.start()
        wait_for("the refusal outlives a restart", 30, lambda: "not signed" in json.dumps(health(gateway)))
        steps.check(len(gateway.get("/v1/anchors?limit=1000")["items"]) == before, "and without its witness nothing is signed either")
    finally:
        watch.stop()
        gateway.stop()
        node.stop()
        broker.stop()
    gateway.remove()
    steps.finish()


if __name__ == "__main__":
    main()
