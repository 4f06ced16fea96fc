import Evidence
import LogEntries
import Readings

/// Which leaves and items of a trail are asked for.
struct TrailSelection {
    private let isWhole: Bool
    private let streams: Set<UInt32>
    /// Ids that are asked for, those of entities' points among them.
    private let points: Set<String>
    private let numbers: Set<PointNumber>
    /// Streams of these points: what is not opened there may be about one of them.
    private let streamsOfPoints: Set<UInt32>
    private let streamOf: [String: UInt32]
    /// The entities asked for and their parts.
    private let entities: Set<String>
    let unknown: [String]

    /// Parts of parts: floor, room, equipment and their like.
    private static let partsDepthMax = 16

    init(_ scope: PeriodSurvey.Scope, _ leaves: [TrailLeaf]) {
        var ids: [PointNumber: String] = [:]
        var streamOf: [String: UInt32] = [:]
        for leaf in leaves {
            guard let config = leaf.config else { continue }
            for (point, row) in config.rows where ids[point] == nil {
                ids[point] = row.id
                streamOf[row.id] = config.streams[point]
            }
        }
        var whole: [String: String] = [:]
        var cited: [String: Set<PointNumber>] = [:]
        for leaf in leaves {
            guard case .snapshot = leaf.leaf.body else { continue }
            for item in leaf.snapshotItems {
                cited[item.entityID, default: []].formUnion(item.citations.map(\.point))
                if let larger = item.whole { whole[item.entityID] = larger }
            }
        }
        let entities = Set(
            cited.keys.filter { part in
                var at: String? = part
                for _ in 0..<Self.partsDepthMax {
                    guard let here = at else { return false }
                    if scope.entities.contains(here) { return true }
                    at = whole[here]
                }
                return false
            })
        let numbersOfEntities = entities.reduce(into: Set<PointNumber>()) { $0.formUnion(cited[$1] ?? []) }
        let points = scope.points.union(numbersOfEntities.compactMap { ids[$0] })
        isWhole = scope.isWhole
        streams = scope.streams
        self.points = points
        numbers = numbersOfEntities.union(ids.filter { points.contains($0.value) }.keys)
        streamsOfPoints = Set(points.compactMap { streamOf[$0] })
        self.streamOf = streamOf
        self.entities = entities
        let knownStreams = Set(streamOf.values)
        unknown =
            scope.streams.filter { !knownStreams.contains($0) }.sorted().map { "stream \($0)" }
            + scope.points.filter { streamOf[$0] == nil }.sorted().map { "point \($0)" }
            + scope.entities.filter { cited[$0] == nil }.sorted().map { "entity \($0)" }
    }

    func wants(_ stream: UInt32, _ point: PointNumber?) -> Bool {
        isWhole || streams.contains(stream) || point.map { numbers.contains($0) } ?? false
    }

    /// Something of this stream that is not opened.
    func mayWant(_ stream: UInt32) -> Bool { isWhole || streams.contains(stream) || streamsOfPoints.contains(stream) }

    func wants(id: String) -> Bool {
        isWhole || points.contains(id) || streamOf[id].map { streams.contains($0) } ?? false
    }

    func wants(_ item: SnapshotItem) -> Bool {
        isWhole || entities.contains(item.entityID)
            || item.citations.contains { numbers.contains($0.point) || streams.contains($0.stream.rawValue) }
    }

    /// Whether what concerns the whole house belongs into it.
    var wantsHouse: Bool { isWhole }
}

extension TrailLeaf {
    /// The entities of a snapshot that the file opens.
    var snapshotItems: [SnapshotItem] {
        (opening?.items ?? []).compactMap { try? SnapshotItem.decode($0) }  // checked: all of them are
    }

    var accessItems: [AccessItem] {
        (opening?.items ?? []).compactMap { try? AccessItem.decode($0) }  // checked: all of them are
    }

    /// What an event or a command commits to.
    var payload: [UInt8]? {
        opening?.items.first.flatMap { (try? Commitment.decode($0))?.payload }  // checked: it is one
    }
}
