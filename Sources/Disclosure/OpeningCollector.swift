import Evidence
import Hashing
import LedgerStore
import LogEntries
import Readings

/// Decides what a period file opens of its events, commands, accesses and snapshots (decision 23), leaf after leaf in
/// the log's order. Nothing that concerns a stream which is not disclosed is shown.
struct OpeningCollector {
    let reader: LedgerReader
    let disclosed: Set<StreamNumber>
    /// Streams that each point id had in the configurations so far.
    private var streamsOf: [String: Set<StreamNumber>] = [:]
    /// Whether every stream of the configuration in force is disclosed.
    private var isWhole = false
    /// What the snapshot that was opened last says, and the UTC day of its leaf.
    private var said: (things: [Thing], day: UInt64)?

    /// What a snapshot says of an entity, apart from where in the log its values stand.
    private struct Thing: Hashable {
        let id: String
        let type: String
        let relations: [SnapshotItem.Relation]
        let points: [PointNumber]
    }

    init(reader: LedgerReader, disclosed: Set<StreamNumber>) {
        self.reader = reader
        self.disclosed = disclosed
    }

    /// A configuration is in force from here on.
    mutating func enter(_ config: StoredConfig) throws {
        isWhole = true
        for row in config.items.dropFirst() {
            let stream = StreamNumber(row.stream)
            if !disclosed.contains(stream) { isWhole = false }
            guard let bytes = row.item.bytes else { continue }
            for point in try ConfigStream.decode(bytes).rows { streamsOf[point.id, default: []].insert(stream) }
        }
    }

    /// What the file opens of a leaf; `nil` for nothing.
    mutating func opening(of index: UInt64, _ leaf: Leaf) async throws -> PeriodOpening? {
        switch leaf.body {
        case .event(let event): try await single(index, event.stream)
        case .command(let command): try await single(index, command.stream)
        case .access: try await access(index)
        case .snapshot(let snapshot): try await self.snapshot(snapshot.number, index, wallMs: leaf.wallMs)
        default: nil
        }
    }

    private func single(_ index: UInt64, _ stream: StreamNumber) async throws -> PeriodOpening? {
        guard disclosed.contains(stream) else { return nil }
        let items = try await reader.openings(leaf: index)
        return items.contains { $0.bytes == nil } ? nil : made(index, items) { _ in true }
    }

    /// An item is shown when every point in it is one of a disclosed stream, ever since the period began. One without
    /// entries only hides how many others there are, and is shown when nothing is left to hide.
    private func access(_ index: UInt64) async throws -> PeriodOpening? {
        let items = try await reader.openings(leaf: index)
        let scopes = try items.map { item in try item.bytes.map { try AccessItem.decode($0).entries.map(\.scope) } }
        let areAllShown = scopes.allSatisfy { $0?.allSatisfy(isDisclosed) ?? false }
        return made(index, items) { place in
            guard let scopes = scopes[place], !scopes.isEmpty || areAllShown else { return false }
            return scopes.allSatisfy(isDisclosed)
        }
    }

    /// A point that no configuration of the period names is nobody's.
    private func isDisclosed(_ point: String) -> Bool { streamsOf[point]?.isSubset(of: disclosed) ?? false }

    /// The first of the period, of a UTC day, and every one that says something new. Of a file that withholds streams only
    /// entities are shown whose values are all disclosed, and what these are parts of.
    private mutating func snapshot(_ number: UInt64, _ index: UInt64, wallMs: UInt64) async throws -> PeriodOpening? {
        guard let rows = try await reader.snapshot(number)?.items.map(\.item) else { return nil }
        let items = try rows.map { row in try row.bytes.map { try SnapshotItem.decode($0) } }
        let things = items.compactMap(\.self).map {
            Thing(id: $0.entityID, type: $0.type, relations: $0.relations, points: $0.citations.map(\.point))
        }
        let day = wallMs / 86_400_000
        if let said, said == (things, day) { return nil }
        said = (things, day)
        let shown = isWhole ? nil : Self.disclosedEntities(items.compactMap(\.self), disclosed)
        return made(index, rows) { place in
            items[place].map { shown?.contains($0.entityID) ?? true } ?? false
        }
    }

    private static func disclosedEntities(_ items: [SnapshotItem], _ disclosed: Set<StreamNumber>) -> Set<String> {
        let open = items.filter { $0.citations.allSatisfy { disclosed.contains($0.stream) } }
        let byID = Dictionary(open.map { ($0.entityID, $0) }, uniquingKeysWith: { first, _ in first })
        var shown: Set<String> = []
        for item in open where !item.citations.isEmpty {
            var next: SnapshotItem? = item
            while let here = next, shown.insert(here.entityID).inserted {
                next = here.whole.flatMap { byID[$0] }
            }
        }
        return shown
    }

    /// `nil` when nothing of the leaf is shown.
    private func made(_ index: UInt64, _ items: [StoredItem], isShown: (Int) -> Bool) -> PeriodOpening? {
        var opening = PeriodOpening(leafIndex: index, items: [])
        for (place, item) in items.enumerated() {
            if let bytes = item.bytes, isShown(place) {
                opening.items.append(bytes)
            } else {
                opening.hidden[place] = item.hash
            }
        }
        return opening.items.isEmpty ? nil : opening
    }
}
