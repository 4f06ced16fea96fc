"""Encodings, trees, notes, blocks and milestones, from Docs/formats.md sections 1 to 3. Bytes from outside raise `Bad`."""

import base64
import hashlib

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

DEPTH_MAX = 16


class Bad(Exception):
    """What was read is not what the page says; `code` is the finding."""

    def __init__(self, code, why=""):
        super().__init__(f"{code}: {why}")
        self.code = code


# MARK: hashes

def sha(*parts):
    return hashlib.sha256(b"".join(parts)).digest()


def b2(*parts):
    return hashlib.blake2b(b"".join(parts), digest_size=32).digest()


def leaf_hash(data):
    return sha(b"\x00", data)


def node(left, right):
    return sha(b"\x01", left, right)


# MARK: deterministic CBOR (section 1)

def cbor(data, code="E_NONCANONICAL", cut=None):
    """The one value that `data` is: int, bytes, str, list or None. `cut`: the finding for bytes that end too early, go on
    behind the value or nest too deeply, where that is another."""
    cut = cut or code
    value, end = _cbor(data, 0, 0, code, cut)
    if end != len(data):
        raise Bad(cut, "trailing bytes")
    return value


def part(data):
    """The value of a whole part of a file."""
    return cbor(data, "E_NONCANONICAL", "E_MALFORMED")


def _cbor(data, at, depth, code, cut):
    if at >= len(data):
        raise Bad(cut, "cut")
    first = data[at]
    major, info = first >> 5, first & 31
    if first == 0xF6:
        return None, at + 1
    if major in (5, 6, 7):
        raise Bad(code, f"initial byte {first:#x}")
    at += 1
    if info < 24:
        number = info
    elif info <= 27:
        width = 1 << (info - 24)
        if at + width > len(data):
            raise Bad(cut, "cut")
        number = int.from_bytes(data[at:at + width], "big")
        at += width
        if number < 24 or width > 1 and number < 1 << (4 * width):
            raise Bad(code, "a number that is longer than needed")
    else:
        raise Bad(code, "indefinite or reserved length")
    if major == 0:
        return number, at
    if major == 1:
        if number >= 1 << 63:
            raise Bad(code, "below -2^63")
        return -1 - number, at
    if major in (2, 3):
        if number > len(data) - at:
            raise Bad(cut, "cut")
        piece = data[at:at + number]
        if major == 2:
            return piece, at + number
        try:
            return piece.decode("utf-8"), at + number
        except UnicodeDecodeError:
            raise Bad(code, "text that is not UTF-8") from None
    if depth + 1 > DEPTH_MAX:
        raise Bad(cut, "nested too deeply")
    if number > len(data) - at:
        raise Bad(cut, "cut")
    items = []
    for _ in range(number):
        item, at = _cbor(data, at, depth + 1, code, cut)
        items.append(item)
    return items, at


# MARK: RFC 6962 trees (section 2)

def root(hashes):
    if not hashes:
        return sha()
    if len(hashes) == 1:
        return hashes[0]
    split = 1 << ((len(hashes) - 1).bit_length() - 1)
    return node(root(hashes[:split]), root(hashes[split:]))


def inclusion_root(index, size, leaf, proof):
    """The root that an inclusion proof leads to (RFC 9162 section 2.1.3.2), or None when it has a wrong length."""
    if index >= size:
        return None
    first, last, found = index, size - 1, leaf
    for step in proof:
        if last == 0:
            return None
        if first & 1 or first == last:
            found = node(step, found)
            while not first & 1 and first:
                first, last = first >> 1, last >> 1
        else:
            found = node(found, step)
        first, last = first >> 1, last >> 1
    return found if last == 0 else None


def consistent(old, new, old_root, new_root, proof):
    """RFC 9162 section 2.1.4.2."""
    if old == new:
        return not proof and old_root == new_root
    if not 0 < old < new or not proof:
        return False
    proof = list(proof)
    if old & (old - 1) == 0:
        proof.insert(0, old_root)
    first, last = old - 1, new - 1
    while first & 1:
        first, last = first >> 1, last >> 1
    left = right = proof[0]
    for step in proof[1:]:
        if last == 0:
            return False
        if first & 1 or first == last:
            left, right = node(step, left), node(step, right)
            while not first & 1 and first:
                first, last = first >> 1, last >> 1
        else:
            right = node(right, step)
        first, last = first >> 1, last >> 1
    return left == old_root and right == new_root and last == 0


def maximal_subtrees(start, end):
    """Sizes and places of the largest complete subtrees that cover [start, end), left to right."""
    while start < end:
        size = start & -start if start else 1 << (end.bit_length() - 1)
        while start + size > end:
            size >>= 1
        yield start, size
        start += size


class Stack:
    """Complete subtrees from the left, merged as they grow."""

    def __init__(self):
        self.parts = []  # (start, size, hash)

    def push(self, start, size, value):
        self.parts.append((start, size, value))
        while len(self.parts) > 1:
            (s1, n1, h1), (_, n2, h2) = self.parts[-2:]
            if n1 != n2 or s1 % (2 * n1):
                break
            self.parts[-2:] = [(s1, 2 * n1, node(h1, h2))]

    def root(self):
        if not self.parts:
            return sha()
        value = self.parts[-1][2]
        for _, _, left in reversed(self.parts[:-1]):
            value = node(left, value)
        return value


# MARK: Ed25519 and notes (section 3)

_P = 2**255 - 19
_L = 2**252 + 27742317777372353535851937790883648493
_D = -121665 * pow(121666, _P - 2, _P) % _P


def _small_order(key):
    """Whether the key, if it is a point at all, has an order that divides 8; also for a key that is no point."""
    y = int.from_bytes(key, "little") & (2**255 - 1)
    if y >= _P:
        return True
    u, v = (y * y - 1) % _P, (_D * y * y + 1) % _P
    x2 = u * pow(v, _P - 2, _P) % _P
    x = pow(x2, (_P + 3) // 8, _P)
    if (x * x - x2) % _P:
        x = x * pow(2, (_P - 1) // 4, _P) % _P
    if (x * x - x2) % _P:
        return True
    for _ in range(3):  # three doublings
        t = _D * x * x * y * y % _P
        x, y = 2 * x * y * pow(1 + t, _P - 2, _P) % _P, (y * y + x * x) * pow(1 - t, _P - 2, _P) % _P
    return x == 0 and y == 1


def signed(key, message, signature):
    if len(key) != 32 or len(signature) != 64 or int.from_bytes(signature[32:], "little") >= _L or _small_order(key):
        return False
    try:
        Ed25519PublicKey.from_public_bytes(key).verify(signature, message)
        return True
    except (InvalidSignature, ValueError):
        return False


def strict_base64(text, code):
    try:
        data = base64.b64decode(text, validate=True)
    except ValueError:
        raise Bad(code, "base64") from None
    if base64.b64encode(data).decode() != text:
        raise Bad(code, "base64 in another form")
    return data


def verifier_key(text, code="E_SIG"):
    """(name, key id, public key) of a C2SP verifier key."""
    parts = text.split("+", 2)
    if len(parts) != 3:
        raise Bad(code, "no verifier key")
    name, key_id, encoded = parts
    data = strict_base64(encoded, code)
    if len(data) != 33 or data[0] != 1 or sha(name.encode(), b"\n", data)[:4].hex() != key_id:
        raise Bad(code, "verifier key")
    return name, data and bytes.fromhex(key_id), data[1:]


def witness_key(text):
    """(name, key id, public key) of a verifier key for cosignatures (C2SP tlog-cosignature: algorithm 4); None for any other."""
    parts = text.split("+", 2)
    if len(parts) != 3:
        return None
    data = strict_base64(parts[2], "E_MALFORMED")
    if len(data) != 33 or data[0] != 4 or sha(parts[0].encode(), b"\n", data)[:4].hex() != parts[1]:
        return None
    return parts[0], bytes.fromhex(parts[1]), data[1:]


def signature_lines(data, code):
    """[(name, key id, signature)] of lines that each end with LF."""
    try:
        lines = data.decode("utf-8").split("\n")
    except UnicodeDecodeError:
        raise Bad(code, "signature lines are not UTF-8") from None
    if lines.pop() != "" or not 1 <= len(lines) <= 100 or len(data) > 16_384:
        raise Bad(code, "signature lines")
    return [signature_line(line, code) for line in lines]


def signature_line(line, code):
    parts = line.split(" ")
    if len(parts) != 3 or parts[0] != "\u2014" or not parts[1] or "+" in parts[1]:
        raise Bad(code, "signature line")
    blob = strict_base64(parts[2], code)
    if len(blob) < 5:
        raise Bad(code, "signature")
    return parts[1], blob[:4], blob[4:]


def cosigned(key, text, signature):
    """Whether a cosignature/v1 holds over a checkpoint's text (C2SP tlog-cosignature)."""
    if len(signature) != 72:
        return False
    moment = int.from_bytes(signature[:8], "big")
    return signed(key, f"cosignature/v1\ntime {moment}\n{text}".encode(), signature[8:])


def note_text(origin, size, root_hash):
    return f"{origin}\n{size}\n{base64.b64encode(root_hash).decode()}\n"


def read_note(data):
    """(origin, size, root, [(name, key id, signature)]) of a checkpoint; exactly three lines."""
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        raise Bad("E_SIG", "note is not UTF-8") from None
    if any(ord(c) < 32 and c != "\n" or ord(c) == 127 for c in text):
        raise Bad("E_SIG", "control character")
    head, gap, tail = text.rpartition("\n\n")
    lines = head.split("\n")
    if not gap or "+" in lines[0] or any(c.isspace() for c in lines[0]):
        raise Bad("E_SIG", "a name that is none")
    if len(lines) != 3 or not tail.endswith("\n"):
        raise Bad("E_SIG", "not three lines and a signature")
    if not lines[1].isascii() or not lines[1].isdigit() or str(int(lines[1])) != lines[1] or int(lines[1]) >= 1 << 64:
        raise Bad("E_SIG", "size")
    value = strict_base64(lines[2], "E_SIG")
    if len(value) != 32:
        raise Bad("E_SIG", "root")
    signatures = []
    for line in tail[:-1].split("\n"):
        signatures.append(signature_line(line, "E_SIG"))
    if len(signatures) > 100:
        raise Bad("E_SIG", "too many signatures")
    return lines[0], int(lines[1]), value, signatures


# MARK: blocks and proof of work

class Reader:
    def __init__(self, data, code):
        self.data, self.at, self.code = data, 0, code

    def take(self, count):
        if count > len(self.data) - self.at:
            raise Bad(self.code, "cut")
        self.at += count
        return self.data[self.at - count:self.at]

    def number(self, width):
        return int.from_bytes(self.take(width), "little")

    def end(self):
        if self.at != len(self.data):
            raise Bad(self.code, "trailing bytes")


def block_payload(data):
    """(tag, data) of a tagged-data block; `E_BLOCK_ID` for anything that is no legal block."""
    if len(data) > 32_768:
        raise Bad("E_BLOCK_ID", "too large")
    reader = Reader(data, "E_BLOCK_ID")
    if reader.number(1) != 2:
        raise Bad("E_BLOCK_ID", "protocol version")
    count = reader.number(1)
    parents = [reader.take(32) for _ in range(count)]
    if not 1 <= count <= 8 or parents != sorted(set(parents)):
        raise Bad("E_BLOCK_ID", "parents")
    length = reader.number(4)
    payload = Reader(reader.take(length), "E_BLOCK_ID")
    if payload.number(4) != 5:
        raise Bad("E_BLOCK_ID", "payload type")
    tag = payload.take(payload.number(1))
    if len(tag) > 64:
        raise Bad("E_BLOCK_ID", "tag")
    content = payload.take(payload.number(4))
    payload.end()
    reader.take(8)
    reader.end()
    return tag, content


def _b1t6(data):
    trits = []
    for byte in data:
        value = byte - 256 if byte > 127 else byte
        for _ in range(6):
            trit = (value + 1) % 3 - 1
            trits.append(trit)
            value = (value - trit) // 3
    return trits


_TABLE = [1, 0, -1, 2, 1, -1, 0, 2, -1, 1, 0]
_ORDER = [0]
for _ in range(729):
    _ORDER.append(_ORDER[-1] + 364 if _ORDER[-1] < 365 else _ORDER[-1] - 365)


def work_zeros(block):
    """Trailing zero trits of Curl-P-81 over digest, nonce and three zeros."""
    state = (_b1t6(b2(block[:-8])) + _b1t6(block[-8:]) + [0] * 3 + [0] * 486)[:729]
    for _ in range(81):
        state = [_TABLE[state[_ORDER[k]] + 4 * state[_ORDER[k + 1]] + 5] for k in range(729)]
    zeros = 0
    while zeros < 243 and state[242 - zeros] == 0:
        zeros += 1
    return zeros


# MARK: milestones

class Milestone:
    def __init__(self, data):
        code = "E_MILESTONE_SIG"
        reader = Reader(data, code)
        if reader.number(4) != 7:
            raise Bad(code, "payload type")
        start = reader.at
        self.index, self.time = reader.number(4), reader.number(4)
        reader.take(1)
        reader.take(32)
        parents = [reader.take(32) for _ in range(reader.number(1))]
        if not 1 <= len(parents) <= 8 or parents != sorted(set(parents)):
            raise Bad(code, "parents")
        self.inclusion_root = reader.take(32)
        reader.take(32)
        reader.take(reader.number(2))
        options = reader.number(1)
        for _ in range(options):
            kind = reader.number(1)
            if kind == 1:  # protocol parameters: target index, version, bytes
                reader.take(4)
                reader.take(1)
                reader.take(reader.number(2))
            else:
                raise Bad(code, "option")
        self.essence = data[start:reader.at]
        self.id = b2(self.essence)
        count = reader.number(1)
        self.signatures = []
        for _ in range(count):
            if reader.number(1) != 0:
                raise Bad(code, "signature type")
            self.signatures.append((reader.take(32), reader.take(64)))
        reader.end()
        keys = [key for key, _ in self.signatures]
        if not keys or keys != sorted(set(keys)):
            raise Bad(code, "signers")

    def judge(self, card):
        """Findings of its signatures against the card's keys and threshold of holders."""
        holders, findings = set(), set()
        for key, signature in self.signatures:
            known = [entry for entry in card.milestone_keys
                     if entry[0] == key and entry[1] <= self.index and (entry[2] == 0 or self.index <= entry[2])]
            if not known:
                findings.add("E_UNKNOWN_KEY")
            elif not signed(key, self.id, signature):
                findings.add("E_MILESTONE_SIG")
            else:
                holders.add(known[0][3])
        if not findings and len(holders) < card.threshold:
            findings.add("E_MILESTONE_SIG")
        return findings


def path_root(block_id, path):
    if len(path) % 33:
        return None
    value = b2(b"\x00", block_id)
    for at in range(0, len(path), 33):
        side, sibling = path[at], path[at + 1:at + 33]
        if side > 1:
            return None
        value = b2(b"\x01", sibling, value) if side == 0 else b2(b"\x01", value, sibling)
    return value
