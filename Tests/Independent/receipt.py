"""COSE Receipts, from Docs/formats.md section 3.1: `check(receipt, entry, vkey)` is the size of the tree, or raises `Bad`."""

import json
import pathlib
import sys

from primitives import Bad, cbor, inclusion_root, leaf_hash, signed, verifier_key


def head(major, number):
    """The shortest head of a CBOR item."""
    if number < 24:
        return bytes([major << 5 | number])
    width = next(w for w in (1, 2, 4, 8) if number < 1 << 8 * w)
    return bytes([major << 5 | 24 + (width.bit_length() - 1)]) + number.to_bytes(width, "big")


def string(data):
    return head(2, len(data)) + data


def text(data):
    return head(3, len(data.encode())) + data.encode()


def taken(data, expected):
    if not data.startswith(expected):
        raise Bad("E_MALFORMED", f"{expected.hex()} is not next")
    return data[len(expected):]


def next_string(data):
    """One byte string and what is behind it."""
    for width, opening in ((0, None), (1, 0x58), (2, 0x59)):
        if not data or (opening is None) != (0x40 <= data[0] < 0x58) or opening not in (None, data[0]):
            continue
        length = int.from_bytes(data[1:1 + width], "big") if width else data[0] & 31
        found = data[1 + width:1 + width + length]
        if string(found) == data[:1 + width + length]:
            return found, data[1 + width + length:]
    raise Bad("E_MALFORMED", "no byte string in its shortest form")


def check(receipt, entry, vkey):
    name, key_id, key = verifier_key(vkey)
    rest = taken(receipt, b"\xd2\x84")
    protected, rest = next_string(rest)
    proof, rest = next_string(taken(rest, b"\xa1\x19\x01\x8c\xa1\x20\x81"))
    signature, rest = next_string(taken(rest, b"\xf6"))
    parts = cbor(proof)
    if rest or not isinstance(parts, list) or len(parts) != 3 or len(signature) != 64:
        raise Bad("E_MALFORMED", "another shape")
    size, index, path = parts
    if type(size) is not int or type(index) is not int or not 0 <= index < size:
        raise Bad("E_MALFORMED", "size and index")
    if not isinstance(path, list) or not path or any(not isinstance(h, bytes) or len(h) != 32 for h in path):
        raise Bad("E_MALFORMED", "the path")
    claims = b"\xa2\x01" + text(name) + b"\x02" + text(f"tree/{size}")
    if protected != b"\xa4\x01\x27\x04" + string(key_id) + b"\x0f" + claims + b"\x19\x01\x8b\x01":
        raise Bad("E_ORIGIN", "the header names another key, origin or size")
    root = inclusion_root(index, size, leaf_hash(entry), path)
    if root is None or not signed(key, b"\x84" + text("Signature1") + string(protected) + b"\x40" + string(root), signature):
        raise Bad("E_SIG", "leaf, path and signature do not fit")
    return size


def main():
    cases = json.loads((pathlib.Path(__file__).parents[1] / "Vectors" / "log" / "cose_receipt.json").read_text())
    failed = 0
    for case in cases:
        receipt, entry = bytes.fromhex(case["receipt"]), bytes.fromhex(case["leaf"])
        failed += check(receipt, entry, case["vkey"]) != case["size"]
        for at in range(len(receipt)):
            broken = bytearray(receipt)
            broken[at] ^= 1 << at % 8
            try:
                check(bytes(broken), entry, case["vkey"])
                failed += 1
                print(f"leaf {case['index']} of {case['size']}: byte {at} may be another")
            except Bad:
                pass
    print(f"{len(cases)} receipts, {failed} failures")
    sys.exit(1 if failed or not cases else 0)


if __name__ == "__main__":
    main()
