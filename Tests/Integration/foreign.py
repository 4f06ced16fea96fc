"""Goal: an evidence file can be checked without our program. Method: GNU tar, sha256sum, b2sum, cbor2 and thirty lines of
RFC 6962, written from Docs/formats.md alone, over every honest golden file; and an altered one is noticed by them too."""

import base64
import hashlib
import json
import os
import pathlib
import shutil
import struct
import subprocess
import tempfile

from harness import ROOT, Steps

try:
    import cbor2
except ImportError:
    cbor2 = None
try:
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
except ImportError:
    Ed25519PublicKey = None

GOLDEN = ROOT / "Tests" / "Vectors" / "evidence"
# As Docs/formats.md section 5 has it.
TAR = "tar --format=ustar --owner=0 --group=0 --numeric-owner --mtime=@0 --mode=0644 --no-recursion -b 1".split()


def sha(*parts):
    return hashlib.sha256(b"".join(parts)).digest()


def blake(*parts):
    return hashlib.blake2b(b"".join(parts), digest_size=32).digest()


def split(n):
    """The largest power of two below n."""
    return 1 << (n - 1).bit_length() - 1


def root(hashes):
    if len(hashes) < 2:
        return hashes[0] if hashes else sha()
    k = split(len(hashes))
    return sha(b"\x01", root(hashes[:k]), root(hashes[k:]))


def root_of_range(low, size, start, leaves, proof):
    """The root of `size` leaves from `low` on; those before `start` come as the proof's subtrees, in order."""
    if low + size <= start:
        return proof.pop(0)
    if low >= start:
        return root(leaves[low - start:low - start + size])
    k = split(size)
    left = root_of_range(low, k, start, leaves, proof)
    return sha(b"\x01", left, root_of_range(low + k, size - k, start, leaves, proof))


def root_of_path(leaf, index, size, proof):
    """RFC 9162 section 2.1.3.2, from the top down."""
    if size == 1:
        return leaf if not proof else None
    if not proof:
        return None
    k = split(size)
    if index < k:
        return sha(b"\x01", root_of_path(leaf, index, k, proof[:-1]) or b"", proof[-1])
    return sha(b"\x01", proof[-1], root_of_path(leaf, index - k, size - k, proof[:-1]) or b"")


def leaf_hash(data):
    return sha(b"\x00", data)


def signed(key, signature, message):
    """None without the library that could tell."""
    if Ed25519PublicKey is None:
        return None
    try:
        Ed25519PublicKey.from_public_bytes(key).verify(signature, message)
        return True
    except InvalidSignature:
        return False


def note(text):
    """Origin, size, root, and what the signature covers."""
    body, signature = text.split("\n\n")
    origin, size, top = body.split("\n")
    name, blob = signature.removeprefix("— ").strip().split(" ")
    blob = base64.b64decode(blob, validate=True)
    return {"origin": origin, "size": int(size), "root": base64.b64decode(top, validate=True), "name": name,
            "key_id": blob[:4], "signature": blob[4:], "text": (body + "\n").encode()}


def card(text):
    lines = [line.split(" ", 1) for line in text.splitlines()]
    values = {line[0]: line[1] for line in lines if len(line) == 2}
    key = base64.b64decode(values["log-key"].split("+", 2)[2])
    keys = [line[1].split(" ")[0] for line in lines if line[0] == "milestone-key"]
    return {"origin": values["origin"], "key": key[1:], "key_id": sha(values["origin"].encode(), b"\n", key)[:4],
            "genesis": values["genesis"], "milestone_keys": {bytes.fromhex(k) for k in keys}, "threshold": int(values["threshold"])}


def milestone(data):
    """Essence, id, inclusion root and signatures of a milestone payload."""
    parents = data[4 + 9 + 32]
    at = 4 + 9 + 32 + 1 + 32 * parents
    inclusion = data[at:at + 32]
    at += 64
    at += 2 + struct.unpack_from("<H", data, at)[0]
    assert data[at] == 0, "a milestone with options is not read here"
    essence, count, at = data[4:at + 1], data[at + 1], at + 2
    signatures = []
    for _ in range(count):
        assert data[at] == 0
        signatures.append((data[at + 1:at + 33], data[at + 33:at + 97]))
        at += 97
    assert at == len(data)
    return {"index": struct.unpack_from("<I", essence)[0], "time": struct.unpack_from("<I", essence, 4)[0], "id": blake(essence),
            "inclusion": inclusion, "signatures": signatures}


def climb(block, path):
    """The inclusion root that a path leads a block to."""
    top = blake(b"\x00", blake(block))
    for at in range(0, len(path), 33):
        side, sibling = path[at], path[at + 1:at + 33]
        top = blake(b"\x01", sibling, top) if side == 0 else blake(b"\x01", top, sibling)
    return top


def leaves_of(data):
    leaves, at = [], 0
    while at < len(data):
        length = struct.unpack_from(">H", data, at)[0]
        leaves.append(data[at + 2:at + 2 + length])
        at += 2 + length
    return leaves


def items_of(folder):
    """k → hashes of the items in order, and the items themselves."""
    hashes, items = {}, []
    for day in sorted(folder.iterdir()):
        data, at = day.read_bytes(), 0
        while at < len(data):
            kind, k, stream = struct.unpack_from(">BQI", data, at)
            at += 13
            if kind == 0:
                length = struct.unpack_from(">I", data, at)[0]
                item = data[at + 4:at + 4 + length]
                at += 4 + length
                items.append(item)
                hashes.setdefault(k, []).append(leaf_hash(item))
            else:
                hashes.setdefault(k, []).append(data[at:at + 32])
                at += 32
    return hashes, items


def container(path, folder):
    """GNU tar reads the file, and writes the same bytes again."""
    environment = {"PATH": os.environ["PATH"], "LC_ALL": "C"}
    names = subprocess.run(["tar", "-tf", path], capture_output=True, text=True, check=True, env=environment).stdout.split()
    said = subprocess.run(["tar", "-C", folder, "-xf", path], capture_output=True, check=True, env=environment)
    again = folder.with_suffix(".tar")
    subprocess.run([*TAR, "-C", folder, "-cf", again, *names], check=True, env=environment)
    return names, names == sorted(names) and not said.stderr and again.read_bytes() == path.read_bytes()


def canonical(data):
    """cbor2 reads the bytes and writes the same ones. Its canonical form is RFC 8949's for what is used here."""
    return cbor2.dumps(cbor2.loads(data), canonical=True) == data


def check_period(steps, path, folder, known):
    """Every part with foreign means; True when all of them hold."""
    folder.mkdir()
    name = path.name
    held = []

    def check(condition, text):
        held.append(bool(condition))
        if steps:
            steps.check(condition, f"{name}: {text}")

    names, whole = container(path, folder)
    check(whole, f"GNU tar lists {len(names)} members and writes the same bytes again")

    def read(member):
        return (folder / member).read_bytes()

    notes = {p.stem: note(p.read_text()) for p in sorted((folder / "10-checkpoints").iterdir())}
    leaves = leaves_of(read("03-leaves"))
    if cbor2:
        manifest = cbor2.loads(read("00-manifest.cbor"))
        listed = "".join(f"{digest.hex()}  {member}\n" for member, _, digest in manifest[8])
        sums = subprocess.run(["sha256sum", "--check", "--strict", "--quiet"], input=listed, text=True, cwd=folder, capture_output=True)
        check(sums.returncode == 0 and [m for m, _, _ in manifest[8]] == names[1:]
              and all(length == len(read(member)) for member, length, _ in manifest[8]), "sha256sum agrees with the manifest")
        first, last = f"{manifest[3]:08}", f"{manifest[4]:08}"
    else:
        first = min(notes)
        last = next(seq for seq in notes if notes[seq]["size"] == notes[first]["size"] + len(leaves))
    a, b = notes[first], notes[last]
    blob = read("04-range.proof")
    proof = [blob[i:i + 32] for i in range(0, len(blob), 32)]
    top = None
    for subtree in reversed(proof[:a["size"].bit_count()]):
        top = subtree if top is None else sha(b"\x01", subtree, top)
    check((top or sha()) == a["root"], f"the range proof folds to the root of {a['size']} leaves")
    rest = list(proof)
    computed = root_of_range(0, b["size"], a["size"], [leaf_hash(leaf) for leaf in leaves], rest)
    check(len(leaves) == b["size"] - a["size"] and not rest and computed == b["root"], f"with {len(leaves)} leaves to the root of {b['size']}")
    hashes, items = items_of(folder / "30-items")
    if cbor2:
        parts = ["00-manifest.cbor", "02-context.cbor", "05-configs.cbor"] + [n for n in names if n == "31-openings.cbor"]
        check(all(canonical(read(part)) for part in parts) and all(map(canonical, leaves + items)), f"cbor2 writes {len(parts)} parts, {len(leaves)} leaves and {len(items)} items as they are")
        intervals = {leaf[5]: leaf for leaf in map(cbor2.loads, leaves) if leaf[1] == 1}
        check(intervals.keys() == hashes.keys() and all(leaf[8] == len(hashes[k]) and leaf[9] == root(hashes[k]) for k, leaf in intervals.items()),
              f"the items give the inner roots of {len(intervals)} intervals")
        configs = cbor2.loads(read("05-configs.cbor"))
        check(configs and all(stated == root([leaf_hash(row) if kind == 0 else row for kind, row in rows]) for stated, rows in configs), "configurations give their hashes")
        genesis = next(leaf for index, leaf, _, _ in cbor2.loads(read("02-context.cbor"))[0] if index == 0)
        check(leaf_hash(genesis).hex() == known["genesis"], "leaf 0 is the card's genesis")
        context = cbor2.loads(read("02-context.cbor"))[0]
        tops = {n["size"]: n["root"] for n in notes.values()}
        check(all(root_of_path(leaf_hash(leaf), index, size, way) == tops[size] for index, leaf, size, way in context if size in tops), f"{len(context)} leaves of the context lie in the log")
    for seq, it in notes.items():
        block, path_bytes, confirming = (read(f"11-anchors/{seq}.{part}") for part in ("block", "path", "milestone"))
        confirming = milestone(confirming)
        payload = struct.pack(">BQ", 1, it["size"]) + it["root"] + it["key_id"] + it["signature"]
        tag = b"twa1" + sha(it["origin"].encode())[:16]
        check(it["key_id"] == known["key_id"] and it["name"] == known["origin"] and bytes([20]) + tag + struct.pack("<I", 109) + payload in block,
              f"anchor {seq}: the block carries the note")
        check(climb(block, path_bytes) == confirming["inclusion"], f"anchor {seq}: the block lies under milestone {confirming['index']}")
        words = subprocess.run(["b2sum", "-l", "256"], input=block, capture_output=True, check=True).stdout.split()[0].decode()
        check(words == blake(block).hex(), f"anchor {seq}: b2sum names block {words[:8]}…")
        signers = {key for key, signature in confirming["signatures"] if signed(key, signature, confirming["id"]) is not False}
        check(len(signers & known["milestone_keys"]) >= known["threshold"], f"anchor {seq}: enough holders of the card signed its milestone")
        check(signed(known["key"], it["signature"], it["text"]) is not False, f"anchor {seq}: the gateway's key signed the checkpoint")
    return all(held)


def check_reading(steps, path, known):
    _, _, origin, item, inner_index, inner_proof, leaf, index, proof, payload, block, confirming, way, config, own = cbor2.loads(path.read_bytes())
    interval, confirming = cbor2.loads(leaf), milestone(confirming)
    size, top = struct.unpack_from(">Q", payload, 1)[0], payload[9:41]
    text = f"{origin}\n{size}\n{base64.b64encode(top).decode()}\n".encode()
    steps.check(canonical(path.read_bytes()) and canonical(item) and canonical(leaf), f"{path.name}: cbor2 writes file, item and leaf as they are")
    steps.check(root_of_path(leaf_hash(item), inner_index, interval[8], inner_proof) == interval[9], f"{path.name}: the item lies in its interval")
    steps.check(root_of_path(leaf_hash(leaf), index, size, proof) == top, f"{path.name}: leaf {index} lies under the root of {size}")
    steps.check(payload in block and climb(block, way) == confirming["inclusion"], f"{path.name}: the block lies under milestone {confirming['index']}")
    steps.check(origin == known["origin"] and signed(known["key"], payload[45:], text) is not False, f"{path.name}: the gateway's key signed the root")
    if config:
        steps.check(all(root_of_path(leaf_hash(row), place, interval[8] + 1, path_) == interval[11] for place, row, path_ in config), f"{path.name}: the rows lie in the configuration")


def main():
    steps = Steps("foreign")
    print(f"      foreign: cbor2 {'is' if cbor2 else 'is NOT'} here, cryptography {'is' if Ed25519PublicKey else 'is NOT'} here", flush=True)
    folder = pathlib.Path(tempfile.mkdtemp(prefix="plumbline-foreign."))
    known = card((GOLDEN / "gateway.card").read_text())
    cases = json.loads((GOLDEN / "cases.json").read_text())["cases"]
    own = [case for case in cases if case["file"].endswith(".period") and case.get("card") == "gateway.card"]
    try:
        honest = sorted({case["file"] for case in own if case["file"].startswith("honest-")})
        for name in honest:
            check_period(steps, GOLDEN / name, folder / name, known)
        if cbor2:
            for name in ("reading-honest.reading", "reading-config.reading", "reading-card-inside.reading"):
                check_reading(steps, GOLDEN / name, known)
            for name in ("item-altered", "leaf-altered", "leaf-dropped", "range-proof-altered", "path-broken", "manifest-stale", "tar-mode", "config-swapped"):
                file = f"{name}.period"
                try:
                    noticed = not check_period(None, GOLDEN / file, folder / file, known)
                except (AssertionError, ValueError, IndexError, KeyError, struct.error, subprocess.CalledProcessError):
                    noticed = True
                steps.check(noticed, f"{file}: foreign means notice it too")
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    steps.finish()


if __name__ == "__main__":
    main()
