import CanonicalCBOR
import Evidence
import Hashing
import LogEntries
import Readings
import Tangle

/// Puts the leaves of a trail into words and members.
struct TrailWords {
    /// Grants by the pseudonym that an opened access shows beside them.
    private let grants: [Bytes16: UInt64]

    /// Result codes of commands (formats.md section 2.2), by number.
    private static let results = [
        "done", "differs", "refused", "no-answer", "not-read-back", "interrupted", "not-sent",
    ]

    init(_ leaves: [TrailLeaf]) {
        var grants: [Bytes16: UInt64] = [:]
        for leaf in leaves {
            guard case .access = leaf.leaf.body else { continue }
            for entry in leaf.accessItems.flatMap(\.entries) { grants[entry.actor] = entry.grant }
        }
        self.grants = grants
    }

    /// nil for what is not asked for.
    func entry(_ leaf: TrailLeaf, _ selection: TrailSelection) -> TrailEntry? {
        switch leaf.leaf.body {
        case .event(let event): self.event(leaf, event, selection)
        case .command(let command): self.command(leaf, command, selection)
        case .config(let change): configuration(leaf, change, selection)
        case .access: access(leaf, selection)
        case .snapshot(let snapshot): self.snapshot(leaf, snapshot, selection)
        case .erasure(let erasure): self.erasure(leaf, erasure, selection)
        default: nil
        }
    }

    private func event(_ leaf: TrailLeaf, _ event: Leaf.Event, _ selection: TrailSelection) -> TrailEntry? {
        let stream = event.stream.rawValue
        var members: [JSON.Member] = [.init("stream", .number(stream)), .init("event", .string(event.kind))]
        guard let payload = leaf.payload.flatMap({ try? EventPayload.decode($0) }) else {  // not opened
            guard selection.mayWant(stream) else { return nil }
            return TrailEntry(leaf, "event", isOpened: false, "\(event.kind), stream \(stream), not opened", members)
        }
        guard selection.wants(stream, payload.point) else { return nil }
        let details = payload.details.map { detail in (detail.name, Self.text(detail.value, kind: nil) ?? "none") }
        members += [
            .init("point", payload.point.map { .string(name($0, leaf)) } ?? .null),
            .init(
                "details",
                .array(
                    details.map { .object([.init("name", .string($0.0)), .init("value", .string($0.1))]) })),
        ]
        let about = payload.point.map { " of \(name($0, leaf))" } ?? ""
        let more = details.isEmpty ? [] : [details.map { "\($0.0) \($0.1)" }.joined(separator: ", ")]
        return TrailEntry(leaf, "event", "\(event.kind)\(about)", more: more, members)
    }

    private func command(_ leaf: TrailLeaf, _ command: Leaf.Command, _ selection: TrailSelection) -> TrailEntry? {
        let stream = command.stream.rawValue
        let who = actor(command.actor)
        var members: [JSON.Member] = [.init("stream", .number(stream))] + self.members(command.actor)
        guard let payload = leaf.payload.flatMap({ try? CommandPayload.decode($0) }) else {  // not opened
            guard selection.mayWant(stream) else { return nil }
            return TrailEntry(
                leaf, "command", isOpened: false, "by \(who), stream \(stream), not opened", members)
        }
        guard selection.wants(stream, payload.point) else { return nil }
        let row = leaf.config?.rows[payload.point]
        let value = shown(payload.value, row)
        members += [
            .init("point", .string(name(payload.point, leaf))),
            .init("value", value.map { .string($0) } ?? .null),
            .init("raw", Self.text(payload.value, kind: row?.kind).map { .string($0) } ?? .null),
            .init("unit", row.map { .string($0.unit) } ?? .null), .init("reason", .string(payload.reason)),
        ]
        let because = payload.reason.isEmpty ? [] : [payload.reason]
        guard payload.phase == .outcome else {
            return TrailEntry(
                leaf, "command", "\(name(payload.point, leaf)) to \(value ?? "no value"), asked by \(who)",
                more: because, members)
        }
        let code = Int(clamping: payload.resultCode)
        let result = Self.results.indices.contains(code) ? Self.results[code] : "result \(code)"
        members += [
            .init("intent", payload.intent.map { .number($0) } ?? .null), .init("result", .string(result)),
        ]
        let intent = payload.intent.map { " (leaf \($0))" } ?? ""
        return TrailEntry(
            leaf, "outcome", "\(name(payload.point, leaf))\(intent) \(result), read back \(value ?? "nothing")",
            more: because, members)
    }

    private func configuration(_ leaf: TrailLeaf, _ change: Leaf.Config, _ selection: TrailSelection) -> TrailEntry? {
        let changes = (leaf.changes ?? []).filter { selection.wants(id: $0.id) }
        guard selection.wantsHouse || !changes.isEmpty else { return nil }
        let revision = leaf.config?.modelRevision
        let sides = changes.map { change in
            "\(change.id): \(words(change.oldScale, change.oldUnit)) becomes \(words(change.newScale, change.newUnit))"
        }
        let members: [JSON.Member] =
            [
                .init("old", change.oldHash.map { .string($0.hex) } ?? .null),
                .init("new", .string(change.newHash.hex)),
                .init("modelRevision", revision.map { .number($0) } ?? .null),
                .init("changes", leaf.changes == nil ? .null : .array(changes.map(scaleChange))),
            ] + self.members(change.actor)
        let model = revision.map { "model revision \($0)" } ?? "a model that the file does not show"
        return TrailEntry(
            leaf, "configuration", isOpened: leaf.changes != nil || change.oldHash == nil,
            "\(model) in force, by \(actor(change.actor))", more: sides, members)
    }

    private func access(_ leaf: TrailLeaf, _ selection: TrailSelection) -> TrailEntry? {
        let hidden = leaf.opening?.hidden.count ?? 0
        guard leaf.opening != nil else {
            guard selection.wantsHouse else { return nil }
            return TrailEntry(leaf, "access", isOpened: false, "not opened", [.init("reads", .array([]))])
        }
        let all = leaf.accessItems.flatMap(\.entries)
        let wanted = all.filter { selection.wants(id: $0.scope) }
        guard selection.wantsHouse || !wanted.isEmpty else { return nil }
        let reads = wanted.map { "\(actor($0.actor, grant: $0.grant)): \($0.scope), \($0.what), \($0.count)×" }
        let members: [JSON.Member] = [
            .init(
                "reads",
                .array(
                    wanted.map { entry in
                        .object([
                            .init("grant", .number(entry.grant)), .init("actor", .string(entry.actor.description)),
                            .init("point", .string(entry.scope)), .init("what", .string(entry.what)),
                            .init("count", .number(entry.count)),
                        ])
                    })), .init("notOpenedItems", .number(hidden)),
        ]
        let rest = hidden > 0 ? ", more not opened: \(hidden)" : ""
        return TrailEntry(
            leaf, "access", wanted.count == 1 ? "one read\(rest)" : "\(wanted.count) reads\(rest)", more: reads, members
        )
    }

    private func snapshot(_ leaf: TrailLeaf, _ snapshot: Leaf.Snapshot, _ selection: TrailSelection) -> TrailEntry? {
        // What is not opened is counted, not listed: one an hour.
        guard let opening = leaf.opening else { return nil }
        let items = leaf.snapshotItems.filter { selection.wants($0) }
        guard !items.isEmpty else { return nil }
        let hidden = opening.hidden.count
        let entities: [JSON] = items.map { item in
            .object([
                .init("id", .string(item.entityID)), .init("type", .string(item.type)),
                .init("partOf", item.whole.map { .string($0) } ?? .null),
                .init("points", .array(item.citations.map { .string(name($0.point, leaf)) })),
            ])
        }
        let more = items.map { item in
            let points = item.citations.map { name($0.point, leaf) }.joined(separator: ", ")
            let part = item.whole.map { ", part of \($0)" } ?? ""
            return "\(item.entityID) (\(item.type)\(part))\(points.isEmpty ? "" : ": \(points)")"
        }
        let rest = hidden > 0 ? ", more not opened: \(hidden)" : ""
        return TrailEntry(
            leaf, "snapshot",
            "\(snapshot.number), model revision \(snapshot.modelRevision), \(items.count) \(items.count == 1 ? "entity" : "entities")\(rest)",
            more: more,
            [
                .init("number", .number(snapshot.number)), .init("modelRevision", .number(snapshot.modelRevision)),
                .init("entities", .array(entities)), .init("notOpenedItems", .number(hidden)),
            ])
    }

    private func erasure(_ leaf: TrailLeaf, _ erasure: Leaf.Erasure, _ selection: TrailSelection) -> TrailEntry? {
        let stream = erasure.stream.rawValue
        guard selection.mayWant(stream) else { return nil }
        return TrailEntry(
            leaf, "erasure",
            "stream \(stream), intervals \(erasure.kFrom) to \(erasure.kTo), by \(actor(erasure.actor))",
            [
                .init("stream", .number(stream)), .init("kFrom", .number(erasure.kFrom)),
                .init("kTo", .number(erasure.kTo)), .init("legalBasis", .number(erasure.legalBasis)),
            ] + members(erasure.actor))
    }
}

/// The pieces of a sentence.
extension TrailWords {
    private func name(_ point: PointNumber, _ leaf: TrailLeaf) -> String {
        leaf.config?.rows[point]?.id ?? "point \(point)"
    }

    private func actor(_ actor: Bytes16, grant: UInt64? = nil) -> String {
        if actor == .zero { return "the system" }
        let known = (grant ?? grants[actor]).map { "grant \($0), " } ?? ""
        return "\(known)actor \(actor.description.prefix(8))…"
    }

    private func members(_ actor: Bytes16) -> [JSON.Member] {
        [
            .init("actor", .string(actor.description)),
            .init("grant", grants[actor].map { .number($0) } ?? .null),
        ]
    }

    /// In the point's unit, when the file shows its row and the value is a number.
    private func shown(_ value: CBOR, _ row: ConfigRow?) -> String? {
        guard let row, let raw = RawValue(value, kind: row.kind), let number = row.scale.engineering(raw) else {
            return Self.text(value, kind: row?.kind)
        }
        return row.unit.isEmpty || row.unit == "1" ? "\(number)" : "\(number) \(row.unit)"
    }

    /// As it stands in the log; a float by its shortest decimal, nil for none.
    private static func text(_ value: CBOR, kind: ValueKind?) -> String? {
        switch RawValue(value, kind: kind) {
        case nil, .some(.none): nil
        case .text(let text), .number(let text): text
        case .event(let bytes): bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
        case .some(let raw): ExactDecimal(raw)?.description
        }
    }

    private func words(_ scale: Scale, _ unit: String) -> String {
        let offset = scale.offsetMantissa == 0 ? "" : " + \(scale.offsetMantissa)e\(scale.offsetExponent)"
        return "\(scale.mantissa)e\(scale.exponent)\(offset) \(unit)"
    }

    private func scaleChange(_ change: PeriodSurvey.ScaleChange) -> JSON {
        func side(_ scale: Scale, _ unit: String) -> JSON {
            .object([
                .init("unit", .string(unit)), .init("mantissa", .number(scale.mantissa)),
                .init("exponent", .number(scale.exponent)), .init("offsetMantissa", .number(scale.offsetMantissa)),
                .init("offsetExponent", .number(scale.offsetExponent)),
            ])
        }
        return .object([
            .init("point", .string(change.id)), .init("before", side(change.oldScale, change.oldUnit)),
            .init("after", side(change.newScale, change.newUnit)),
        ])
    }
}
