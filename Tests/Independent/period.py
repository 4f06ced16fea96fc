"""A period file: container, core audit and the checks around it, from Docs/formats.md sections 5 and 7."""

import re

from card import Card
from keys import Keys, agrees, holds, read_statements
from leaves import Configuration, Leaf, check_payload, is_bytes, is_number, opens
from primitives import (
    Bad, Milestone, Stack, b2, block_payload, cbor, consistent, inclusion_root, leaf_hash, maximal_subtrees, note_text,
    cosigned, part, path_root, read_note, root, sha, signature_lines, signed, witness_key, work_zeros,
)
from tokens import Token

EMPTY = {"W_ANCHORS_UNWATCHED"}


# MARK: container

def header(name, size):
    fields = [
        name.encode().ljust(100, b"\0"), b"0000644\0", b"0000000\0", b"0000000\0", b"%011o\0" % size, b"00000000000\0",
        b" " * 8, b"0", b"\0" * 100, b"ustar\0", b"00", b"\0" * 32, b"\0" * 32, b"0000000\0", b"0000000\0", b"\0" * 155,
        b"\0" * 12,
    ]
    total = sum(b"".join(fields))
    fields[6] = b"%06o\0 " % total
    return b"".join(fields)


def members(data):
    code, found, at = "E_MALFORMED", {}, 0
    if len(data) % 512 or len(data) < 1024:
        raise Bad(code, "length")
    while data[at:at + 512] != bytes(512):
        head = data[at:at + 512]
        name = head[:100].rstrip(b"\0").decode("ascii", "replace")
        size_text = head[124:135]
        if len(head) < 512 or not re.fullmatch(rb"[0-7]{11}", size_text):
            raise Bad(code, "header")
        size = int(size_text, 8)
        if head != header(name, size) or (found and name <= max(found)):
            raise Bad(code, f"header of {name}")
        at += 512
        padded = (size + 511) // 512 * 512
        content = data[at:at + padded]
        if len(content) < padded or any(content[size:]):
            raise Bad(code, f"content of {name}")
        found[name] = content[:size]
        at += padded
    if data[at:] != bytes(1024):
        raise Bad(code, "end")
    return found


NAMES = re.compile(
    r"0[0-6]-(manifest\.cbor|policy\.card|context\.cbor|leaves|range\.proof|configs\.cbor|compromised\.cbor)|10-checkpoints/\d{8}\.note"
    r"|11-anchors/\d{8}\.(block|cosig|milestone|path|tsr)|12-beacons/\d{8}\.milestone|30-items/\d{4}-\d\d-\d\d"
    r"|31-openings\.cbor|99-README\.txt")
NEEDED = ["00-manifest.cbor", "01-policy.card", "02-context.cbor", "03-leaves", "04-range.proof", "05-configs.cbor",
          "99-README.txt"]


def hashes_of(data):
    if len(data) % 32:
        raise Bad("E_MALFORMED", "hashes")
    return [data[at:at + 32] for at in range(0, len(data), 32)]


def read_leaves(data):
    found, at = [], 0
    while at < len(data):
        size = int.from_bytes(data[at:at + 2], "big")
        if at + 2 + size > len(data):
            raise Bad("E_MALFORMED", "leaves")
        found.append(data[at + 2:at + 2 + size])
        at += 2 + size
    return found


def read_items(data):
    found, at = [], 0
    while at < len(data):
        if at + 13 > len(data):
            raise Bad("E_MALFORMED", "items")
        kind, k, stream = data[at], int.from_bytes(data[at + 1:at + 9], "big"), int.from_bytes(data[at + 9:at + 13], "big")
        at += 13
        if kind == 0:
            size = int.from_bytes(data[at:at + 4], "big")
            at += 4
        elif kind in (1, 2):
            size = 32
        else:
            raise Bad("E_MALFORMED", "kind of an item")
        if at + size > len(data):
            raise Bad("E_MALFORMED", "item")
        found.append((kind, k, stream, data[at:at + size]))
        at += size
    return found


def proof_of(value):
    if not isinstance(value, list) or not all(is_bytes(v, 32) for v in value):
        raise Bad("E_MALFORMED", "proof")
    return value


class Anchor:
    """One listed anchor: note, block, milestone and path, each as far as it could be read."""

    def __init__(self, seq, note, block, milestone, path):
        self.seq, self.block, self.milestone_bytes, self.path = seq, block, milestone, path
        self.note_bytes = note
        self.note = self.payload = self.milestone = None
        self.cosignatures = []
        self.findings = set()
        self.is_block = False

    def open(self, card, keys):
        """Reads the note; its findings are those of the note alone."""
        origin, size, value, signatures = read_note(self.note_bytes)
        if origin != card.origin:
            raise Bad("E_ORIGIN", "note")
        self.size, self.root = size, value
        message = note_text(origin, size, value).encode()
        for key_id, key in keys.at(size):
            ours = [s for name, i, s in signatures if name == card.key_name and i == key_id]
            if ours and all(signed(key, message, signature) for signature in ours):
                self.payload = b"\x01" + size.to_bytes(8, "big") + value + key_id + ours[0]
                return
        raise Bad("E_SIG", "note")

    def prove(self, card, tag):
        """Block, work, path and milestone: the findings, and whether time can be taken from it."""
        findings = set()
        try:
            block_tag, content = block_payload(self.block)
        except Bad as bad:
            # Nothing else is judged, but times are still compared.
            try:
                self.milestone = Milestone(self.milestone_bytes)
                self.confirmed_ms = self.milestone.time * 1000
            except Bad:
                pass
            return {bad.code}
        self.is_block = True
        if content != self.payload or block_tag != tag:
            findings.add("E_ANCHOR_MISMATCH")
        if 3 ** work_zeros(self.block) < card.min_score * len(self.block):
            findings.add("E_POW")
        try:
            milestone = Milestone(self.milestone_bytes)
        except Bad as bad:
            return findings | {bad.code}
        findings |= milestone.judge(card)
        if path_root(b2(self.block), self.path) != milestone.inclusion_root:
            findings.add("E_INCLUSION")
        self.milestone = milestone
        self.confirmed_ms = milestone.time * 1000
        return findings


class PeriodAudit:
    def __init__(self, data, card, from_ms=None, to_ms=None):
        self.findings = set()
        self.files = members(data)
        self.card, self.asked = card, (from_ms, to_ms)
        try:
            self._container()
            self._parts()
        except Bad as bad:
            if bad.code not in ("E_NONCANONICAL", "E_VERSION"):
                raise
            # What stands beside every result stands here too.
            self.stopped = EMPTY | {bad.code} | (card.notes() if card else set())
            return
        self._choose()

    stopped = None

    def _container(self):
        code, files = "E_MALFORMED", self.files
        if any(name not in files for name in NEEDED) or any(not NAMES.fullmatch(name) for name in files):
            raise Bad(code, "members")
        manifest = part(files["00-manifest.cbor"])
        if not isinstance(manifest, list) or not manifest:
            raise Bad(code, "manifest")
        if manifest[0] != 1:
            raise Bad("E_VERSION", "manifest")
        if len(manifest) != 9 or manifest[1] != "period":
            raise Bad(code, "manifest")
        _, _, self.origin, self.seq_a, self.seq_b, self.from_ms, self.to_ms, disclosed, listed = manifest
        if not all(is_number(v) for v in (self.seq_a, self.seq_b, self.from_ms, self.to_ms)):
            raise Bad(code, "manifest numbers")
        if not isinstance(disclosed, list) or not isinstance(listed, list):
            raise Bad(code, "manifest lists")
        self.disclosed = set(disclosed)
        rest = [[name, len(content), sha(content)] for name, content in files.items() if name != "00-manifest.cbor"]
        if listed != rest:
            raise Bad(code, "manifest is unlike the members")

    def _choose(self):
        files = self.files
        if self.card is None:
            self.card = Card(files["01-policy.card"].decode("utf-8", "strict"))
            self.findings.add("W_POLICY_FROM_FILE")
        if self.origin != self.card.origin:
            raise Bad("E_ORIGIN", "card of another gateway")
        self.tag = b"twa1" + sha(self.origin.encode())[:16]
        self.t1 = self.from_ms if self.asked[0] is None else self.asked[0]
        self.t2 = self.to_ms if self.asked[1] is None else self.asked[1]

    def _parts(self):
        files = self.files
        context = part(files["02-context.cbor"])
        if not (isinstance(context, list) and len(context) == 2 and all(isinstance(v, list) for v in context)):
            raise Bad("E_MALFORMED", "context")
        self.context = []
        for entry in context[0]:
            if not (isinstance(entry, list) and len(entry) == 4 and is_number(entry[0]) and is_bytes(entry[1])
                    and is_number(entry[2])):
                raise Bad("E_MALFORMED", "context leaf")
            self.context.append((entry[0], entry[1], entry[2], proof_of(entry[3])))
        indices = [entry[0] for entry in self.context]
        if indices != sorted(set(indices)):
            raise Bad("E_MALFORMED", "order of context leaves")
        self.consistency = {}
        for entry in context[1]:
            if not (isinstance(entry, list) and len(entry) == 2 and is_number(entry[0])):
                raise Bad("E_MALFORMED", "consistency")
            self.consistency[entry[0]] = proof_of(entry[1])
        self.leaf_bytes = read_leaves(files["03-leaves"])
        self.range_proof = hashes_of(files["04-range.proof"])
        self.items = [item for name in sorted(files) if name.startswith("30-items/") for item in read_items(files[name])]
        notes = {int(n[15:23]): c for n, c in files.items() if n.startswith("10-")}
        parts = {(int(n[11:19]), n[20:]): c for n, c in files.items() if n.startswith("11-")}
        self.anchors = []
        for seq in sorted(notes):
            kinds = ["block", "milestone", "path"]
            if any((seq, kind) not in parts for kind in kinds):
                raise Bad("E_MALFORMED", f"parts of anchor {seq}")
            anchor = Anchor(seq, notes[seq], *(parts[seq, kind] for kind in kinds))
            if (seq, "cosig") in parts:
                anchor.cosignatures = signature_lines(parts[seq, "cosig"], "E_MALFORMED")
            anchor.response = parts.get((seq, "tsr"))
            self.anchors.append(anchor)
        if any(seq not in notes for seq, _ in parts):
            raise Bad("E_MALFORMED", "anchor without note")
        self.config_list = part(files["05-configs.cbor"])
        statements = files.get("06-compromised.cbor")
        self.statements = read_statements(part(statements)) if statements is not None else []
        self.opening_list = part(files.get("31-openings.cbor", b"\x80"))
        self.beacons = {int(n[11:19]): c for n, c in files.items() if n.startswith("12-")}
        if not any(a.seq == self.seq_a for a in self.anchors) or not any(a.seq == self.seq_b for a in self.anchors):
            raise Bad("E_MALFORMED", "no A or B")

    # MARK: the run

    def run(self):
        if self.stopped is not None:
            return self.stopped
        self.findings |= EMPTY | self.card.notes()
        self.good = []
        self._keys()
        ended, foreign = None, False
        for anchor in sorted(self.anchors, key=lambda anchor: (anchor.seq not in (self.seq_a, self.seq_b), anchor.seq)):
            is_end = anchor.seq in (self.seq_a, self.seq_b)
            try:
                anchor.open(self.card, self.keys)
            except Bad as bad:
                if is_end:
                    ended = ended or bad.code
                    self.findings |= anchor.prove(self.card, self.tag) - {"E_ANCHOR_MISMATCH"}
                else:
                    foreign = True
                continue
            self.findings |= anchor.prove(self.card, self.tag)
            self._stamp(anchor)
            self.good.append(anchor)
        self._cosignatures()
        if ended:
            self.findings.add(ended)
            return self.findings
        by_seq = {a.seq: a for a in self.good}
        self.a, self.b = by_seq[self.seq_a], by_seq[self.seq_b]
        self._places()
        self._genesis()
        if any(end.milestone is None and end.is_block for end in (self.a, self.b)):
            return self.findings
        if foreign:
            self.findings.add("W_FOREIGN_ANCHOR")
        if self._core():
            self._context()
            self._compromises()
            self._coverage()
            self._beacons()
            self._stamps_against_beacons()
            self._configurations()
            self._payloads()
            self._openings()
        self._milestone_fork()
        return self.findings

    def _stamp(self, anchor):
        """The token beside a note: it bounds from above when somebody who is trusted stands behind it."""
        anchor.stamped_ms = None
        if anchor.response is None:
            return
        try:
            token = Token(anchor.response, anchor.note_bytes, self.card.time_authorities)
        except Bad as bad:
            self.findings.add(bad.code)
            return
        if token.is_trusted:
            anchor.stamped_ms = token.latest_ms
        else:
            self.findings.add("W_TIME_STAMP_UNCHECKED")

    def _keys(self):
        """The first leaf and every key leaf, of the context and of the range."""
        leaves = [(index, data) for index, data, _, _ in self.context]
        try:
            start = next(read_note(a.note_bytes)[1] for a in self.anchors if a.seq == self.seq_a)
            leaves += [(start + offset, data) for offset, data in enumerate(self.leaf_bytes) if data[2:3] == b"\x09"]
        except Bad:
            pass
        read = []
        for index, data in sorted(leaves):
            try:
                read.append((index, Leaf(data), data))
            except Bad:
                pass
        self.keys = Keys(self.card, read)
        self.findings |= self.keys.findings
        if not all(holds(entry, self.card) for entry in self.statements):
            self.findings.add("E_SIG")

    def _compromises(self):
        """What statements of theft say of the leaves between A and B."""
        found, a, b = self.findings, self.a, self.b
        for entry in (entry for entry in self.statements if holds(entry, self.card)):
            size, root_hash, _, _, proof = entry
            first, last = self.keys.doubtful(size)
            if size > b.size:
                if not proof:
                    first, last = a.size, b.size - 1
                elif not agrees(entry, b.size, b.root):
                    found.add("E_CONSISTENCY")
                    continue
            elif size >= a.size and self.roots[size] != root_hash:
                found.add("E_FORK")
            if max(first, a.size) <= min(last, b.size - 1):
                found.add("W_COMPROMISED")

    def _cosignatures(self):
        """Lines of the card's witnesses alone count; one of them over B is the memory outside."""
        keys = [key for key in map(witness_key, self.card.witnesses) if key]
        remembered = not self.card.witnesses
        for anchor in self.anchors:
            try:
                origin, size, value, _ = read_note(anchor.note_bytes)
            except Bad:
                continue
            for name, key_id, key in keys:
                lines = [s for n, i, s in anchor.cosignatures if n == name and i == key_id]
                if lines and not all(cosigned(key, note_text(origin, size, value), line) for line in lines):
                    self.findings.add("E_SIG")
                elif lines and anchor.seq == self.seq_b:
                    remembered = True
        if not remembered:
            self.findings.add("W_NO_OUTSIDE_MEMORY")

    def _places(self):
        """Which leaves of the context stand where."""
        start, end = self.a.size, self.b.size
        types, is_whole = {}, True
        for index, data, size, _ in self.context:
            if not (index < start and size == start or index >= end and size > index):
                raise Bad("E_MALFORMED", "a leaf is misplaced in the context")
            try:
                types[index] = Leaf(data).type
            except Bad as bad:
                self.findings.add(bad.code)
                is_whole = False
        if self.context[0][0] != 0 or start - 1 not in [entry[0] for entry in self.context]:
            raise Bad("E_MALFORMED", "a leaf is missing in the context")
        if any(index >= end and kind not in (9, 10) for index, kind in types.items()):
            raise Bad("E_MALFORMED", "a leaf behind the period that says nothing about it")
        before = {kind for index, kind in types.items() if index < start}
        if is_whole and not {4, 8} <= before:
            raise Bad("E_MALFORMED", "no configuration or boot leaf before the period")
        listed = {anchor.seq for anchor in self.anchors}
        if any(seq not in listed for seq in self.consistency):
            raise Bad("E_MALFORMED", "a consistency proof for no anchor")

    def _genesis(self):
        first = self.context[0]
        if leaf_hash(first[1]) != self.card.genesis:
            self.findings.add("E_ORIGIN")

    def _core(self):
        """False when nothing below is authenticated."""
        found, a, b = self.findings, self.a, self.b
        # The same payload twice counts once, at its earliest confirmation.
        listed = {}
        for anchor in sorted((g for g in self.good if g.milestone), key=lambda g: g.milestone.index):
            listed.setdefault(anchor.payload, anchor)
        self.ordered = sorted(listed.values(), key=lambda g: (g.milestone.index, g.seq))
        first_root = {}
        for anchor in self.good:
            if first_root.setdefault(anchor.size, anchor.root) != anchor.root:
                found.add("E_EQUIVOCATION")
        if b.size <= a.size or len(self.leaf_bytes) != b.size - a.size:
            found.add("E_RANGE")
            return False
        left = bin(a.size).count("1")
        proof = self.range_proof
        # Nothing lies right of the range: it reaches to the end of the tree.
        if len(proof) != left:
            found.add("E_RANGE")
            return False
        value = None
        for step in reversed(proof[:left]):
            value = step if value is None else sha(b"\x01", step, value)
        if value != a.root:
            found.add("E_CONSISTENCY")
        stack, self.roots = Stack(), {a.size: a.root}
        for (start, size), step in zip(maximal_subtrees(0, a.size), proof[:left]):
            stack.push(start, size, step)
        for offset, data in enumerate(self.leaf_bytes):
            stack.push(a.size + offset, 1, leaf_hash(data))
            self.roots[a.size + offset + 1] = stack.root()
        if stack.root() != b.root:
            found.add("E_RANGE")
            return False
        self.on_path = {}
        for anchor in self.ordered:
            inside = a.size <= anchor.size <= b.size
            if inside and self.roots.get(anchor.size) == anchor.root:
                self.on_path.setdefault(anchor.size, anchor)
            elif a.size < anchor.size <= b.size and first_root[anchor.size] == anchor.root:
                found.add("E_FORK")
        largest = 0
        for anchor in self.ordered:
            if anchor.size < largest and a.size <= anchor.size <= b.size and anchor.size not in self.on_path:
                found.add("E_ROLLBACK")
            largest = max(largest, anchor.size)
        self.leaves = []
        for data in self.leaf_bytes:
            try:
                self.leaves.append(Leaf(data))
            except Bad as bad:
                found.add(bad.code)
                self.leaves.append(None)
        self.configs = self._read_configs()
        self._intervals()
        self._end()
        self._items()
        self._times()
        return True

    def _end(self):
        """Behind an end stand beacons and erasures."""
        has_ended = False
        for leaf in self.leaves:
            if leaf is None:
                continue
            if has_ended and leaf.type not in (7, 10):
                self.findings.add("E_FORK")
            has_ended |= leaf.type == 12

    def _read_configs(self):
        value = self.config_list
        if not isinstance(value, list):
            raise Bad("E_MALFORMED", "configs")
        found, self.raw_configs = {}, {}
        for entry in value:
            if not (isinstance(entry, list) and len(entry) == 2 and is_bytes(entry[0], 32)):
                raise Bad("E_MALFORMED", "config")
            configuration = Configuration(entry[1])
            if not configuration.is_legal:
                self.findings.add("E_NONCANONICAL")
            if configuration.hash != entry[0]:
                self.findings.add("E_CONFIG_UNKNOWN")
            else:
                found[entry[0]] = configuration
            self.raw_configs[entry[0]] = configuration
        return found

    def _intervals(self):
        found, last, period = self.findings, None, None
        for leaf in self.leaves:
            if leaf is None:
                last = None
                continue
            if leaf.type == 1:
                k, length = leaf.body[0], leaf.body[1]
                if (last is not None and k != last + 1) or (period is not None and length != period):
                    found.add("E_GAP")
                last, period = k, length
            elif leaf.type == 11:
                if (last is not None and leaf.body[0] != last + 1) or leaf.body[1] < leaf.body[0]:
                    found.add("E_GAP")
                last = leaf.body[1]
        self.period = period or 60_000

    def _erasures(self):
        """(stream, from, to, last interval sealed before it) of every declared erasure."""
        declared, sealed = [], None
        for leaf in self.leaves:
            if leaf is None:
                continue
            if leaf.type in (1, 11):
                sealed = leaf.body[0] if leaf.type == 1 else leaf.body[1]
            if leaf.type == 10:
                declared.append((leaf.body[0], leaf.body[1], leaf.body[2], sealed))
        last = sealed
        for index, data, _, _ in self.context:
            if index >= self.b.size:
                try:
                    leaf = Leaf(data)
                except Bad as bad:
                    self.findings.add(bad.code)
                    continue
                if leaf.type == 10:
                    declared.append((leaf.body[0], leaf.body[1], leaf.body[2], max(last or 0, leaf.body[2])))
        return declared

    def _items(self):
        found, at = self.findings, 0
        declared = self._erasures()
        by_k = {}
        for record in self.items:
            by_k.setdefault(record[1], []).append(record)
        self.opened = []  # (k, stream, class, payload) whose hash holds
        for leaf in self.leaves:
            if leaf is None or leaf.type != 1:
                continue
            k, _, _, count, inner, readings, config = leaf.body
            records = by_k.pop(k, [])
            configuration = self.raw_configs.get(config)
            streams = configuration.streams if configuration else None
            if len(records) != count or (streams is not None and len(streams) != count):
                found.add("E_ITEM_COUNT")
                continue
            hashes, mine = [], []
            for place, (kind, _, label, data) in enumerate(records):
                known = streams[place] if streams else None
                stream = known[0] if known else label
                hashes.append(leaf_hash(data) if kind == 0 else data)
                if kind == 0:
                    mine.append((stream, known[1] if known else None, data))
                elif any(s == stream and low <= k <= high and (sealed is not None and k <= sealed)
                         for s, low, high, sealed in declared):
                    found.add("W_ERASED")
                elif kind == 1 and stream not in self.disclosed:
                    found.add("W_WITHHELD")
                else:
                    found.add("E_ERASED_UNDECLARED")
            if root(hashes) != inner:
                found.add("E_ITEM_HASH")
                continue
            # Only what is under the root is judged further.
            opened = []
            for stream, privacy, data in mine:
                try:
                    item = cbor(data)
                except Bad:
                    item = None
                if not (isinstance(item, list) and len(item) == 5 and item[0] == 1 and is_number(item[1], (1 << 32) - 1)
                        and is_number(item[2]) and is_bytes(item[3], 16) and is_bytes(item[4])):
                    found.add("E_NONCANONICAL")
                elif item[2] != k or item[1] != stream:
                    found.add("E_ITEM_HASH")
                else:
                    opened.append((k, stream, privacy, item[4]))
            if len(opened) == len(mine):
                self.opened.append((leaf, streams, opened))
        # Records of an interval that is not there.
        if by_k:
            found.add("E_ITEM_COUNT")

    def _times(self):
        found, a = self.findings, self.a
        beacon_ms = self._lower_bound()
        confirmed = sorted((size, anchor.confirmed_ms) for size, anchor in self.on_path.items() if size > a.size)
        stamps = {}
        for anchor in self.good:
            if anchor.stamped_ms is not None and self.roots.get(anchor.size) == anchor.root:
                stamps[anchor.size] = min(anchor.stamped_ms, stamps.get(anchor.size, anchor.stamped_ms))
        expected = self._seq_before()
        for offset, leaf in enumerate(self.leaves):
            index = a.size + offset
            if leaf is None:
                continue
            marks = [leaf.wall_ms]
            if leaf.type == 1:
                marks.append((leaf.body[0] + 1) * leaf.body[1])
            if beacon_ms is not None and any(mark + 1000 < beacon_ms for mark in marks):
                found.add("E_BACKDATED")
            cover = next((ms for size, ms in confirmed if size > index), None)
            stamped = next((ms for size, ms in sorted(stamps.items()) if size > index), None)
            if any(most is not None and mark > most for mark in marks for most in (cover, stamped)):
                found.add("E_POSTDATED")
            if cover is not None and beacon_ms is not None and cover - beacon_ms > 3_600_000:
                found.add("W_WIDE_BRACKET")
            if leaf.type == 7:
                seq = leaf.body[0]
                if expected is not None and seq != expected:
                    found.add("E_ANCHOR_SEQ")
                expected = seq + 1
                if not any(g.size == index + 1 for g in self.good):
                    found.add("W_UNANCHORED")
                beacon_ms = leaf.body[4] * 1000
        last = self.leaves[-1]
        if last is not None and last.type != 7:
            found.add("W_UNANCHORED")

    def _lower_bound(self):
        """Milliseconds of the milestone that A's beacon cites, when it stands in the file."""
        try:
            leaf = next(Leaf(data) for index, data, _, _ in self.context if index == self.a.size - 1)
            if leaf.type == 7 and leaf.body[0] in self.beacons:
                milestone = Milestone(self.beacons[leaf.body[0]])
                if [milestone.index, milestone.id, milestone.time] == leaf.body[2:]:
                    return milestone.time * 1000
        except Bad:
            pass  # judged where it stands
        return None

    def _stamps_against_beacons(self):
        """A token dated before the milestone that its own note cites."""
        cited = {}
        for index, data in [(i, d) for i, d, _, _ in self.context] + list(enumerate(self.leaf_bytes, self.a.size)):
            try:
                leaf = Leaf(data)
            except Bad:
                continue
            if leaf.type == 7:
                cited[index + 1] = leaf.body[4] * 1000
        for anchor in self.good:
            if anchor.stamped_ms is not None and anchor.stamped_ms < cited.get(anchor.size, 0) - 1000:
                self.findings.add("E_TIME_STAMP")

    def _seq_before(self):
        """The anchor_seq that follows the beacon at size_A - 1, where that is given."""
        for index, data, _, _ in self.context:
            if index == self.a.size - 1:
                try:
                    leaf = Leaf(data)
                except Bad:
                    return None
                return leaf.body[0] + 1 if leaf.type == 7 else None
        return None

    # MARK: around the core

    def _context(self):
        found = self.findings
        proven = {}
        for anchor in self.good:
            if anchor.size > self.b.size:
                if anchor.seq not in self.consistency:
                    found.add("W_ANCHOR_UNCHECKED")
                elif not consistent(self.b.size, anchor.size, self.b.root, anchor.root, self.consistency[anchor.seq]):
                    found.add("E_CONSISTENCY")
                proven[anchor.size] = anchor.root
        for index, data, size, proof in self.context:
            if index < self.a.size:
                wanted = self.a.root if size == self.a.size else None
            else:
                wanted = proven.get(size)
            if wanted is None or inclusion_root(index, size, leaf_hash(data), proof) != wanted:
                found.add("E_INCLUSION")

    def _coverage(self):
        low, high = self.t1 // self.period, (self.t2 - 1) // self.period
        covered = [(leaf.body[0], leaf.body[0] if leaf.type == 1 else leaf.body[1])
                   for leaf in self.leaves if leaf is not None and leaf.type in (1, 11)]
        if not covered or covered[0][0] > low or covered[-1][1] < high:
            self.findings.add("E_GAP")

    def _beacons(self):
        found, a = self.findings, self.a
        leaves = {a.size + offset: leaf for offset, leaf in enumerate(self.leaves) if leaf and leaf.type == 7}
        for index, data, _, _ in self.context:
            if index == a.size - 1:
                try:
                    leaf = Leaf(data)
                except Bad:
                    continue
                if leaf.type == 7:
                    leaves[index] = leaf
        by_seq = {}
        self.milestones = {}
        for seq, data in self.beacons.items():
            try:
                milestone = Milestone(data)
            except Bad as bad:
                found.add(bad.code)
                by_seq[seq] = None
                continue
            findings = milestone.judge(self.card)
            found |= findings
            by_seq[seq] = milestone
            if not findings:
                self.milestones.setdefault(milestone.index, set()).add(milestone.id)
        used = set()
        for index, leaf in sorted(leaves.items()):
            seq, previous, milestone_index, milestone_id, time = leaf.body
            used.add(seq)
            # The last beacon of the file bounds nothing.
            if seq not in by_seq:
                if index != self.b.size - 1:
                    found.add("W_NO_LOWER_BOUND")
            elif by_seq[seq] is not None:
                milestone = by_seq[seq]
                if (milestone.index, milestone.id, milestone.time) != (milestone_index, milestone_id, time):
                    found.add("E_BEACON")
            if previous is not None:
                size, value, block = previous
                same = [g for g in self.good if g.size == size]
                # A block that is none has no id to compare.
                if same and not any(g.root == value and (not g.is_block or b2(g.block) == block) for g in same):
                    found.add("E_BEACON")
        if set(by_seq) - used:
            found.add("E_BEACON")

    def _milestone_fork(self):
        known = {self.card.milestone[0]: {self.card.milestone[1]}}
        for index, ids in getattr(self, "milestones", {}).items():
            known.setdefault(index, set()).update(ids)
        for anchor in self.good:
            if anchor.milestone and not anchor.milestone.judge(self.card):
                known.setdefault(anchor.milestone.index, set()).add(anchor.milestone.id)
        if any(len(ids) > 1 for ids in known.values()):
            self.findings.add("E_MILESTONE_FORK")

    def _configurations(self):
        found, current = self.findings, None
        for index, data, _, _ in self.context:
            if index < self.a.size:
                try:
                    leaf = Leaf(data)
                except Bad:
                    continue
                if leaf.type == 4:
                    current = leaf.body[1]
        for leaf in self.leaves:
            if leaf is None:
                continue
            if leaf.type == 4:
                if current is not None and leaf.body[0] != current:
                    found.add("E_CONFIG_UNKNOWN")
                current = leaf.body[1]
            elif leaf.type == 1:
                if leaf.body[6] not in self.configs or (current is not None and leaf.body[6] != current):
                    found.add("E_CONFIG_UNKNOWN")

    def _payloads(self):
        found = self.findings
        for leaf, streams, mine in self.opened:
            counted, is_whole = 0, streams is not None
            for _, _, privacy, payload in mine:
                try:
                    rows = check_payload(payload, leaf.body[1])
                except Bad as bad:
                    found.add(bad.code)
                    is_whole = False
                    continue
                if privacy == "none":
                    counted += rows
            public = [s for s in streams or [] if s is None or s[1] == "none"]
            disclosed = {stream for _, stream, _, _ in mine}
            if is_whole and all(s is not None and s[0] in disclosed for s in public) and counted != leaf.body[5]:
                found.add("E_ITEM_COUNT")

    def _openings(self):
        value = self.opening_list
        if not isinstance(value, list):
            raise Bad("E_MALFORMED", "openings")
        for entry in value:
            if not (isinstance(entry, list) and len(entry) == 2 and is_number(entry[0]) and isinstance(entry[1], list)):
                raise Bad("E_MALFORMED", "opening")
            index, elements = entry
            if all(is_bytes(v) for v in elements):
                elements = [[0, v] for v in elements]
            elif not any(isinstance(v, list) and v[:1] == [1] for v in elements):
                raise Bad("E_MALFORMED", "a whole opening in the form of one in part")
            hashes, items = [], []
            for pair in elements:
                if not (isinstance(pair, list) and len(pair) == 2 and is_number(pair[0]) and is_bytes(pair[1])
                        and (pair[0] == 0 or (pair[0] == 1 and len(pair[1]) == 32))):
                    raise Bad("E_MALFORMED", "opening")
                hashes.append(pair[1] if pair[0] else leaf_hash(pair[1]))
                if not pair[0]:
                    items.append(pair[1])
            is_whole = len(items) == len(hashes)
            if not self.a.size <= index < self.b.size:
                raise Bad("E_MALFORMED", "opening outside the range")
            leaf = self.leaves[index - self.a.size]
            if leaf is None:
                continue
            if leaf.type in (2, 3):
                if len(items) != 1 or not is_whole:
                    self.findings.add("E_ITEM_COUNT")
                elif hashes[0] != leaf.body[2]:
                    self.findings.add("E_ITEM_HASH")
                elif not opens(items[0], leaf):
                    self.findings.add("E_ITEM_MALFORMED")
            elif leaf.type in (5, 6):
                count, inner = (leaf.body[1], leaf.body[2]) if leaf.type == 5 else (leaf.body[2], leaf.body[3])
                if len(hashes) != count:
                    self.findings.add("E_ITEM_COUNT")
                elif root(hashes) != inner:
                    self.findings.add("E_ITEM_HASH")
                elif not all(opens(item, leaf) for item in items):
                    self.findings.add("E_ITEM_MALFORMED")
                elif leaf.type == 6:
                    length = sum(map(len, items))
                    if not (length == leaf.body[4] if is_whole else length < leaf.body[4]):
                        self.findings.add("E_ITEM_COUNT")
            else:
                self.findings.add("E_ITEM_MALFORMED")
