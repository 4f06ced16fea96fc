"""Who may sign a log and what a stolen key leaves standing, from Docs/formats.md sections 2.1, 5 and 7."""

from leaves import is_bytes, is_number, is_text
from primitives import Bad, consistent, leaf_hash, sha, signed, verifier_key

LAST = (1 << 64) - 1


def _key(text, origin):
    """(key id, key) of a verifier key of this log, or None."""
    try:
        name, key_id, key = verifier_key(text, "E_SIG")
    except Bad:
        return None
    return (key_id, key) if name == origin else None


def _recovery(text, card):
    """The recovery key that the card pins, or None."""
    return _key(text, card.origin) if sha(text.encode()) == card.recovery_hash else None


class Keys:
    """`leaves`: (index, leaf, its bytes), ascending. `findings` holds what is wrong with them."""

    def __init__(self, card, leaves):
        self.findings, self.changes = set(), []
        self.terms = [(_key(card.log_key, card.origin), 0, LAST)]
        opened, genesis = False, None
        for index, leaf, data in leaves:
            if leaf.type == 0 and index == 0:
                genesis = leaf.body
                if leaf_hash(data) == card.genesis and (genesis[1] != card.log_key or genesis[2] != card.recovery_hash):
                    self.findings.add("E_SIG")
            if leaf.type != 9:
                continue
            new, recovery_text, signature = leaf.body
            recovery, key = _recovery(recovery_text, card), _key(new, card.origin)
            message = f"plumbline-key/v1\n{card.origin}\n{index}\n{new}\n".encode()
            if recovery is None or key is None or not signed(recovery[1], message, signature):
                self.findings.add("E_SIG")
                continue
            opened = opened or index == 1
            self._change(key, index)
        if genesis is not None and genesis[3] is not None:
            self.findings.add("W_EPOCH_LOSS")
            if not opened:
                self.findings.add("E_SIG")

    def _change(self, key, index):
        last, low, _ = self.terms[-1]
        if key == last:
            return
        size = min(index + 2, LAST)
        self.terms[-1] = last, min(low, size), size
        self.terms.append((key, size, LAST))
        self.changes.append(index)

    def at(self, size):
        """[(key id, key)] whose signature over a tree of this size counts."""
        return [key for key, low, high in self.terms if low <= size <= high]

    def doubtful(self, size):
        """First and last leaf index behind a statement of theft at this size."""
        change = next((index for index in self.changes if index >= size), None)
        return size, LAST if change is None else change + 1


def read_statements(value):
    """[(size, root, statement, recovery key, proof)], ascending; at least one."""
    if not isinstance(value, list) or not 1 <= len(value) <= 100:
        raise Bad("E_MALFORMED", "statements of theft")
    found = []
    for entry in value:
        if not (isinstance(entry, list) and len(entry) == 3 and is_bytes(entry[0], 109) and entry[0][0] in (1, 2)
                and is_text(entry[1]) and isinstance(entry[2], list) and all(is_bytes(v, 32) for v in entry[2])):
            raise Bad("E_MALFORMED", "statement of theft")
        size = int.from_bytes(entry[0][1:9], "big")
        if found and size <= found[-1][0]:
            raise Bad("E_MALFORMED", "order of statements")
        found.append((size, entry[0][9:41], *entry))
    return found


def holds(entry, card):
    """Whether the card's recovery key made this statement."""
    size, root, statement, text, _ = entry
    recovery = _recovery(text, card)
    message = f"plumbline-compromised/v1\n{card.origin}\n{size}\n{root.hex()}\n".encode()
    return (recovery is not None and statement[0] == 2 and statement[41:45] == recovery[0]
            and signed(recovery[1], message, statement[45:]))


def agrees(entry, size, root):
    """Whether the statement's tree and another are two states of one log."""
    if size <= entry[0]:
        return consistent(size, entry[0], root, entry[1], entry[4])
    return consistent(entry[0], size, entry[1], root, entry[4])


def read_reading_keys(value):
    """The last element of a reading file: ([[index, leaf, proof], ...], statements)."""
    code = "E_MALFORMED"
    if not (isinstance(value, list) and len(value) == 2 and isinstance(value[0], list) and any(value)):
        raise Bad(code, "key statements")
    for entry in value[0]:
        if not (isinstance(entry, list) and len(entry) == 3 and is_number(entry[0]) and is_bytes(entry[1])
                and isinstance(entry[2], list) and all(is_bytes(v, 32) for v in entry[2])):
            raise Bad(code, "key statement")
    indices = [entry[0] for entry in value[0]]
    if indices != sorted(set(indices)):
        raise Bad(code, "order of key statements")
    return value[0], read_statements(value[1]) if value[1] != [] else []
