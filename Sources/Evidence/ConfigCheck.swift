import Hashing
import LogEntries
import MerkleLog
import Readings

/// One configuration of the file, read and compared with its hash.
struct ConfigView {
    let hash: Hash
    let head: ConfigHead?
    /// By place in the list of streams; nil where the row is hidden.
    let streams: [ConfigStream?]
    let rows: [PointNumber: ConfigRow]
    /// False when the root over the items is another, or the head is not shown.
    let isSound: Bool
    /// False when a shown item is not one.
    let isLegal: Bool

    init(_ config: PeriodConfig) {
        hash = config.hash
        let hashes = config.items.map { item in
            switch item {
            case .shown(let bytes): leafHash(bytes)
            case .hidden(let hash): hash
            }
        }
        var isLegal = true
        var head: ConfigHead?
        if case .shown(let bytes) = config.items.first {
            head = try? ConfigHead.decode(bytes)  // nil: not legal, below
            if head == nil { isLegal = false }
        }
        var streams: [ConfigStream?] = []
        for item in config.items.dropFirst() {
            guard case .shown(let bytes) = item else {
                streams.append(nil)
                continue
            }
            let stream = try? ConfigStream.decode(bytes)  // nil: not legal
            if stream == nil { isLegal = false }
            streams.append(stream)
        }
        self.head = head
        self.streams = streams
        self.isLegal = isLegal
        isSound = MerkleTree.root(of: hashes) == config.hash && (head != nil || !isLegal)
        var rows: [PointNumber: ConfigRow] = [:]
        for stream in streams { for row in stream?.rows ?? [] { rows[row.point] = row } }
        self.rows = rows
    }

    /// Stream numbers by place, for the core.
    var places: [UInt32?] { streams.map { $0?.stream.rawValue } }

    /// Points whose scale or unit is another in `later`, in words.
    func changes(to later: ConfigView) -> [String] {
        later.rows.values.sorted { $0.point < $1.point }.compactMap { row in
            guard let old = rows[row.point], old.unit != row.unit || old.scale != row.scale else { return nil }
            var parts: [String] = []
            if old.unit != row.unit { parts.append("unit \(old.unit) becomes \(row.unit)") }
            if old.scale != row.scale { parts.append("scale \(words(old.scale)) becomes \(words(row.scale))") }
            return "\(row.id) (point \(row.point)): " + parts.joined(separator: ", ")
        }
    }

    /// The same changes as values, from an earlier configuration to this one.
    func scaleChanges(from old: ConfigView, leaf: UInt64, atMs: UInt64) -> [PeriodSurvey.ScaleChange] {
        rows.values.sorted { $0.point < $1.point }.compactMap { row in
            guard let before = old.rows[row.point], before.unit != row.unit || before.scale != row.scale else {
                return nil
            }
            return PeriodSurvey.ScaleChange(
                leaf: leaf, atMs: atMs, point: row.point.rawValue, id: row.id, oldUnit: before.unit, newUnit: row.unit,
                oldScale: before.scale, newScale: row.scale)
        }
    }

    private func words(_ scale: Scale) -> String {
        let factor = "\(scale.mantissa)e\(scale.exponent)"
        return scale.offsetMantissa == 0 ? factor : "\(factor) + \(scale.offsetMantissa)e\(scale.offsetExponent)"
    }
}

/// Readings of an item against the rules of formats.md section 2.
enum ItemRules {
    /// Judges one payload; returns the number of quadruples.
    static func check(
        _ form: ItemForm, periodMs: UInt64, stream: ConfigStream?, rowsAreKnown: Bool, about: String,
        into found: inout FindingList
    ) -> Int {
        let rows = Dictionary(
            (stream?.rows ?? []).map { ($0.point, $0.kind) }, uniquingKeysWith: { first, _ in first })
        if !LogEntries.Payload.problems(form.payload, periodMs: periodMs, kind: { rows[$0] }).isEmpty {
            found.add(.itemMalformed, about)
        }
        guard let read = try? LogEntries.Payload.decode(form.payload) else { return 0 }  // found above
        if rowsAreKnown, let point = read.first(where: { rows[$0.point] == nil })?.point {
            found.add(.configUnknown, "point \(point) in \(about)")
        }
        return read.count
    }
}
