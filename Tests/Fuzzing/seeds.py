"""Seeds for the fuzzer's targets out of the golden files.

    python seeds.py FOLDER

FOLDER/TARGET/… : the parts of the honest files, one input each."""

import pathlib
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "Independent"))
from period import members, read_items, read_leaves  # noqa: E402
from primitives import cbor, sha  # noqa: E402

VECTORS = HERE.parent / "Vectors"


def parts(files):
    """(target, bytes) of one period file's members."""
    for name, data in files.items():
        kind = name.rpartition(".")[2]
        target = {"00-manifest.cbor": "member-manifest", "01-policy.card": "member-card", "02-context.cbor": "member-context",
                  "03-leaves": "member-leaves", "04-range.proof": "member-range-proof", "05-configs.cbor": "member-configs",
                  "31-openings.cbor": "member-openings"}.get(name)
        if target:
            yield target, data
        if kind == "cbor":
            yield "cbor", data
        elif kind in ("note", "block", "milestone", "path", "card"):
            yield kind, data
        if kind == "note":
            yield "member-note", data
            lines = data.decode().splitlines()
            yield "signature-line", lines[-1].encode()
        if kind == "cosig":
            yield "member-cosignatures", data
            for line in data.decode().splitlines():
                yield "signature-line", line.encode()
        if kind == "tsr":
            yield "token", data
            yield "member-token", data
        if name.startswith("30-items/"):
            yield "member-items", data
            for kind, _, _, item in read_items(data)[:20]:
                if kind == 0:
                    yield "item", item
                    yield "payload", cbor(item)[4]
        if name == "01-policy.card":
            for line in data.decode().splitlines():
                if line.startswith("log-key "):
                    yield "verifier-key", line[8:].encode()
    for leaf in read_leaves(files["03-leaves"]) + [entry[1] for entry in cbor(files["02-context.cbor"])[0]]:
        yield "leaf", leaf
    for _, items in cbor(files["05-configs.cbor"]):
        for shown, item in items:
            if shown == 0:
                yield "configuration-item", item
    for _, items in cbor(files.get("31-openings.cbor", b"\x80")):
        for item in items:
            yield "item", item
            value = cbor(item)
            if value[1] in (2, 3):
                yield "commitment-payload", value[4]


def everything():
    for folder in ("evidence", "evidence-own"):
        for path in sorted((VECTORS / folder).iterdir()):
            data = path.read_bytes()
            if path.suffix == ".card":
                yield "card", data
            elif path.suffix == ".reading":
                yield "reading", data
                if path.stem == "reading-honest":
                    yield "anchor-payload", cbor(data)[9]
            elif path.suffix == ".period" and path.stem.startswith(("honest", "stamped-a", "cosigned", "key", "end", "later")):
                yield "period", data
                yield "ustar", data
                yield from parts(members(data))
    for path in sorted((VECTORS / "timestamp").iterdir()):
        if path.suffix == ".tsr":
            yield "token", path.read_bytes()
        elif path.suffix == ".pem":
            yield "certificates", path.read_bytes()


def main():
    folder = pathlib.Path(sys.argv[1])
    count = 0
    for target, data in everything():
        place = folder / target
        place.mkdir(parents=True, exist_ok=True)
        (place / sha(data).hex()[:16]).write_bytes(data)
        count += 1
    print(f"{count} seeds")


if __name__ == "__main__":
    main()
