import Evidence
import Hashing
import LogEntries
import MerkleLog
import Readings
import TestTools

/// Changes of anchors, configurations and ends.
extension HonestHistoryAttackTests {
    private static func place(of seq: UInt64, _ parts: PeriodParts) -> Int? {
        parts.anchors.firstIndex { $0.seq == seq }
    }

    static func replay(_ parts: PeriodParts) -> PeriodParts? {
        var parts = parts
        guard let first = place(of: parts.fromSeq, parts), let last = place(of: parts.toSeq, parts) else { return nil }
        let seq = parts.anchors[last].seq
        parts.anchors[last] = parts.anchors[first]
        parts.anchors[last].seq = seq
        return parts
    }

    static func borrowProof(_ parts: PeriodParts) -> PeriodParts? {
        var parts = parts
        guard let first = place(of: parts.fromSeq, parts), let last = place(of: parts.toSeq, parts) else { return nil }
        parts.anchors[last].milestone = parts.anchors[first].milestone
        parts.anchors[last].path = parts.anchors[first].path
        return parts
    }

    static func swapScale(_ parts: PeriodParts, _ dice: inout SeededGenerator, isRehashed: Bool) throws -> PeriodParts?
    {
        var parts = parts
        let at = Int(dice.ms(0...Int64(parts.configs.count - 1)))
        for place in parts.configs[at].items.indices.dropFirst() {
            guard case .shown(let bytes) = parts.configs[at].items[place] else { continue }
            let stream = try ConfigStream.decode(bytes)
            let rows = stream.rows.map {
                ConfigRow(
                    point: $0.point, id: $0.id, unit: $0.unit, kind: $0.kind, scale: Scale(mantissa: 7, exponent: 3),
                    nature: $0.nature, deviceID: $0.deviceID, profileID: $0.profileID, profileHash: $0.profileHash)
            }
            let changed = ConfigStream(
                stream: stream.stream, salt: stream.salt, className: stream.className, rows: rows)
            parts.configs[at].items[place] = .shown(changed.encoded())
            break
        }
        if isRehashed {
            parts.configs[at].hash = MerkleTree.root(
                of: parts.configs[at].items.map {
                    switch $0 {
                    case .shown(let bytes): leafHash(bytes)
                    case .hidden(let hash): hash
                    }
                })
        }
        return parts
    }

    static func cutTail(_ parts: PeriodParts) -> PeriodParts? {
        var parts = parts
        parts.leaves.removeLast()
        return parts
    }

    static func cutHead(_ parts: PeriodParts) -> PeriodParts? {
        var parts = parts
        parts.leaves.removeFirst()
        return parts
    }

    static func doubleLeaf(_ parts: PeriodParts, _ dice: inout SeededGenerator) -> PeriodParts? {
        var parts = parts
        let place = Int(dice.ms(0...Int64(parts.leaves.count - 1)))
        parts.leaves.insert(parts.leaves[place], at: place)
        return parts
    }

    static func withhold(_ parts: PeriodParts, _ dice: inout SeededGenerator) -> PeriodParts? {
        var parts = parts
        let stream = dice.pick(parts.streams)
        var count = 0
        for place in parts.items.indices where parts.items[place].stream == stream {
            guard case .shown(let bytes) = parts.items[place].content else { continue }
            parts.items[place].content = .withheld(leafHash(bytes))
            count += 1
        }
        return count > 0 ? parts : nil
    }

    static func claimLonger(_ parts: PeriodParts) -> PeriodParts? {
        var parts = parts
        parts.toMs += 86_400_000
        return parts
    }
}
