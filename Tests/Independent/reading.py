"""A reading file, from Docs/formats.md section 6."""

from card import Card
from keys import Keys, agrees, holds, read_reading_keys
from leaves import Leaf, check_payload, is_bytes, is_number, is_text
from period import proof_of
from primitives import Bad, Milestone, b2, block_payload, cbor, inclusion_root, leaf_hash, note_text, part, path_root, sha, signed, work_zeros


def audit(data, card):
    findings = set()
    if not data or data[0] >> 5 != 4:
        raise Bad("E_MALFORMED", "neither a period file nor a reading file")
    value = part(data)
    if len(value) < 2 or not is_number(value[0]) or value[1] != "reading":
        raise Bad("E_MALFORMED", "reading file")
    if value[0] != 1:
        raise Bad("E_VERSION", "reading file")
    if len(value) not in (15, 16):
        raise Bad("E_MALFORMED", "reading file")
    key_leaves, statements = read_reading_keys(value[15]) if len(value) == 16 else ([], [])
    (_, _, origin, item, inner_index, inner_proof, interval, leaf_index, proof, payload, block, milestone, path, config,
     card_text) = value[:15]
    if not (is_text(origin) and is_number(inner_index) and is_number(leaf_index)
            and all(is_bytes(v) for v in (item, interval, payload, block, milestone, path))):
        raise Bad("E_MALFORMED", "reading file")
    if card is None:
        if card_text is None:
            return {"W_NO_POLICY"}
        card = Card(card_text)
        findings.add("W_POLICY_FROM_FILE")
    if origin != card.origin:
        raise Bad("E_ORIGIN", "card of another gateway")
    findings |= card.notes() | {"W_ANCHORS_UNWATCHED", "W_NO_LOWER_BOUND"}
    size, root_hash = int.from_bytes(payload[1:9], "big"), payload[9:41]
    mismatch = False
    try:
        tag, content = block_payload(block)
        mismatch = content != payload
        if len(content) != 109 or tag != b"twa1" + sha(origin.encode())[:16]:
            findings.add("E_ANCHOR_MISMATCH")
        if 3 ** work_zeros(block) < card.min_score * len(block):
            findings.add("E_POW")
        stone = Milestone(milestone)
        findings |= stone.judge(card)
        if path_root(b2(block), path) != stone.inclusion_root:
            findings.add("E_INCLUSION")
        if stone.index == card.milestone[0] and stone.id != card.milestone[1] and not stone.judge(card):
            findings.add("E_MILESTONE_FORK")
    except Bad as bad:
        findings.add(bad.code)
        stone = None
    read = []
    for index, data, _ in key_leaves:
        if index == 0 and leaf_hash(data) != card.genesis:
            findings.add("E_ORIGIN")
        try:
            read.append((index, Leaf(data), data))
        except Bad as bad:
            findings.add(bad.code)
    keys = Keys(card, read)
    findings |= keys.findings
    if (len(payload) != 109 or payload[0] != 1
            or not any(payload[41:45] == key_id
                       and signed(key, note_text(origin, size, root_hash).encode(), payload[45:])
                       for key_id, key in keys.at(size))):
        findings.add("E_SIG")
        return findings
    if mismatch:
        findings.add("E_ANCHOR_MISMATCH")
    findings |= judge_keys(card, keys, key_leaves, statements, leaf_index, size, root_hash)
    if inclusion_root(leaf_index, size, leaf_hash(interval), proof_of(proof)) != root_hash:
        findings.add("E_INCLUSION")
    try:
        leaf = Leaf(interval)
    except Bad as bad:
        findings.add(bad.code)
        return findings
    if leaf.type != 1:
        findings.add("E_ITEM_HASH")
        return findings
    k, period, _, count, inner, _, config_hash = leaf.body
    holds = inclusion_root(inner_index, count, leaf_hash(item), proof_of(inner_proof)) == inner
    parts = cbor(item) if holds else None
    if holds and not (isinstance(parts, list) and len(parts) == 5 and parts[0] == 1 and is_bytes(parts[3], 16)
                      and is_bytes(parts[4])):
        findings.add("E_NONCANONICAL")
    elif not holds or parts[2] != k:
        findings.add("E_ITEM_HASH")
    else:
        try:
            check_payload(parts[4], period)
        except Bad as bad:
            findings.add(bad.code)
    if stone is not None and (leaf.wall_ms > stone.time * 1000 or (k + 1) * period > stone.time * 1000):
        findings.add("E_POSTDATED")
    if config is not None:
        if not isinstance(config, list):
            raise Bad("E_MALFORMED", "configuration")
        for entry in config:
            if not (isinstance(entry, list) and len(entry) == 3 and is_number(entry[0]) and is_bytes(entry[1])):
                raise Bad("E_MALFORMED", "configuration")
            if inclusion_root(entry[0], count + 1, leaf_hash(entry[1]), proof_of(entry[2])) != config_hash:
                findings.add("E_CONFIG_UNKNOWN")
    return findings


def judge_keys(card, keys, key_leaves, statements, leaf_index, size, root_hash):
    """Key leaves under the checkpoint, and what statements of theft say of one leaf."""
    findings = set()
    if any(inclusion_root(index, size, leaf_hash(data), proof) != root_hash for index, data, proof in key_leaves):
        findings.add("E_INCLUSION")
    for entry in statements:
        if not holds(entry, card):
            findings.add("E_SIG")
            continue
        first, last = keys.doubtful(entry[0])
        doubtful = first <= leaf_index <= last
        if entry[0] > leaf_index:
            shown = entry[0] == size or bool(entry[4])
            if shown and not agrees(entry, size, root_hash):
                findings.add("E_CONSISTENCY")
                continue
            doubtful = not shown
        if doubtful:
            findings.add("W_COMPROMISED")
    return findings
