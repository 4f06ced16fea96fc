"""Goal: a log key is changed, declared stolen, and its log followed by another, and an auditor with the card of the first day sees each
in the verdict. Method: a gateway on a network of its own; the commands are killed on their way; after each step a period file and a
reading are judged by `plumbline` and by the verifier written from Docs/formats.md."""

import json
import shutil
import subprocess
import sys
import tempfile
import time

from harness import ROOT, Broker, Gateway, Steps, programs, wait_for
from tangle_node import BUILDING, Node

INDEPENDENT = ROOT / "Tests" / "Independent" / "verify.py"
STANDING = {"W_ANCHORS_UNWATCHED", "W_NO_OUTSIDE_MEMORY", "W_SINGLE_SIGNER"}


class Site:
    def __init__(self, arguments, steps):
        self.folder = tempfile.mkdtemp(prefix="plumbline-keys.")
        self.arguments, self.steps = arguments, steps
        self.node = Node(arguments.plumblined, self.folder + "/network")
        self.broker = Broker(self.folder)
        self.gateway = Gateway(arguments.plumblined, BUILDING, self.broker.port, folder=self.folder, anchor_every="2s")
        self.data = self.gateway.folder / "data"
        self.recovery = ["--recovery-key", str(self.gateway.folder / "recovery.key"), "--config", str(self.gateway.configuration)]

    def configure(self):
        """The network is held by somebody else, so that the verdict is about the log."""
        keys = [s["publicKey"][2:] for s in self.node.get("/api/core/v2/milestones/by-index/1")["signatures"]]
        text = self.gateway.configuration.read_text()
        local = text[text.index("localTangle:"):text.index("freeSpaceFloor:")]
        lines = "".join(f'    - {{key: "{key}", from: 0, to: 0, holder: Auditor Nord AS}}\n' for key in keys)
        network = f"tangle:\n  node: {self.node.url}\n  network: plumbline-local\n  threshold: 1\n  milestoneKeys:\n{lines}"
        self.gateway.configuration.write_text(text.replace(local, network))

    def anchors(self, count):
        before = len(self.gateway.anchored())
        wait_for(f"{count} more anchors", 40, lambda: len(self.gateway.anchored()) >= before + count)
        return self.gateway.anchored()

    def judged(self, name, first, last, card):
        """Exit code, findings and facts of the file between two anchors, the same by both verifiers."""
        file = self.gateway.folder / f"{name}.evidence"
        file.write_bytes(self.gateway.period_evidence(first["milestone"]["at"], last["milestone"]["at"]))
        return self.verify(name, file, card)

    def verify(self, name, file, card):
        ours = subprocess.run([self.arguments.plumbline, "verify", str(file), "--policy", str(card), "--json"], capture_output=True, text=True)
        told = json.loads(ours.stdout)
        codes = sorted(finding["code"] for finding in told["findings"])
        other = subprocess.run([sys.executable, str(INDEPENDENT), str(file), "--policy", str(card)], capture_output=True, text=True)
        theirs = sorted(set(other.stdout.split()) | ({"W_WIDE_BRACKET"} & set(codes)))
        self.steps.check((other.returncode, theirs) == (ours.returncode, codes), f"{name}: both verifiers say {ours.returncode} {codes}, {theirs} {other.stderr[-200:]}")
        return ours.returncode, set(codes) - STANDING, told

    def killed(self, *command):
        """The command, killed at ever later moments until it lives to its end."""
        for tenths in (0, 1, 2, 3, 5, 8, 13):
            process = subprocess.Popen([str(self.arguments.plumblined), *command, *self.recovery], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
            time.sleep(tenths / 20)
            process.kill()
            process.communicate()
        return self.gateway.command(*command, *self.recovery)

    def stop(self):
        self.gateway.stop()
        self.node.stop()
        self.broker.stop()


def rotation(site, card):
    steps, gateway = site.steps, site.gateway
    refused = gateway.command("key", "rotate", *site.recovery, check=False)
    steps.check(refused.returncode == 2 and "stop it first" in refused.stderr, f"while the gateway runs the key stays: {refused.stderr.strip()[:120]}")
    before = gateway.anchored()[-1]
    old = (site.data / "log.key").read_text()
    gateway.stop()
    wrong = gateway.command("key", "rotate", "--recovery-key", str(site.data / "log.key"), *site.recovery[2:], check=False)
    steps.check(wrong.returncode == 2 and "recovery key" in wrong.stderr, f"another key is refused: {wrong.stderr.strip()[:120]}")
    new = site.killed("key", "rotate").stdout.strip()
    steps.check((site.data / "log.key").read_text() == old and new in (site.data / "log.key.next").read_text(), "both keys are on disk until the change is signed")
    gateway.start()
    wait_for("the old key is gone", 40, lambda: new in (site.data / "log.key").read_text() and not (site.data / "log.key.next").exists())
    gateway.kill()
    gateway.start()
    after = site.anchors(2)
    keys = {}
    for anchor in after:
        note = gateway.get(f"/v1/anchors/{anchor['seq']}")["note"]
        keys.setdefault(note.splitlines()[-1].split(" ")[2][:5], []).append(anchor["size"])
    sizes = list(keys.values())
    steps.check(len(sizes) == 2 and max(sizes[0]) <= min(sizes[1]), f"the old key signed up to the change, the new one from there on: {sizes}")
    code, codes, told = site.judged("rotated", before, after[-2], card)
    steps.check(code == 0 and not codes, f"with the card of the first day the file holds over the change: {codes}")
    steps.check([c["key"] for c in told["log"]["keyChanges"]] == [new], f"and the verdict names the new key: {told['log']['keyChanges']}")
    code, codes, _ = site.judged("after", after[-2], after[-1], card)
    steps.check(code == 0 and not codes, f"so does one that begins after it: {codes}")
    return after


def theft(site, card):
    steps, gateway = site.steps, site.gateway
    anchors = site.anchors(1)
    beyond = gateway.command("key", "compromised", "--size", "999999", *site.recovery, check=False)
    steps.check(beyond.returncode == 2 and "999999" in beyond.stderr, f"nobody vouches for what is not there: {beyond.stderr.strip()[:120]}")
    told = gateway.command("key", "compromised", "--size", str(anchors[-1]["size"]), *site.recovery)
    steps.check(len(bytes.fromhex(told.stdout.strip())) == 109, f"the statement is made while the gateway runs: {told.stderr.strip()[:120]}")
    later = site.anchors(3)
    code, codes, _ = site.judged("vouched", anchors[-4], anchors[-3], card)
    steps.check(code == 0 and not codes, f"what the recovery key vouches for holds as before: {codes}")
    code, codes, told = site.judged("stolen", anchors[-1], later[-2], card)
    steps.check(code == 0 and codes == {"W_COMPROMISED"}, f"what came later is in doubt: {codes}, {told['log']['doubtful']}")
    steps.check("could have been written by whoever has it" in told["sentence"], f"and the sentence says so: {told['sentence'][:140]}")
    gateway.stop()
    gateway.command("key", "rotate", *site.recovery)
    gateway.start()
    site.anchors(3)
    again = gateway.anchored()
    code, codes, told = site.judged("trusted", again[-2], again[-1], card)
    steps.check(code == 0 and not codes and len(told["log"]["keyChanges"]) == 2, f"a new key ends the doubt: {codes}")


def epoch(site, card):
    steps, gateway = site.steps, site.gateway
    gateway.stop()
    opened = gateway.command("epoch", "open", *site.recovery)
    new = site.data / "card"
    steps.check("origin gw-test/b/north/2\n" in opened.stdout and new.read_text() == opened.stdout, f"the next epoch has a card: {opened.stderr.strip()[:300]}")
    steps.check("no anchored end" not in opened.stderr, "and the old log an anchored end")
    again = gateway.command("epoch", "open", *site.recovery)
    steps.check(again.stdout == opened.stdout and "already open" in again.stderr and new.read_text() == opened.stdout, f"given twice it opens one: {again.stderr.strip()[:200]}")
    gateway.start()
    site.anchors(3)
    anchors = gateway.anchored()
    code, codes, told = site.judged("epoch", anchors[0], anchors[-1], new)
    steps.check(code == 0 and codes == {"W_EPOCH_LOSS"}, f"evidence follows the new log: {codes}")
    steps.check(told["log"]["previous"]["origin"] == "gw-test/b/north/1", f"and names the old one: {told['log']['previous']}")
    code, codes, _ = site.verify("old card", gateway.folder / "epoch.evidence", card)
    steps.check(code == 1 and codes == {"E_ORIGIN"}, f"the card of the old log is for the old log: {codes}")
    gateway.stop()
    second = site.killed("epoch", "open", "--without-end")
    steps.check("origin gw-test/b/north/" in second.stdout and (site.data / "card").read_text() == second.stdout, f"killed on its way it goes on: {second.stderr.strip()[:200]}")
    gateway.start()
    steps.check(site.anchors(1) != [], "and the gateway goes on, with its token")


def main():
    arguments = programs()
    steps = Steps("keys")
    site = Site(arguments, steps)
    try:
        site.node.start()
        site.configure()
        site.gateway.init()
        card = site.gateway.folder / "first.card"
        shutil.copy(site.data / "card", card)
        mode = (site.gateway.folder / "recovery.key").stat().st_mode & 0o777
        steps.check(mode == 0o600 and not (site.data / "recovery.key").exists(), "the recovery key is the installer's alone")
        site.gateway.start()
        site.anchors(2)
        rotation(site, card)
        theft(site, card)
        epoch(site, card)
    finally:
        site.stop()
    site.gateway.remove()
    steps.finish()


if __name__ == "__main__":
    main()
