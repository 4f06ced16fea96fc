"""Goal: a monitor that knows C2SP tlog-tiles and nothing of ours follows a running gateway's log, without a token and over a restart.
Method: checkpoint, tiles and entry bundles fetched over HTTP, hashed with hashlib; a reader and proof checker from PyPI (tlog-scales)
beside it; `plumblined log fsck` and a byte that is changed on disk."""

import base64
import hashlib
import json
import sqlite3
import subprocess
import tempfile

from tlog_scales.reader import TilesReader
from tlog_scales.signing import Vkey
from tlog_scales.tlog import Checkpoint, InclusionProof

from harness import ROOT, Broker, Gateway, Steps, programs, wait_for
from tangle_node import BUILDING

GOLDEN = ROOT / "Tests" / "Vectors" / "evidence"


def node(left, right):
    return hashlib.sha256(b"\x01" + left + right).digest()


def leaf(data):
    return hashlib.sha256(b"\x00" + data).digest()


def root(hashes):
    if len(hashes) < 2:
        return hashes[0] if hashes else hashlib.sha256().digest()
    split = 1 << (len(hashes) - 1).bit_length() - 1
    return node(root(hashes[:split]), root(hashes[split:]))


class Log:
    """What a monitor sees; also the backend of tlog-scales."""

    def __init__(self, gateway, vkey):
        self.gateway, self.vkey = gateway, vkey

    def get(self, *parts):
        status, self.headers, body = self.gateway.request("GET", "/log/" + "/".join(parts), token=None)
        return body if status == 200 else None

    def checkpoint(self):
        body = self.get("checkpoint")
        if not body:
            return None
        checkpoint = Checkpoint.from_text(body.decode())
        checkpoint.verify(self.vkey)
        return checkpoint

    def entries(self, size):
        found = []
        for number in range((size + 255) // 256):
            width = min(256, size - 256 * number)
            data = self.get("tile", "entries", f"{number:03}" + (".p" if width < 256 else ""), *([str(width)] if width < 256 else []))
            while data:
                length = int.from_bytes(data[:2])
                found.append(data[2:2 + length])
                data = data[2 + length:]
        return found


def follow(steps, log, before):
    """One look of the monitor; (size, root) for the next."""
    checkpoint = log.checkpoint()
    size = checkpoint.size
    hashes = [leaf(entry) for entry in log.entries(size)]
    steps.check(len(hashes) == size and root(hashes) == checkpoint.root_hash, f"{size} entries give the signed root")
    steps.check(root(hashes[:before[0]]) == before[1], f"and its first {before[0]} the one signed before")
    whole, rest = divmod(size, 256)
    tiles = b"".join([log.get("tile", "0", f"{n:03}") for n in range(whole)] + ([log.get("tile", "0", f"{whole:03}.p", str(rest))] if rest else []))
    steps.check(tiles == b"".join(hashes), f"{whole} full tiles and one of {rest} hold the hashes of the entries")
    reader = TilesReader(log)
    reader.get_checkpoint()
    reader.set_size(size)
    steps.check(reader.mth(0, 1) == hashes[0], "tlog-scales reads the tiles")
    return size, checkpoint.root_hash


def proofs(steps, plumbline):
    """`export --tlog-proof` of golden files, judged by tlog-scales."""
    import cbor2

    vkey = Vkey.from_string(next(line.split(" ", 1)[1] for line in (GOLDEN / "gateway.card").read_text().splitlines() if line.startswith("log-key ")))
    path = GOLDEN / "reading-honest.reading"
    made = subprocess.run([plumbline, "export", str(path), "--policy", str(GOLDEN / "gateway.card"), "--tlog-proof"], capture_output=True, text=True)
    head, note = made.stdout.split("\n\n", 1)
    lines = head.splitlines()
    checkpoint = Checkpoint.from_text(note)
    checkpoint.verify(vkey)
    proof = InclusionProof(int(lines[1].removeprefix("index ")), checkpoint.size, [base64.b64decode(line) for line in lines[2:]])
    interval = cbor2.loads(path.read_bytes())[6]
    proof.check(leaf(interval), checkpoint.root_hash)
    steps.check(made.returncode == 0 and lines[0] == "c2sp.org/tlog-proof@v1", f"tlog-scales checks the proof of leaf {proof.leaf_index} of {proof.tree_size}")
    try:
        proof.check(leaf(interval + b"x"), checkpoint.root_hash)
        steps.check(False, "and of no other leaf")
    except Exception:
        steps.check(True, "and of no other leaf")
    refused = subprocess.run([plumbline, "export", str(GOLDEN / "honest-full.period"), "--policy", str(GOLDEN / "gateway.card"), "--tlog-proof"], capture_output=True, text=True)
    steps.check(refused.returncode == 64, "a period file is no proof of one reading")


def main():
    arguments = programs()
    steps = Steps("monitor")
    proofs(steps, arguments.plumbline)
    folder = tempfile.mkdtemp(prefix="plumbline-monitor.")
    broker = Broker(folder)
    gateway = Gateway(arguments.plumblined, BUILDING, broker.port, folder=folder, anchor_every="2s")
    data = gateway.folder / "data"

    def fsck():
        result = gateway.command("log", "fsck", "--data", str(data), "--json", check=False)
        return result.returncode, json.loads(result.stdout or "{}")

    try:
        gateway.init()
        gateway.start()
        card = (data / "card").read_text()
        log = Log(gateway, Vkey.from_string(next(line.split(" ", 1)[1] for line in card.splitlines() if line.startswith("log-key "))))
        first = wait_for("a checkpoint", 30, log.checkpoint)
        seen = follow(steps, log, (0, hashlib.sha256().digest()))
        log.get("checkpoint")
        steps.check("immutable" not in log.headers["Cache-Control"], f"a checkpoint is asked for again: {log.headers['Cache-Control']}")
        log.get("tile", "0", "000.p", "1")
        steps.check(log.headers["Cache-Control"].startswith("public"), f"tiles may be kept by anybody: {log.headers['Cache-Control']}")
        steps.check(log.get("tile", "0", "999") is None and log.get("tile", "entries", "000.p", str(first.size + 5000)) is None, "what is not signed is not there")
        wait_for("a later checkpoint", 30, lambda: log.checkpoint().size > seen[0])
        seen = follow(steps, log, seen)
        code, report = fsck()
        steps.check(code == 0 and report["sound"] and report["damage"] == [], f"fsck beside the gateway: {report}")
        gateway.stop()
        gateway.start()
        wait_for("a checkpoint after the restart", 30, lambda: log.checkpoint().size > seen[0])
        follow(steps, log, seen)
        gateway.stop()
        code, report = fsck()
        steps.check(code == 0 and report["read"]["leaves"] == report["size"], f"fsck of the stopped ledger: {report['read']}")
        scrubbed = gateway.command("log", "scrub", "--config", str(gateway.configuration), check=False)
        steps.check(scrubbed.returncode == 0 and "read again" in scrubbed.stdout, f"scrub: {scrubbed.stdout.strip()}{scrubbed.stderr.strip()}")
        with sqlite3.connect(data / "ledger.db") as database:
            database.execute("UPDATE leaf SET bytes = zeroblob(50) WHERE idx = 3")
        database.close()
        code, report = fsck()
        steps.check(code == 1 and [damage["name"] for damage in report["damage"]] == ["leaf 3"], f"a leaf that was changed on disk is named: {report['damage']}")
    finally:
        gateway.stop()
        broker.stop()
    gateway.remove()
    steps.finish()


if __name__ == "__main__":
    main()
