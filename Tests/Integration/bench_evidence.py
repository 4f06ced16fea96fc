"""Goal: the file that the evidence figures are measured on is real evidence.
Method: `plumbline-bench evidence --days 1` with its files kept. The auditor's program and the second verifier accept the day and the
reading, the auditor's program refuses each with one flipped byte, and the JSON has every figure that can be had here."""

import json
import pathlib
import shutil
import subprocess
import sys
import tempfile

from harness import ROOT, Steps, programs

INDEPENDENT = ROOT / "Tests" / "Independent"
FIGURES = {"evidence.day.seconds", "evidence.day.cpuSeconds", "evidence.day.memoryMB", "evidence.day.bytes", "evidence.day.makingSeconds",
           "evidence.reading.ms", "evidence.reading.bytes", "evidence.reading.configuredBytes", "evidence.seal.cpuMs",
           "evidence.seal.private.cpuMs", "evidence.append.itemsPerS"}
SECONDS_MAX = 300
# 1 000 points, once a minute.
READINGS = 1_440_000


def verify(file, card):
    run = subprocess.run([programs().plumbline, "verify", file, "--policy", card, "--json"], capture_output=True, text=True, timeout=SECONDS_MAX)
    return run.returncode, json.loads(run.stdout)


def flipped(file, at):
    data = bytearray(file.read_bytes())
    data[at] ^= 1
    other = file.with_suffix(".flipped")
    other.write_bytes(data)
    return other


def main():
    steps = Steps("bench evidence")
    folder = pathlib.Path(tempfile.mkdtemp(prefix="plumbline-bench-"))
    try:
        bench = pathlib.Path(programs().plumbline).parent / "plumbline-bench"
        run = subprocess.run([bench, "evidence", "--days", "1", "--runs", "1", "--json", "--keep", folder], capture_output=True,
                             text=True, timeout=SECONDS_MAX)
        lines = [json.loads(line) for line in run.stdout.splitlines()]
        wanted = FIGURES | ({"evidence.sha256"} if shutil.which("openssl") else set())
        steps.check(run.returncode == 0 and {line["figure"] for line in lines} == wanted, f"every figure is there {run.stderr.strip()}")
        steps.check(all(line["value"] > 0 and line["suite"] == "evidence" for line in lines), "and none is nothing")
        day, reading, card = folder / "day.evidence", folder / "reading.evidence", folder / "policy.card"
        code, verdict = verify(day, card)
        steps.check(code == 0, f"plumbline verify accepts the day: {code}")
        steps.check(str(READINGS) in json.dumps(verdict), f"all {READINGS} readings of the day are in it")
        for file in (reading, folder / "reading-configured.evidence"):
            steps.check(verify(file, card)[0] == 0, f"and {file.name}")
        size = day.stat().st_size
        for at in (2_000, size // 2, size * 3 // 4):
            steps.check(verify(flipped(day, at), card)[0] == 1, f"a flipped byte at {at} of {size} is found")
        steps.check(verify(flipped(reading, 200), card)[0] == 1, "and one in the reading")
        for file in (day, reading):
            second = subprocess.run([sys.executable, "verify.py", file, "--policy", card], cwd=INDEPENDENT, capture_output=True, text=True,
                                    timeout=SECONDS_MAX)
            steps.check(second.returncode == 0, f"the second verifier accepts {file.name}: {(second.stdout + second.stderr)[-300:].strip()}")
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    steps.finish()


if __name__ == "__main__":
    main()
