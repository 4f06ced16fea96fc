"""Cosigned files, made here with keys of our own, judged by the auditor's program and by the independent verifier alike.

    python witnesses.py --plumbline PROGRAM

Cosignatures (C2SP tlog-cosignature) are signed with the cryptography package over the checkpoints of golden files; each case says
which findings it must give."""

import argparse
import base64
import json
import pathlib
import subprocess
import sys
import tempfile

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from damage import SECONDS_MAX, VECTORS, pack
from period import members
from primitives import note_text, read_note, sha
from verify import judge

SECONDS = 1_772_446_800


class Witness:
    def __init__(self, name, seed):
        self.name, self.key = name, Ed25519PrivateKey.from_private_bytes(bytes([seed]) * 32)
        self.public = b"\x04" + self.key.public_key().public_bytes_raw()
        self.id = sha(name.encode(), b"\n", self.public)[:4]

    @property
    def vkey(self):
        return f"{self.name}+{self.id.hex()}+{base64.b64encode(self.public).decode()}"

    def line(self, note, seconds=SECONDS, text=None, spoil=False):
        text = text or note_text(*read_note(note)[:3])
        signature = bytearray(self.key.sign(f"cosignature/v1\ntime {seconds}\n{text}".encode()))
        if spoil:
            signature[5] ^= 1
        blob = base64.b64encode(self.id + seconds.to_bytes(8, "big") + bytes(signature)).decode()
        return f"\u2014 {self.name} {blob}\n".encode()


def cases():
    """(name, {seq: .cosig}, witnesses on the card, findings beside those of the file without witnesses)."""
    golden = members((VECTORS / "honest-full.period").read_bytes())
    notes = {int(name[15:23]): data for name, data in golden.items() if name.startswith("10-")}
    last, middle = max(notes), sorted(notes)[1]
    ours, other, stranger = Witness("watch.example/w1", 21), Witness("watch.example/w2", 22), Witness("stranger.example/x", 23)
    same_name = Witness("watch.example/w1", 24)
    b = notes[last]
    origin, size, root, _ = read_note(b)
    forgetful = {"W_NO_OUTSIDE_MEMORY"}
    yield "B cosigned", {last: ours.line(b)}, [ours], set()
    yield "every anchor cosigned by two", {seq: ours.line(note) + other.line(note) for seq, note in notes.items()}, [ours, other], set()
    yield "one of two witnesses was away", {last: other.line(b)}, [ours, other], set()
    yield "only an earlier anchor is cosigned", {middle: ours.line(notes[middle])}, [ours], forgetful
    yield "nobody cosigned", {}, [ours], forgetful
    yield "a stranger cosigned", {last: stranger.line(b)}, [ours], forgetful
    yield "another key under the witness's name", {last: same_name.line(b)}, [ours], forgetful
    yield "no witness on the card, lines are nobody's", {last: stranger.line(b, spoil=True)}, [], forgetful
    yield "a spoiled signature", {last: ours.line(b, spoil=True)}, [ours], {"E_SIG"} | forgetful
    yield "a good and a spoiled one", {last: ours.line(b) + other.line(b, spoil=True)}, [ours, other], {"E_SIG"}
    yield "a spoiled one over the middle", {middle: ours.line(notes[middle], spoil=True), last: ours.line(b)}, [ours], {"E_SIG"}
    yield "over another size", {last: ours.line(b, text=note_text(origin, size + 1, root))}, [ours], {"E_SIG"} | forgetful
    yield "over the middle's checkpoint", {last: ours.line(notes[middle])}, [ours], {"E_SIG"} | forgetful
    shifted = bytearray(base64.b64decode(ours.line(b).split(b" ")[2]))
    shifted[11] ^= 1
    yield "another time", {last: f"\u2014 {ours.name} {base64.b64encode(shifted).decode()}\n".encode()}, [ours], {"E_SIG"} | forgetful
    short = base64.b64encode(base64.b64decode(ours.line(b).split(b" ")[2])[:-8]).decode()
    yield "a signature that is too short", {last: f"\u2014 {ours.name} {short}\n".encode()}, [ours], {"E_SIG"} | forgetful
    for name, data in (("no LF at the end", ours.line(b)[:-1]), ("nothing", b""), ("an empty line", ours.line(b) + b"\n"), ("no dash", b"-" + ours.line(b)[3:]),
                       ("101 lines", ours.line(b) * 101), ("noise", bytes(range(200, 250)) + b"\n"), ("base64 in another form", ours.line(b).replace(b"\n", b"=\n"))):
        yield f"not lines: {name}", {last: data}, [ours], None


def main():
    parser = argparse.ArgumentParser(description="Judges cosigned files twice.")
    parser.add_argument("--plumbline", required=True)
    arguments = parser.parse_args()
    golden, card = (VECTORS / "honest-full.period").read_bytes(), (VECTORS / "gateway.card").read_bytes()
    _, plain = judge(golden, card)
    passed = failed = 0
    with tempfile.TemporaryDirectory(prefix="plumbline-witnesses.") as folder:
        folder = pathlib.Path(folder)
        for name, lines, witnesses, more in cases():
            files = members(golden)
            for seq, data in lines.items():
                files[f"11-anchors/{seq:08d}.cosig"] = data
            (folder / "file").write_bytes(pack(files))
            (folder / "card").write_bytes(card + b"".join(f"witness {w.vkey}\n".encode() for w in witnesses))
            expected = ["E_MALFORMED"] if more is None else sorted(set(plain) - {"W_NO_OUTSIDE_MEMORY"} | more)
            _, here = judge((folder / "file").read_bytes(), (folder / "card").read_bytes())
            ran = subprocess.run([arguments.plumbline, "verify", folder / "file", "--policy", folder / "card", "--json"], capture_output=True, timeout=SECONDS_MAX)
            there = sorted({finding["code"] for finding in json.loads(ran.stdout)["findings"]})
            if here == there == expected:
                passed += 1
            else:
                failed += 1
                print(f"FAIL  {name}: the program says {there}, the second verifier {here}, expected {expected}")
    print(f"{passed} cosigned files judged alike by both, {failed} not")
    sys.exit(1 if failed or passed < 20 else 0)


if __name__ == "__main__":
    main()
