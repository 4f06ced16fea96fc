"""Leaves and items, from Docs/formats.md sections 2.1 to 2.3."""

from primitives import Bad, cbor, leaf_hash, root

U32, U64 = (1 << 32) - 1, (1 << 64) - 1


def is_number(value, most=U64):
    return isinstance(value, int) and 0 <= value <= most


def is_bytes(value, size=None):
    return isinstance(value, bytes) and (size is None or len(value) == size)


def is_text(value):
    return isinstance(value, str)


def _reference(value, last_size):
    """`[text or size, size or root, root or block id]`."""
    return value is None or (isinstance(value, list) and len(value) == 3 and last_size(value))


def _u(value):
    return is_number(value)


def _u32(value):
    return is_number(value, U32)


def _b(size):
    return lambda value: is_bytes(value, size)


def _maybe(test):
    return lambda value: value is None or test(value)


BODIES = {
    0: [is_text, is_text, _b(32),
        lambda v: _reference(v, lambda p: is_text(p[0]) and is_number(p[1]) and is_bytes(p[2], 32)), is_text, _b(20)],
    1: [_u, _u, lambda v: v == 0 and isinstance(v, int), _u, _b(32), _u, _b(32)],
    2: [_u32, is_text, _b(32)],
    3: [_b(16), _u32, _b(32)],
    4: [_maybe(_b(32)), _b(32), _b(16)],
    5: [_u, _u, _b(32)],
    6: [_u, _u, _u, _b(32), _u],
    7: [_u, lambda v: _reference(v, lambda p: is_number(p[0]) and is_bytes(p[1], 32) and is_bytes(p[2], 32)),
        _u32, _b(32), _u32],
    8: [_u, _u, _b(32), lambda v: isinstance(v, int)],
    9: [is_text, is_text, _b(64)],
    10: [_u32, _u, _u, _u, _b(16)],
    11: [_u, _u, _u],
    12: [_maybe(is_text)],
}


class Leaf:
    def __init__(self, data):
        if len(data) > 65_535:
            raise Bad("E_NONCANONICAL", "leaf too long")
        value = cbor(data)
        if not isinstance(value, list) or len(value) < 5:
            raise Bad("E_NONCANONICAL", "leaf")
        if not all(is_number(v) for v in value[:5]):
            raise Bad("E_NONCANONICAL", "leaf head")
        if value[0] != 1 or value[1] not in BODIES:
            raise Bad("E_VERSION", "leaf version or type")
        _, self.type, self.wall_ms, self.boot, self.mono_ms, *self.body = value
        tests = BODIES[self.type]
        if len(tests) != len(self.body) or not all(test(v) for test, v in zip(tests, self.body)):
            raise Bad("E_NONCANONICAL", f"body of type {self.type}")


class Configuration:
    """Streams in order with class; `None` for a stream of which only the hash is there."""

    def __init__(self, entries):
        """`entries`: `[0, item]` or `[1, leaf hash]`, head first."""
        hashes, self.streams = [], []
        self.head, self.is_legal = None, True
        if not isinstance(entries, list) or not entries:
            raise Bad("E_MALFORMED", "configuration")
        for place, entry in enumerate(entries):
            if not isinstance(entry, list) or len(entry) != 2 or entry[0] not in (0, 1) or not is_bytes(entry[1]):
                raise Bad("E_MALFORMED", "configuration entry")
            if entry[0] == 1:
                if len(entry[1]) != 32:
                    raise Bad("E_MALFORMED", "configuration hash")
                hashes.append(entry[1])
                if place:
                    self.streams.append(None)
                continue
            hashes.append(leaf_hash(entry[1]))
            try:
                item = cbor(entry[1])
            except Bad:
                item = None
            if place == 0:
                self.head = head_of(item)
                self.is_legal &= self.head is not None
            else:
                self.streams.append(stream_of(item))
                self.is_legal &= self.streams[-1] is not None
        self.hash = root(hashes)


def head_of(item):
    """`[building id, time zone, period_ms, model revision, model hash]`, or None."""
    if not (isinstance(item, list) and len(item) == 3 and item[:2] == [3, 0] and isinstance(item[2], list)
            and len(item[2]) == 5):
        return None
    building, zone, period, revision, model = item[2]
    is_head = is_text(building) and is_text(zone) and is_number(period) and is_number(revision) and is_bytes(model, 32)
    return item[2] if is_head else None


def _is_row(row):
    return (isinstance(row, list) and len(row) == 12 and is_number(row[0], U32) and is_text(row[1]) and is_text(row[2])
            and is_number(row[3], 6) and all(isinstance(value, int) and -(1 << 63) <= value < 1 << 63 for value in row[4:8]) and is_text(row[8])
            and is_text(row[9]) and is_text(row[10]) and is_bytes(row[11], 32))


def stream_of(item):
    """(number, class, rows), or None."""
    if not (isinstance(item, list) and len(item) == 5 and item[0] == 3 and is_number(item[1], U32)
            and is_bytes(item[2], 16) and is_text(item[3]) and isinstance(item[4], list)):
        return None
    return (item[1], item[3], item[4]) if all(map(_is_row, item[4])) else None


def _list(test):
    return lambda value: isinstance(value, list) and all(map(test, value))


def _fields(*tests):
    return lambda value: (isinstance(value, list) and len(value) == len(tests)
                          and all(test(v) for test, v in zip(tests, value)))


def _is(constant):
    return lambda value: is_number(value) and value == constant


EVENT = _fields(is_text, _maybe(_u32), _list(_fields(is_text, lambda value: True)))
COMMAND = _fields(lambda v: is_number(v, 1), _maybe(_u), _u32, lambda value: True, _u, is_text)
ENTRIES = _list(_fields(_u, _b(16), is_text, is_text, _u))
ENTITY = _fields(is_text, is_text, _list(_fields(is_text, is_text)), _list(_fields(_u32, _u32, _u, _u)))


def opens(item, leaf):
    """Whether an item whose hash holds is one of this leaf of type 2, 3, 5 or 6."""
    try:
        value = cbor(item)
        if leaf.type in (2, 3):
            stream = leaf.body[leaf.type - 2]
            if not _fields(_is(2), _is(leaf.type), _is(stream), _b(16), is_bytes)(value):
                return False
            payload = cbor(value[4])
            return COMMAND(payload) if leaf.type == 3 else EVENT(payload) and payload[0] == leaf.body[1]
    except Bad:
        return False
    return _fields(_is(2), _is(leaf.type), _is(leaf.body[0]), _b(16), ENTRIES if leaf.type == 5 else ENTITY)(value)


def check_payload(payload, period_ms):
    """Number of quadruples; `E_ITEM_MALFORMED` when a rule of 2.2 is broken."""
    code = "E_ITEM_MALFORMED"
    rows = cbor(payload, code)
    if not isinstance(rows, list) or len(rows) % 4:
        raise Bad(code, "not quadruples")
    last = None
    for at in range(0, len(rows), 4):
        point, dt, quality, value = rows[at:at + 4]
        if not is_number(point, U32) or not is_number(dt) or dt >= period_ms or not is_number(quality, 8):
            raise Bad(code, "quadruple")
        if last is not None and (dt, point) <= last:
            raise Bad(code, "order")
        last = dt, point
        if isinstance(value, list):
            if len(value) != 2 or not is_number(value[0]) or isinstance(value[1], list):
                raise Bad(code, "value with a source time")
    return len(rows) // 4
