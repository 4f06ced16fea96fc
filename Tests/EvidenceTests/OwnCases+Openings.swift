import Evidence
import Hashing
import LogEntries
import LogTesting
import MerkleLog
import Readings

/// Accesses and snapshots of which only a part is shown.
extension OwnCase {
    static let openedInPart = [
        OwnCase("opened-in-part", "an access and a snapshot with hashes in the place of some items") {
            let made = try leaves()
            return (try made.file { $0.openings = openings(made) }, made.card)
        },
        OwnCase("opened-in-part-other-hash", "a hash in place of an item is another", ["E_ITEM_HASH"], exit: 1) {
            let made = try leaves()
            return (
                try made.file {
                    $0.openings = openings(made)
                    $0.openings[0].hidden[1] = .zero
                }, made.card
            )
        },
        OwnCase("opened-in-part-one-less", "one hash is left out", ["E_ITEM_COUNT"], exit: 1) {
            let made = try leaves()
            return (
                try made.file {
                    $0.openings = openings(made)
                    $0.openings[1].hidden[2] = nil
                }, made.card
            )
        },
        OwnCase("opened-in-part-too-long", "a snapshot longer than its leaf says", ["E_ITEM_COUNT"], exit: 1) {
            let made = try leaves(snapshotBytes: 20)
            return (try made.file { $0.openings = openings(made) }, made.card)
        },
        OwnCase("opened-in-part-event", "a hash in place of what an event commits to", ["E_ITEM_COUNT"], exit: 1) {
            let made = try leaves()
            let event = made.parts.fromLeaf + 5
            return (
                try made.file {
                    $0.openings = [PeriodOpening(leafIndex: event, items: [], hidden: [0: payload.hash])]
                }, made.card
            )
        },
        OwnCase("opened-in-part-other-interval", "an item of another interval", ["E_ITEM_MALFORMED"], exit: 1) {
            let made = try leaves(itemsK: SyntheticLog.firstK)
            return (
                try made.file { $0.openings = [openings(made, itemsK: SyntheticLog.firstK)[0]] }, made.card
            )
        },
    ]

    private static let payload = Commitment(
        leafType: .event, stream: StreamNumber(1), salt: .zero,
        payload: EventPayload(kind: "alarm", point: nil, details: []).encoded())

    private static func salt(_ byte: UInt8) -> Bytes16 { Bytes16([UInt8](repeating: byte, count: 16)) ?? .zero }

    private static func accessItems(_ k: UInt64) -> [[UInt8]] {
        ["m1.power", "flat-2.temperature", "flat-3.temperature", nil].enumerated().map { place, scope in
            AccessItem(
                k: k, salt: salt(UInt8(place)),
                entries: scope.map { [.init(grant: 4, actor: salt(9), scope: $0, what: "readings", count: 12)] } ?? []
            ).encoded()
        }
    }

    private static let snapshotItems = ["house", "m1", "sensor-2"].enumerated().map { place, id in
        SnapshotItem(
            number: 1, salt: salt(UInt8(20 + place)), entityID: id, type: "brick:Equipment",
            relations: id == "house" ? [] : [.init(name: "in", target: "house")],
            citations: id == "m1"
                ? [Citation(point: PointNumber(1), stream: StreamNumber(1), k: SyntheticLog.firstK, position: 0)] : []
        ).encoded()
    }

    /// The leaves behind the intervals: event, access, snapshot.
    private static func leaves(
        snapshotBytes: UInt64? = nil, itemsK: UInt64 = SyntheticLog.firstK + 4
    ) throws -> SyntheticLog.Made {
        try log {
            $0.more = [
                .event(.init(stream: StreamNumber(1), kind: "alarm", commitment: payload.hash)),
                .access(
                    .init(k: SyntheticLog.firstK + 4, itemCount: 4, innerRoot: innerRoot(of: accessItems(itemsK)))),
                .snapshot(
                    .init(
                        number: 1, modelRevision: 1, itemCount: 3, innerRoot: innerRoot(of: snapshotItems),
                        sizeBytes: snapshotBytes ?? UInt64(snapshotItems.reduce(0) { $0 + $1.count }))),
            ]
        }
    }

    private static func openings(
        _ made: SyntheticLog.Made, itemsK: UInt64 = SyntheticLog.firstK + 4
    ) -> [PeriodOpening] {
        let access = accessItems(itemsK)
        return [
            PeriodOpening(
                leafIndex: made.parts.fromLeaf + 6, items: [access[0]],
                hidden: [1: leafHash(access[1]), 2: leafHash(access[2]), 3: leafHash(access[3])]),
            PeriodOpening(
                leafIndex: made.parts.fromLeaf + 7, items: Array(snapshotItems.prefix(2)),
                hidden: [2: leafHash(snapshotItems[2])]),
        ]
    }
}

extension PeriodParts {
    /// Index of the first leaf of the period, in a log whose context ends there.
    fileprivate var fromLeaf: UInt64 { (context.leaves.last?.index ?? 0) + 1 }
}
