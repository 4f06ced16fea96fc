"""Goal: whatever file an auditor is handed, the program answers with an exit code of its contract and a sentence.
Method: truncated, shuffled, oversized and noisy copies of every golden file."""

import pathlib
import random
import resource
import subprocess
import sys
import tempfile

from harness import ROOT, Steps, programs

sys.path.insert(0, str(ROOT / "Tests" / "Independent"))
from period import header  # noqa: E402


def main():
    arguments = programs()
    steps = Steps("bad input")
    dice = random.Random(20260301)
    folder = pathlib.Path(tempfile.mkdtemp(prefix="plumbline-bad."))
    golden = ROOT / "Tests" / "Vectors" / "evidence"
    card = golden / "gateway.card"
    period = (golden / "honest-full.period").read_bytes()
    reading = (golden / "reading-honest.reading").read_bytes()

    def run(*command):
        result = subprocess.run([arguments.plumbline, *map(str, command)], capture_output=True, timeout=120)
        return result.returncode, result.stdout + result.stderr

    def shuffled(data):
        blocks = [data[i:i + 512] for i in range(0, len(data), 512)]
        dice.shuffle(blocks)
        return b"".join(blocks)

    cases = {"empty": b"", "one byte": b"\x00", "noise of 10 MB": dice.randbytes(10_000_000), "zeros of 10 MB": bytes(10_000_000),
             "text": b"hello, auditor\n" * 1000, "period shuffled": shuffled(period), "period twice": period + period,
             "reading twice": reading + reading, "reading nested": b"\x81" * 100_000}
    for name, data in (("period", period), ("reading", reading)):
        for cut in dice.sample(range(1, len(data)), 40):
            cases[f"{name} cut at {cut}"] = data[:cut]
        for _ in range(arguments.rounds):
            spoiled = bytearray(data)
            place = dice.randrange(len(data))
            spoiled[place:place + 16] = dice.randbytes(16)
            cases[f"{name} spoiled at {place}"] = bytes(spoiled)
    wrong = []
    for name, data in cases.items():
        path = folder / "file"
        path.write_bytes(data)
        for command in (("verify", path, "--policy", card), ("verify", path, "--json"), ("inspect", path)):
            code, said = run(*command)
            expected = (1, 2) if command[0] == "verify" else (0, 2)
            if code not in expected or not said.strip():
                wrong.append((name, command[0], code, said[-200:]))
    steps.check(not wrong, f"{len(cases)} spoiled files: exit 1 or 2 and a sentence; wrong: {wrong[:3]}")

    # Lengths that lie, in a file of 10 GB that takes no room on the disk: refused in a gigabyte of memory.
    for name, size in (("one member of 8 GiB", (1 << 33) - 1), ("a short first member", 512), ("a member of nothing", 0)):
        with open(folder / "huge", "wb") as huge:
            huge.write(header("00-manifest.cbor", size))
            huge.truncate(10 << 30)
        result = subprocess.run([arguments.plumbline, "verify", folder / "huge", "--policy", card], capture_output=True, timeout=120,
                                preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (1 << 30, 1 << 30)))
        said = (result.stdout + result.stderr).decode(errors="replace")
        steps.check(result.returncode in (1, 2) and said.strip() and "Fatal" not in said,
                    f"10 GB, {name}: exit {result.returncode}: {said.strip().splitlines()[:1]}")
    (folder / "huge").unlink()

    unreadable = [("verify", folder), ("verify", folder / "absent"), ("verify", golden / "honest-full.period", "--policy", folder / "absent"),
                  ("verify", golden / "honest-full.period", "--policy", golden / "honest-full.period")]
    for command in unreadable:
        code, said = run(*command)
        steps.check(code in (1, 2) and b"Fatal" not in said, f"{' '.join(pathlib.Path(str(c)).name for c in command)}: exit {code}: {said.decode(errors='replace').strip().splitlines()[0][:100]}")
    for command in ((), ("verify",), ("verify", "--colour", "file"), ("veryfy", "file")):
        code, said = run(*command)
        steps.check(code in (64,) or (command == () and code in (0, 64)), f"wrong usage {command}: exit {code}")
    steps.finish()


if __name__ == "__main__":
    main()
