import CanonicalCBOR
import LedgerStore
import LogEntries
package import Readings
package import TwinModel

/// A commanded value as people gave it: a number in the point's unit, the name of a state, a flag or a text.
package enum ShownCommand: Hashable, Sendable {
    case number(ExactDecimal)
    case text(String)
    case flag(Bool)
    case none

    /// - Parameter point: as the building has it now; without it only the raw text tells.
    package init(_ raw: RawValue, point: Point?) {
        guard let point else {
            self = .none
            return
        }
        if let label = point.command?.labels.first(where: {
            ExactDecimal(raw) == ExactDecimal(mantissa: Int128($0.value), exponent: 0)
        }) {
            self = .text(label.name)
            return
        }
        if point.kind == .flag, case .integer(let value) = raw {
            self = .flag(value != 0)
            return
        }
        switch ShownValue(raw, scale: point.scale) {
        case .number(let number): self = .number(number)
        case .text(let text): self = .text(text)
        case .none: self = .none
        }
    }
}

/// One command as the API shows it.
package struct CommandView: Hashable, Sendable {
    package struct ReadBack: Hashable, Sendable {
        package let value: ShownCommand
        package let raw: String?
        package let atMs: Int64
    }

    package struct End: Hashable, Sendable {
        /// Result code of `Docs/formats.md` section 2.
        package let result: UInt64
        package let leafIndex: UInt64
        package let atMs: Int64
        package let readBack: ReadBack?
        /// Empty where the result says it all.
        package let detail: String
    }

    /// Index of the leaf that says what was asked for; also the command's number.
    package let intent: UInt64
    /// `nil` when the building has no such point any more.
    package let point: String?
    package let value: ShownCommand
    package let raw: String?
    package let reason: String
    package let requestedAtMs: Int64
    /// Pseudonym of that month, 32 hex digits.
    package let actor: String
    /// `nil` while it runs.
    package let end: End?

    /// `c-41`.
    package var id: String { Self.id(intent) }
    package static func id(_ intent: UInt64) -> String { "c-\(intent)" }
}

/// Which commands a page asks for.
package struct CommandsQuestion: Hashable, Sendable {
    /// Empty: of all points.
    package var points: [String] = []
    package var range: Range<Int64>
    package var isDescending = false
    /// Go on after this intent, exclusive, in the direction of the order.
    package var after: UInt64?
    package var limit: Int

    package init(range: Range<Int64>, limit: Int) {
        self.range = range
        self.limit = limit
    }
}

/// Commands are asked for here and given to the command desk; only points of class `none` take any, so nothing is counted as an
/// access.
extension Facility {
    /// A page of commands by the order they were asked for, and whether more follow.
    package func commands(_ asked: CommandsQuestion, grant: Grant) async throws -> (items: [CommandView], hasMore: Bool)
    {
        let numbering = await keeper.numbering
        let reached = await reachedPoints(grant)
        if reached?.isEmpty == true { return ([], false) }
        var query = CommandQuery(limit: asked.limit + 1)
        for id in asked.points.isEmpty ? reached?.sorted() ?? [] : asked.points {
            guard let number = numbering.points[id], reached?.contains(id) ?? true else {
                throw Refusal.noSuchResource(kind: "points", id: id)
            }
            query.points.append(number)
        }
        query.fromMs = UInt64(clamping: asked.range.lowerBound)
        query.toMs = UInt64(clamping: asked.range.upperBound)
        query.after = asked.after
        query.isDescending = asked.isDescending
        let rows = try await reader.commands(query)
        let building = await keeper.building
        let wanted = Set(rows.map(\.point))
        let ids = Dictionary(
            numbering.points.lazy.filter { wanted.contains($0.value) }.map { ($0.value, $0.key) },
            uniquingKeysWith: { first, _ in first })
        let views = rows.prefix(asked.limit).map { view($0, point: ids[$0.point], building) }
        return (views, rows.count > asked.limit)
    }

    /// - Parameter id: `c-41`.
    package func command(_ id: String, grant: Grant) async throws -> CommandView {
        guard id.hasPrefix("c-"), let intent = UInt64(id.dropFirst(2)), intent <= UInt64(Int64.max),
            CommandView.id(intent) == id, let row = try await reader.command(intent: intent),
            reaches(grant, row.stream)
        else { throw Refusal.noSuchResource(kind: "commands", id: id) }
        return view(
            row, point: await keeper.numbering.points.first { $0.value == row.point }?.key, await keeper.building)
    }

    /// The pseudonym that a command of this grant stands under in the log now.
    package func actor(of grant: Grant) -> [UInt8] { Self.pseudonym(of: grant, nowMs: nowMs) }

    private func view(_ row: StoredCommand, point id: String?, _ building: Building) -> CommandView {
        let point = id.flatMap { building.point($0) }
        func raw(_ bytes: [UInt8]) -> RawValue {
            // Bytes of ours that cannot be read, or that are not of the point's kind any more, are shown as no value.
            guard let value = try? CBOR.decode(bytes) else { return .none }
            return RawValue(value, kind: point?.kind) ?? .none
        }
        let asked = raw(row.value)
        let end = row.end.map { end in
            CommandView.End(
                result: end.result, leafIndex: end.outcome, atMs: Int64(clamping: end.endedMs),
                readBack: end.readBack.map { bytes in
                    let value = raw(bytes)
                    return CommandView.ReadBack(
                        value: ShownCommand(value, point: point), raw: value.shownText,
                        atMs: Int64(clamping: end.readMs ?? end.endedMs))
                }, detail: end.detail)
        }
        return CommandView(
            intent: row.intent, point: id, value: ShownCommand(asked, point: point), raw: asked.shownText,
            reason: row.reason, requestedAtMs: Int64(clamping: row.requestedMs),
            actor: row.actor.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined(), end: end)
    }
}
