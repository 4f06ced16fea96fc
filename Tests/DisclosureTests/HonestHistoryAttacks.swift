import CanonicalCBOR
import Evidence
import Hashing
import LogEntries
import MerkleLog
import Readings
import TestTools

/// What can be changed in a period file without the log key.
extension HonestHistoryAttackTests {
    private static func intervals(_ parts: PeriodParts) throws -> [(place: Int, leaf: Leaf, interval: Leaf.Interval)] {
        try parts.leaves.enumerated().compactMap { place, bytes in
            let leaf = try Leaf.decode(Array(bytes))
            guard case .interval(let interval) = leaf.body else { return nil }
            return (place, leaf, interval)
        }
    }

    private static func put(_ body: Leaf.Body, like leaf: Leaf, at place: Int, into parts: inout PeriodParts) {
        let changed = Leaf(wallMs: leaf.wallMs, bootNumber: leaf.bootNumber, monoMs: leaf.monoMs, body: body)
        parts.leaves[place] = changed.encoded()[...]
    }

    private static func hash(_ item: PeriodItem) -> Hash {
        switch item.content {
        case .shown(let bytes): leafHash(bytes)
        case .withheld(let hash), .erased(let hash): hash
        }
    }

    /// The leaf of interval `k` again, for what the items are now.
    private static func refit(_ k: UInt64, _ parts: inout PeriodParts) throws {
        for (place, leaf, old) in try intervals(parts) where old.k == k {
            let hashes = parts.items.filter { $0.k == k }.map(hash)
            let interval = Leaf.Interval(
                k: k, periodMs: old.periodMs, itemCount: UInt64(hashes.count), innerRoot: MerkleTree.root(of: hashes),
                readingCount: old.readingCount, configHash: old.configHash)
            put(.interval(interval), like: leaf, at: place, into: &parts)
        }
    }

    static func dropInterval(_ parts: PeriodParts, _ dice: inout SeededGenerator) throws -> PeriodParts? {
        var parts = parts
        let (place, _, interval) = dice.pick(try intervals(parts))
        parts.leaves.remove(at: place)
        parts.items.removeAll { $0.k == interval.k }
        return parts
    }

    static func hideInterval(_ parts: PeriodParts, _ dice: inout SeededGenerator) throws -> PeriodParts? {
        var parts = parts
        let (place, leaf, interval) = dice.pick(try intervals(parts))
        put(.gap(Leaf.Gap(kFrom: interval.k, kTo: interval.k, cause: 2)), like: leaf, at: place, into: &parts)
        parts.items.removeAll { $0.k == interval.k }
        return parts
    }

    static func dropItem(_ parts: PeriodParts, _ dice: inout SeededGenerator, isCounted: Bool) throws -> PeriodParts? {
        var parts = parts
        let place = Int(dice.ms(0...Int64(parts.items.count - 1)))
        let k = parts.items.remove(at: place).k
        if isCounted { try refit(k, &parts) }
        return parts
    }

    static func swapItems(_ parts: PeriodParts, _ dice: inout SeededGenerator, contentOnly: Bool) -> PeriodParts? {
        var parts = parts
        let place = Int(dice.ms(0...Int64(parts.items.count - 2)))
        guard parts.items[place].k == parts.items[place + 1].k else { return nil }
        parts.items.swapAt(place, place + 1)
        if contentOnly {
            let label = parts.items[place].stream
            parts.items[place].stream = parts.items[place + 1].stream
            parts.items[place + 1].stream = label
        }
        return parts
    }

    static func alterValue(_ parts: PeriodParts, _ dice: inout SeededGenerator, isRehashed: Bool) throws -> PeriodParts?
    {
        var parts = parts
        for place in parts.items.indices.shuffled(using: &dice) {
            guard case .shown(let bytes) = parts.items[place].content else { continue }
            let item = try IntervalItem.decode(Array(bytes))
            var rows = try LogEntries.Payload.decode(item.payload)
            guard let at = rows.firstIndex(where: { $0.value.asInt != nil }), let value = rows[at].value.asInt else {
                continue
            }
            let row = rows[at]
            rows[at] = PayloadRow(
                point: row.point, dtMs: row.dtMs, quality: row.quality, sourceMs: row.sourceMs, value: .int(value ^ 1))
            let changed = IntervalItem(
                stream: item.stream, k: item.k, salt: item.salt, payload: LogEntries.Payload.encode(rows))
            parts.items[place].content = .shown(changed.encoded()[...])
            if isRehashed { try refit(item.k, &parts) }
            return parts
        }
        return nil
    }

    static func alterTime(_ parts: PeriodParts, _ dice: inout SeededGenerator) throws -> PeriodParts? {
        var parts = parts
        let place = Int(dice.ms(0...Int64(parts.leaves.count - 1)))
        let leaf = try Leaf.decode(Array(parts.leaves[place]))
        let wallMs = leaf.wallMs &+ UInt64(dice.ms(1...60_000))
        parts.leaves[place] =
            Leaf(wallMs: wallMs, bootNumber: leaf.bootNumber, monoMs: leaf.monoMs, body: leaf.body).encoded()[...]
        return parts
    }

    static func claimErasure(_ parts: PeriodParts, _ dice: inout SeededGenerator) -> PeriodParts? {
        var parts = parts
        let place = Int(dice.ms(0...Int64(parts.items.count - 1)))
        guard case .shown = parts.items[place].content else { return nil }
        parts.items[place].content = .erased(hash(parts.items[place]))
        return parts
    }

    /// The declaration stands in the context, where a leaf after the period would, with the proof of another leaf.
    static func declareErasure(_ parts: PeriodParts, _ dice: inout SeededGenerator) throws -> PeriodParts? {
        guard var claimed = claimErasure(parts, &dice), let like = parts.context.leaves.last else { return nil }
        let hidden = zip(parts.items, claimed.items).first { hash($0) == hash($1) && isShown($0) != isShown($1) }?.0
        guard let hidden else { return nil }
        let body = Leaf.Body.erasure(
            Leaf.Erasure(
                stream: StreamNumber(hidden.stream), kFrom: hidden.k, kTo: hidden.k, legalBasis: 1, actor: .zero))
        let leaf = try Leaf.decode(like.bytes)
        claimed.context.leaves.append(
            PeriodContext.Leaf(
                index: like.index + UInt64(parts.leaves.count) + 1,
                bytes: Leaf(wallMs: leaf.wallMs, bootNumber: leaf.bootNumber, monoMs: leaf.monoMs, body: body)
                    .encoded(),
                treeSize: like.treeSize, proof: like.proof))
        return claimed
    }

    private static func isShown(_ item: PeriodItem) -> Bool {
        if case .shown = item.content { true } else { false }
    }
}
