"""Goal: what is erased is gone from the ledger and from an older copy of it, the log says so, and an auditor is told. Method: a gateway with
a public and a private stream; a copy of the ledger's files is kept; the API erases; the gateway is killed behind it and started again; a
period file from after it is judged by `plumbline` and by the verifier written from Docs/formats.md."""

import json
import shutil
import sqlite3
import subprocess
import sys
import tempfile

from harness import ROOT, Broker, Gateway, Steps, programs, wait_for
from tangle_node import BUILDING

INDEPENDENT = ROOT / "Tests" / "Independent" / "verify.py"
PRIVATE = """\
  m1.voltage: {type: Voltage_Sensor, privacy: direct, from: mb1#voltage.l1, every: 1s}
"""


def items(path, stream):
    """Bytes of a stream's stored items; those that are erased are not there."""
    with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as ledger:
        return [bytes(row[0]) for row in ledger.execute("SELECT bytes FROM item WHERE stream = ? AND bytes IS NOT NULL ORDER BY k", (stream,))]


def main():
    arguments = programs()
    steps = Steps("erasure")
    folder = tempfile.mkdtemp(prefix="plumbline-erasure.")
    broker = Broker(folder)
    gateway = Gateway(arguments.plumblined, BUILDING + PRIVATE, broker.port, folder=folder, anchor_every="2s")
    data = gateway.folder / "data"
    try:
        gateway.init()
        eraser = gateway.command("token", "add", "dpo", "--role", "eraser", "--config", str(gateway.configuration)).stdout.strip().splitlines()[-1]
        gateway.start()
        wait_for("three anchors", 60, lambda: len(gateway.anchored()) >= 3)
        anchors = gateway.anchored()
        question = {"stream": "mb1/direct", "from": anchors[0]["milestone"]["at"], "to": anchors[1]["milestone"]["at"], "basis": "c"}

        def ask(token, **more):
            status, _, body = gateway.request("POST", "/v1/erasures", json.dumps({**question, **more}).encode(), token=token)
            return status, json.loads(body)

        status, told = ask(gateway.token, dryRun=True)
        steps.check(status == 403, f"a token of the role facility does not erase: {status} {str(told)[:120]}")
        status, told = ask(eraser, dryRun=True)
        steps.check(status == 200 and told["state"] == "checked" and told["encryptedItems"] == told["items"] > 0, f"a dry run tells what would go: {status} {told}")
        status, refused = ask(eraser, confirm="not the word")
        steps.check(status >= 400, f"another word erases nothing: {status} {str(refused)[:120]}")
        copy = gateway.folder / "copy"
        copy.mkdir()
        for name in ("ledger.db", "ledger.db-wal"):
            if (data / name).exists():
                shutil.copy(data / name, copy / name)
        stream, other = told["stream"], {1: 2, 2: 1}[told["stream"]]
        kept = items(copy / "ledger.db", stream)
        steps.check(bool(kept) and all(item[0] == 0xE1 for item in kept), f"{len(kept)} private items of the copy are encrypted")
        steps.check(all(item[0] != 0xE1 for item in items(copy / "ledger.db", other)), "items of the class none are not")
        status, done = ask(eraser, confirm=told["confirm"])
        steps.check(status == 201 and done["state"] == "erased", f"with the word it is done: {status} {done}")
        gateway.kill()
        gateway.start()
        listed = gateway.get("/v1/erasures")["items"]
        steps.check([entry["leafIndex"] for entry in listed] == [done["leafIndex"]], f"and listed after a kill: {listed}")
        stored = b"".join((data / name).read_bytes() for name in ("ledger.db", "ledger.db-wal") if (data / name).exists())
        left = set(items(data / "ledger.db", stream))
        gone = [item for item in kept if item not in left]
        steps.check(len(gone) >= told["items"] and not any(item in stored for item in gone), f"no byte string of {len(gone)} old items lies in the ledger's files")
        keys = b"".join(path.read_bytes() for path in sorted((data / "item-keys").iterdir()))
        steps.check(not any(_opens(keys, item) for item in kept), "and no key that opens the copy lies beside it")
        wait_for("anchors behind it", 60, lambda: any(a["size"] > done["leafIndex"] for a in gateway.anchored()))
        file = gateway.folder / "after.evidence"
        file.write_bytes(gateway.period_evidence(question["from"], gateway.anchored()[-1]["milestone"]["at"]))
        ours = subprocess.run([arguments.plumbline, "verify", str(file), "--policy", str(data / "card"), "--json"], capture_output=True, text=True)
        codes = sorted(finding["code"] for finding in json.loads(ours.stdout)["findings"])
        steps.check(ours.returncode == 0 and "W_ERASED" in codes, f"an auditor is told: {ours.returncode} {codes}")
        second = subprocess.run([sys.executable, str(INDEPENDENT), str(file), "--policy", str(data / "card")], capture_output=True, text=True)
        steps.check((second.returncode, sorted(second.stdout.split())) == (ours.returncode, codes), f"the second verifier says the same: {second.returncode} {second.stdout.split()}")
        gateway.stop()
        checked = gateway.command("log", "fsck", "--config", str(gateway.configuration), check=False)
        steps.check(checked.returncode == 0, f"and what is left is what was written: {(checked.stdout + checked.stderr).strip()[-200:]}")
    finally:
        gateway.stop()
        broker.stop()
    gateway.remove()
    steps.finish()


def _opens(keys, item):
    """Whether the record that the item names still holds a key: `stream u32 ‖ id (8) ‖ key (32) ‖ …`, 64 bytes each."""
    records = [keys[at:at + 64] for at in range(0, len(keys), 64)]
    return any(record[4:12] == item[1:9] and any(record[12:44]) for record in records)


if __name__ == "__main__":
    main()
