"""How the files evidence/stamped-*.period, their cards and evidence/timestamp.json were made: tokens of this folder are
put into files of another implementation; GNU tar writes the archive. Usage: stamped.py, after make.sh."""

import hashlib
import json
import pathlib
import subprocess
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
EVIDENCE = HERE.parent / "evidence"
TAR = "tar --format=ustar --owner=0 --group=0 --numeric-owner --mtime=@0 --mode=0644 --no-recursion -b 1 -cf".split()


def head(major, number):
    if number < 24:
        return bytes([major << 5 | number])
    for code, size in ((24, 1), (25, 2), (26, 4), (27, 8)):
        if number < 1 << 8 * size:
            return bytes([major << 5 | code]) + number.to_bytes(size, "big")
    raise ValueError(number)


def cbor(value):
    if isinstance(value, int):
        return head(0, value) if value >= 0 else head(1, -1 - value)
    if isinstance(value, bytes):
        return head(2, len(value)) + value
    if isinstance(value, str):
        return head(3, len(value.encode())) + value.encode()
    return head(4, len(value)) + b"".join(cbor(item) for item in value)


def decode(data):
    major, number, data = data[0] >> 5, data[0] & 31, data[1:]
    if number >= 24:
        size = 1 << number - 24
        number, data = int.from_bytes(data[:size], "big"), data[size:]
    if major in (0, 1):
        return (number if major == 0 else -1 - number), data
    if major in (2, 3):
        piece = data[:number]
        return (piece if major == 2 else piece.decode()), data[number:]
    items = []
    for _ in range(number):
        item, data = decode(data)
        items.append(item)
    return items, data


def token(name, damage=None):
    data = bytearray((HERE / name).read_bytes())
    if damage is not None:
        data[damage] ^= 1
    return bytes(data)


def make(name, base, tokens):
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        subprocess.run(["tar", "-xf", EVIDENCE / base, "-C", folder], check=True)
        for seq, data in tokens.items():
            (folder / "11-anchors" / f"{seq:08}.tsr").write_bytes(data)
        names = sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())
        manifest, rest = decode((folder / "00-manifest.cbor").read_bytes())
        assert rest == b""
        contents = [(member, (folder / member).read_bytes()) for member in names[1:]]
        manifest[8] = [[member, len(data), hashlib.sha256(data).digest()] for member, data in contents]
        (folder / "00-manifest.cbor").write_bytes(cbor(manifest))
        subprocess.run(TAR + [EVIDENCE / name] + names, cwd=folder, check=True)


def fingerprint(pem):
    der = subprocess.run(["openssl", "x509", "-outform", "DER"], input=pem, capture_output=True, check=True).stdout
    return hashlib.sha256(der).hexdigest()


def signer(name):
    """The first certificate in a token."""
    inner = subprocess.run(
        ["openssl", "ts", "-reply", "-in", HERE / name, "-token_out"], capture_output=True, check=True).stdout
    pem = subprocess.run(
        ["openssl", "pkcs7", "-inform", "DER", "-print_certs"], input=inner, capture_output=True, check=True).stdout
    return fingerprint(pem)


def card(name, base, hashes):
    (EVIDENCE / name).write_text((EVIDENCE / base).read_text() + "".join(f"tsa {value}\n" for value in hashes))


hashes = [signer("rsa.tsr"), fingerprint((HERE / "root-p384.pem").read_bytes())]
card("gateway-tsa.card", "gateway.card", hashes)
card("self-network-tsa.card", "self-network.card", hashes)
honest = {2: token("anchor-2.tsr"), 3: token("anchor-3.tsr"), 4: token("rsa.tsr")}
make("stamped-all.period", "honest-full.period", honest)
make("stamped-self-network.period", "honest-self-network.period", {4: token("rsa.tsr")})
make("stamped-chain.period", "honest-full.period", {4: token("p256-chain.tsr")})
make("stamped-late.period", "honest-full.period", {4: token("late.tsr")})
make("stamped-early.period", "honest-full.period", {4: token("early.tsr")})
make("stamped-expired.period", "honest-full.period", {4: token("expired.tsr")})
make("stamped-other-anchor.period", "honest-full.period", {4: token("anchor-3.tsr")})
make("stamped-refusal.period", "honest-full.period", {4: token("rejected.tsr")})
make("stamped-damaged.period", "honest-full.period", {4: token("rsa.tsr", damage=-1)})
NOTES = ["W_ANCHORS_UNWATCHED", "W_NO_OUTSIDE_MEMORY"]
CASES = [
    ("all", "gateway-tsa", [], "a token for every anchor, by a signer on the card"),
    ("all", "gateway", ["W_TIME_STAMP_UNCHECKED"], "the card names no authority"),
    ("chain", "gateway-tsa", [], "an authority on the card that is inside the token"),
    ("chain", "gateway", ["W_TIME_STAMP_UNCHECKED"], "the card names no authority"),
    ("self-network", "self-network-tsa", ["W_SELF_NETWORK", "W_SINGLE_SIGNER"], "a bracket by the token alone"),
    ("late", "gateway-tsa", [], "a token after the milestone bounds nothing more"),
    ("early", "gateway-tsa", ["E_POSTDATED", "E_TIME_STAMP"], "a token before entries and before the cited milestone"),
    ("expired", "gateway-tsa", ["E_TIME_STAMP"], "a signer whose certificate had expired"),
    ("other-anchor", "gateway-tsa", ["E_TIME_STAMP"], "a token over another anchor's note"),
    ("refusal", "gateway-tsa", ["E_TIME_STAMP"], "an authority's refusal in place of a token"),
    ("damaged", "gateway-tsa", ["E_TIME_STAMP"], "one bit of the signature"),
    ("damaged", "gateway", ["E_TIME_STAMP"], "a wrong signature is wrong without trust too"),
]
(EVIDENCE / "timestamp.json").write_text(
    json.dumps(
        {
            "cases": [
                {
                    "file": f"stamped-{name}.period", "card": f"{card}.card",
                    "exit": 1 if any(code.startswith("E_") for code in codes) else 0,
                    "findings": sorted(NOTES + codes), "what": what,
                }
                for name, card, codes, what in CASES
            ]
        }, indent=1) + "\n")
