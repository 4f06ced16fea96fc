import Evidence
import Hashing
import LogEntries
import MerkleLog
import Readings
import Reporting
import Tangle

extension Inspection {
    static func period(_ parts: PeriodParts) -> Inspection {
        let start = parts.anchors.first { $0.seq == parts.fromSeq }.flatMap { size($0) }
        let kinds = parts.items.reduce(into: (shown: 0, withheld: 0, erased: 0)) { counts, item in
            switch item.content {
            case .shown: counts.shown += 1
            case .withheld: counts.withheld += 1
            case .erased: counts.erased += 1
            }
        }
        return Inspection(
            title: "period file",
            members: [
                .init("origin", .string(parts.origin)),
                .init("from", .string(UTCTime.text(parts.fromMs))), .init("to", .string(UTCTime.text(parts.toMs))),
                .init("fromAnchor", .number(parts.fromSeq)), .init("toAnchor", .number(parts.toSeq)),
                .init("streams", .array(parts.streams.map { .number($0) })),
                .init("cardInside", .bool(!parts.card.isEmpty)),
                .init("anchors", .array(parts.anchors.map(anchor))),
                .init("beacons", .array(parts.beacons.map { .number($0.seq) })),
                .init(
                    "items",
                    .object([
                        .init("disclosed", .number(kinds.shown)), .init("withheld", .number(kinds.withheld)),
                        .init("erased", .number(kinds.erased)),
                    ])),
                .init("configurations", .array(parts.configs.map(config))),
                .init("context", .array(parts.context.leaves.map { leaf($0.bytes, index: $0.index) })),
                .init(
                    "leaves",
                    .array(
                        parts.leaves.enumerated().map { place, bytes in
                            leaf(Array(bytes), index: start.map { $0 &+ UInt64(place) })
                        })),
                .init("openings", .array(parts.openings.map { .number($0.leafIndex) })),
                .init("commands", .array(parts.openings.compactMap(command))),
            ])
    }

    /// What an opened command says; `nil` for the opening of another leaf.
    private static func command(_ opening: PeriodOpening) -> JSON? {
        guard let bytes = opening.items.first, let form = try? Commitment.decode(bytes), form.leafType == .command,
            let command = try? CommandPayload.decode(form.payload)
        else { return nil }
        let raw = RawValue(command.value, kind: nil)
        return .object([
            .init("index", .number(opening.leafIndex)),
            .init("phase", .string(command.phase == .intent ? "intent" : "outcome")),
            .init("intent", command.intent.map { .number($0) } ?? .null),
            .init("point", .number(command.point.rawValue)), .init("value", raw.map { value($0) } ?? .null),
            .init("result", .number(command.resultCode)), .init("reason", .string(command.reason)),
        ])
    }

    /// A raw value as it stands in the log; a float by its shortest decimal.
    private static func value(_ raw: RawValue) -> JSON {
        switch raw {
        case .text(let text): .string(text)
        default: ExactDecimal(raw).map { .string($0.description) } ?? .null
        }
    }

    private static func size(_ anchor: PeriodAnchor) -> UInt64? {
        String(validating: anchor.note, as: UTF8.self).flatMap { SignedNote($0)?.checkpoint?.size }
    }

    private static func anchor(_ anchor: PeriodAnchor) -> JSON {
        let milestone = try? Milestone.parse(Array(anchor.milestone))  // shown as none
        return .object([
            .init("seq", .number(anchor.seq)), .init("size", size(anchor).map { .number($0) } ?? .null),
            .init("block", hex(blake2b256(anchor.block))),
            .init("milestone", milestone.map { .number($0.index) } ?? .null),
            .init("confirmedAt", milestone.map { .string(UTCTime.text(Int64($0.timestamp) * 1000)) } ?? .null),
        ])
    }

    private static func config(_ config: PeriodConfig) -> JSON {
        var points: [JSON] = []
        for item in config.items.dropFirst() {
            // Hidden and unreadable rows have no points to show.
            guard case .shown(let bytes) = item, let stream = try? ConfigStream.decode(bytes) else { continue }
            points += stream.rows.map { .string("\($0.id) [\($0.unit)] in stream \(stream.stream)") }
        }
        return .object([.init("hash", .string(config.hash.hex)), .init("points", .array(points))])
    }

    static func reading(_ file: ReadingFile) -> Inspection {
        var rows: [ConfigRow] = []
        for item in file.config ?? [] where item.index == file.innerIndex &+ 1 {
            rows = (try? ConfigStream.decode(item.item))?.rows ?? []  // no row: raw values are shown
        }
        var periodMs: UInt64 = 0
        if let leaf = try? Leaf.decode(file.leaf), case .interval(let interval) = leaf.body {
            periodMs = interval.periodMs
        }
        let readings = ShownReading.all(item: file.item, periodMs: periodMs, rows: rows)
        let checkpoint = AnchorPayload(bytes: file.checkpoint)
        let milestone = try? Milestone.parse(file.milestone)  // shown as none
        return Inspection(
            title: "reading file",
            members: [
                .init("origin", .string(file.origin)),
                .init("readings", .array(readings.map(\.json))),
                .init("innerIndex", .number(file.innerIndex)),
                .init("leaf", leaf(file.leaf, index: file.leafIndex)),
                .init("size", checkpoint.map { .number($0.size) } ?? .null),
                .init("root", checkpoint.map { .string($0.root.hex) } ?? .null),
                .init("block", hex(blake2b256(file.block))),
                .init("milestone", milestone.map { .number($0.index) } ?? .null),
                .init("confirmedAt", milestone.map { .string(UTCTime.text(Int64($0.timestamp) * 1000)) } ?? .null),
                .init("configuration", .bool(file.config != nil)), .init("cardInside", .bool(file.card != nil)),
            ])
    }

    /// One leaf: where it stands, its type in words, its times, and what it says.
    static func leaf(_ bytes: [UInt8], index: UInt64?) -> JSON {
        var members: [JSON.Member] = [.init("index", index.map { .number($0) } ?? .null)]
        guard let leaf = try? Leaf.decode(bytes) else {  // shown as its bytes
            return .object(members + [.init("type", .string("unreadable")), .init("bytes", .string(hexText(bytes)))])
        }
        let (type, body) = describe(leaf.body)
        members += [
            .init("type", .string(type)), .init("wall", .string(UTCTime.text(Int64(clamping: leaf.wallMs)))),
            .init("boot", .number(leaf.bootNumber)), .init("monoMs", .number(leaf.monoMs)),
        ]
        return .object(members + body)
    }

    private static func describe(_ body: Leaf.Body) -> (String, [JSON.Member]) {
        switch body {
        case .genesis(let it):
            ("genesis", [.init("origin", .string(it.origin)), .init("network", .string(it.networkName))])
        case .interval(let it):
            (
                "interval",
                [
                    .init("k", .number(it.k)), .init("items", .number(it.itemCount)),
                    .init("readings", .number(it.readingCount)),
                ]
            )
        case .event(let it):
            ("event", [.init("stream", .number(it.stream.rawValue)), .init("event", .string(it.kind))])
        case .command(let it):
            ("command", [.init("stream", .number(it.stream.rawValue)), .init("actor", .string(it.actor.description))])
        case .config(let it): ("config", [.init("hash", .string(it.newHash.hex))])
        case .access(let it): ("access", [.init("k", .number(it.k)), .init("items", .number(it.itemCount))])
        case .snapshot(let it):
            ("snapshot", [.init("number", .number(it.number)), .init("modelRevision", .number(it.modelRevision))])
        case .beacon(let it):
            ("beacon", [.init("anchor", .number(it.anchorSeq)), .init("milestone", .number(it.milestoneIndex))])
        case .boot(let it): ("boot", [.init("reason", .number(it.reason)), .init("lastSize", .number(it.lastSize))])
        case .key(let it): ("key", [.init("newKey", .string(it.newKey))])
        case .erasure(let it):
            (
                "erasure",
                [
                    .init("stream", .number(it.stream.rawValue)), .init("kFrom", .number(it.kFrom)),
                    .init("kTo", .number(it.kTo)), .init("legalBasis", .number(it.legalBasis)),
                ]
            )
        case .gap(let it):
            (
                "gap",
                [.init("kFrom", .number(it.kFrom)), .init("kTo", .number(it.kTo)), .init("cause", .number(it.cause))]
            )
        case .end(let next): ("end", [.init("nextOrigin", next.map { .string($0) } ?? .null)])
        }
    }
}
