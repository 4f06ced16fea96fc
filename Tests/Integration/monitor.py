"""Goal: a monitor that knows C2SP tlog-tiles and nothing of ours follows a running gateway's log, without a token and over a restart.
Method: checkpoint, tiles and entry bundles fetched over HTTP, hashed with hashlib; a reader and proof checker from PyPI (tlog-scales)
and one of COSE Receipts (scitt-cose) beside it; `plumblined log fsck` and a byte that is changed on disk."""

import base64
import hashlib
import json
import sqlite3
import subprocess
import sys
import tarfile
import tempfile

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from scitt_cose import verify_receipt
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
    period(steps, plumbline, vkey)


def period(steps, plumbline, vkey):
    """The proof of every leaf of a golden period file."""
    path = GOLDEN / "honest-full.period"

    def export(*options):
        return subprocess.run([plumbline, "export", str(path), "--policy", str(GOLDEN / "gateway.card"), "--tlog-proof", *options], capture_output=True, text=True)

    steps.check(export().returncode == 64, "a period file has many leaves: one must be named")
    with tarfile.open(path) as archive:
        data = archive.extractfile("03-leaves").read()
    leaves = []
    while data:
        length = int.from_bytes(data[:2])
        leaves.append(data[2:2 + length])
        data = data[2 + length:]
    missing = export("--leaf", "99999999")
    steps.check(missing.returncode == 64 and "it has the leaves " in missing.stderr, missing.stderr.strip())
    first = int(missing.stderr.split("it has the leaves ")[1].split()[0])
    chosen = sorted({0, first, first + 1, first + len(leaves) // 2, first + len(leaves) - 1})
    judged = []
    for index in chosen:
        head, note = export("--leaf", str(index)).stdout.split("\n\n", 1)
        lines = head.splitlines()
        checkpoint = Checkpoint.from_text(note)
        checkpoint.verify(vkey)
        proof = InclusionProof(int(lines[1].removeprefix("index ")), checkpoint.size, [base64.b64decode(line) for line in lines[2:]])
        if index >= first:
            proof.check(leaf(leaves[index - first]), checkpoint.root_hash)
        judged.append(proof.leaf_index)
    steps.check(judged == chosen, f"tlog-scales checks the proofs of leaves {judged} of a period file")


def receipts(steps, log, vkey_text):
    """COSE Receipts of leaves of a log that fills a tile and more, judged by scitt-cose, and by the page's own reader."""
    sys.path.insert(0, str(ROOT / "Tests" / "Independent"))
    import receipt as page
    from primitives import Bad

    checkpoint = log.checkpoint()
    entries = log.entries(checkpoint.size)
    origin = vkey_text.split("+")[0]
    key = Ed25519PublicKey.from_public_bytes(base64.b64decode(vkey_text.split("+", 2)[2])[1:])
    pem = key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)

    def judge(data, index):
        return verify_receipt(data, leaf_entry_hex=entries[index].hex(), log_public_key_pem=pem)

    made = {index: log.get("receipt", f"{index}?size={checkpoint.size}") for index in (0, 1, 127, 255, 256, checkpoint.size - 1)}
    found = {index: judge(data, index) for index, data in made.items()}
    steps.check(all(one.ok and one.root == checkpoint.root_hash.hex() and one.leaf_index == index for index, one in found.items()),
                f"scitt-cose checks receipts of leaves {list(made)} under the signed root of {checkpoint.size}: {[one.errors for one in found.values()]}")
    steps.check(all((one.issuer, one.subject) == (origin, f"tree/{checkpoint.size}") for one in found.values()), "they name the origin and the tree")
    steps.check(log.headers["Content-Type"].startswith("application/cose"), log.headers["Content-Type"])
    steps.check(not judge(made[0], 1).ok and not judge(made[256], 255).ok, "and no other leaf's")
    steps.check(all(page.check(data, entries[index], vkey_text) == checkpoint.size for index, data in made.items()), "a reader written from the page checks them too")
    held = []
    for at in range(len(made[256])):
        broken = bytearray(made[256])
        broken[at] ^= 1
        try:
            page.check(bytes(broken), entries[256], vkey_text)
            held.append(at)
        except Bad:
            pass
    steps.check(not held, f"no byte of {len(made[256])} may be another: {held}")
    steps.check(log.get("receipt", str(checkpoint.size + 5000)) is None and log.get("receipt", f"0?size={checkpoint.size - 1}") is None,
                "there is none for what is not signed")


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
        vkey_text = next(line.split(" ", 1)[1] for line in card.splitlines() if line.startswith("log-key "))
        log = Log(gateway, Vkey.from_string(vkey_text))
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
        seen = follow(steps, log, seen)
        wait_for("more than a tile of leaves", 420, lambda: log.checkpoint().size > 260)
        follow(steps, log, seen)
        receipts(steps, log, vkey_text)
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
