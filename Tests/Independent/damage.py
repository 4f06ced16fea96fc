"""Damaged files, judged by the auditor's program and by the independent verifier alike.

    python damage.py --plumbline PROGRAM [--count N] [--seed S]

A byte, a cut or an exchange somewhere inside a member of a golden file; the archive and its manifest are made anew around
it, so that the damage is reached. One file in ten is damaged as a whole instead."""

import argparse
import json
import pathlib
import random
import subprocess
import sys
import tempfile

from period import header, members
from primitives import cbor, sha
from verify import judge

VECTORS = pathlib.Path(__file__).resolve().parents[1] / "Vectors" / "evidence"
SECONDS_MAX = 60


def encode(value):
    """Deterministic CBOR (section 1)."""
    if value is None:
        return b"\xf6"
    if isinstance(value, int):
        return head(0, value) if value >= 0 else head(1, -1 - value)
    if isinstance(value, bytes):
        return head(2, len(value)) + value
    if isinstance(value, str):
        data = value.encode()
        return head(3, len(data)) + data
    return head(4, len(value)) + b"".join(map(encode, value))


def head(major, number):
    if number < 24:
        return bytes([major << 5 | number])
    for info, width in ((24, 1), (25, 2), (26, 4), (27, 8)):
        if number < 1 << (8 * width):
            return bytes([major << 5 | info]) + number.to_bytes(width, "big")
    raise ValueError(number)


def pack(files):
    manifest = cbor(files["00-manifest.cbor"])
    manifest[8] = [[name, len(data), sha(data)] for name, data in sorted(files.items()) if name != "00-manifest.cbor"]
    files["00-manifest.cbor"] = encode(manifest)
    parts = []
    for name, data in sorted(files.items()):
        parts += [header(name, len(data)), data, bytes(-len(data) % 512)]
    return b"".join(parts) + bytes(1024)


def spoil(data, chance):
    """One change of a few bytes."""
    if not data:
        return b"\0"
    kind, at = chance.randrange(6), chance.randrange(len(data))
    if kind < 3:
        return data[:at] + bytes([data[at] ^ 1 << chance.randrange(8)]) + data[at + 1:]
    if kind == 3:
        return data[:at] + data[at + 1:]
    if kind == 4:
        return data[:at] + bytes([chance.randrange(256)]) + data[at:]
    other = chance.randrange(len(data))
    low, high = sorted((at, other))
    return data[:low] + data[high:high + 8] + data[low:]


def damaged(original, is_period, chance):
    if not is_period or chance.randrange(10) == 0:
        return spoil(original, chance)
    files = members(original)
    name = chance.choice(sorted(set(files) - {"00-manifest.cbor", "99-README.txt"}))
    files[name] = spoil(files[name], chance)
    return pack(files)


def theirs(program, path, card):
    result = subprocess.run([program, "verify", "--json", str(path), "--policy", str(card)], capture_output=True,
                            text=True, timeout=SECONDS_MAX)
    try:
        findings = sorted({finding["code"] for finding in json.loads(result.stdout)["findings"]})
    except (json.JSONDecodeError, KeyError):
        findings = ["no report: " + (result.stderr or result.stdout)[-200:]]
    return result.returncode, findings


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--plumbline", required=True)
    parser.add_argument("--count", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    honest = [case for case in json.loads((VECTORS / "cases.json").read_text())["cases"]
              if case["card"] == "gateway.card" and case["exit"] == 0 and "t1" not in case]
    passed = failed = 0
    with tempfile.TemporaryDirectory(prefix="plumbline-damage.") as folder:
        path = pathlib.Path(folder, "damaged")
        for number in range(arguments.count):
            chance = random.Random(f"{arguments.seed}/{number}")
            case = chance.choice(honest)
            original = (VECTORS / case["file"]).read_bytes()
            data = damaged(original, case["file"].endswith(".period"), chance)
            path.write_bytes(data)
            card = VECTORS / case["card"]
            ours = judge(data, card.read_bytes())
            other = theirs(arguments.plumbline, path, card)
            if ours == other:
                passed += 1
            else:
                failed += 1
                print(f"FAIL  seed {arguments.seed}/{number} of {case['file']}: independent {ours}, plumbline {other}", flush=True)
    print(f"{passed} passed, {failed} failed", flush=True)
    sys.exit(1 if failed or not passed else 0)


if __name__ == "__main__":
    main()
