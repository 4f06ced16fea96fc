package import LogEntries
package import Readings

/// One leaf that tells who did what, with what the file opens of it. From a file that holds only.
package struct TrailLeaf: Sendable {
    /// Place in the log.
    package let index: UInt64
    package let leaf: Leaf
    /// What the leaf commits to, checked; nil when the file does not open it, or when it says all itself.
    package let opening: PeriodOpening?
    /// Between which moments it was placed in the log, as the anchors around it and independent time stamps attest, UTC
    /// milliseconds; nil where nothing does, and without a card of one's own. On the operator's own network time stamps alone count.
    package let notBeforeMs: Int64?
    package let notAfterMs: Int64?
    /// The configuration in force at this leaf, a type 4 leaf's new one.
    package let config: TrailConfig?
    /// Of a type 4 leaf: what it changed in units and scales of disclosed points; nil when the file lacks one of the two.
    package let changes: [PeriodSurvey.ScaleChange]?
    /// Whether the gateway's clock had it in the time asked for.
    package let isAsked: Bool
}

/// What the file shows of one configuration.
package struct TrailConfig: Sendable {
    package let modelRevision: UInt64?
    package let rows: [PointNumber: ConfigRow]
    package let streams: [PointNumber: UInt32]
}

/// The types of leaves that a trail has: event, command, configuration, access, snapshot, erasure.
private let trailTypes: Set<UInt64> = [2, 3, 4, 5, 6, 10]

/// Checks a file as `verify` does, and gives `each` the leaves of its trail, in the log's order, when it holds, or holds but for a
/// card of one's own. A reading file has none.
///
package func trail(
    source: some ByteSource, card: PolicyCard? = nil, by options: VerificationOptions, each: (TrailLeaf) throws -> Void
) throws -> Verdict {
    let (verdict, audit) = check(source, card, options, PeriodSurvey.Scope())
    if let failure = source.failure { throw failure }
    guard verdict.vouchesForReadings, let audit else { return verdict }
    try audit.trail(verdict, each)
    if let failure = source.failure { throw failure }
    return verdict
}

extension PeriodAudit {
    func trail(_ verdict: Verdict, _ each: (TrailLeaf) throws -> Void) throws {
        guard let startSize, let survey else { return }
        let bounds = bounds(survey.segments, verdict)
        var openings: [UInt64: PeriodOpening] = [:]
        forEachOpening { openings[$0.leafIndex] = openings[$0.leafIndex] ?? $0 }
        let shown = configs.mapValues(TrailConfig.init)
        var current: TrailConfig?
        for (index, leaf) in contextLeaves where index < startSize {
            if case .config(let change) = leaf.body { current = shown[change.newHash] }
        }
        var segment = 0
        try period.leaves.forEach { number, bytes in
            let index = startSize + UInt64(number)
            // Every leaf was read before.
            guard let leaf = try? Leaf.decode([UInt8](bytes)) else { return }
            while segment < bounds.count, bounds[segment].size <= index { segment += 1 }
            var changes: [PeriodSurvey.ScaleChange]?
            if case .config(let change) = leaf.body {
                current = shown[change.newHash]
                if let old = change.oldHash.flatMap({ configs[$0] }), let new = configs[change.newHash] {
                    changes = new.scaleChanges(from: old, leaf: index, atMs: leaf.wallMs)
                }
            }
            guard trailTypes.contains(leaf.body.type) else { return }
            let wallMs = Int64(clamping: leaf.wallMs)
            try each(
                TrailLeaf(
                    index: index, leaf: leaf, opening: openings[index],
                    notBeforeMs: segment < bounds.count ? bounds[segment].notBeforeMs : nil,
                    notAfterMs: segment < bounds.count ? bounds[segment].notAfterMs : nil, config: current,
                    changes: changes,
                    isAsked: wallMs >= fromMs && wallMs < toMs))
        }
    }
}

extension PeriodAudit {
    /// What counts of each segment's bounds: a time stamp bounds everything before it too.
    private func bounds(
        _ segments: [PeriodSurvey.Segment], _ verdict: Verdict
    ) -> [(size: UInt64, notBeforeMs: Int64?, notAfterMs: Int64?)] {
        let isStated = verdict.exitCode == 0
        var stampMs: Int64?
        return segments.reversed().map { segment in
            stampMs = [stampMs, segment.stampedMs].compactMap(\.self).min()
            let after = verdict.isSelfNetwork ? stampMs : [segment.notAfterMs, stampMs].compactMap(\.self).min()
            let before = verdict.isSelfNetwork ? nil : segment.notBeforeMs
            return (segment.size, isStated ? before : nil, isStated ? after : nil)
        }.reversed()
    }
}

extension TrailConfig {
    fileprivate init(_ view: ConfigView) {
        modelRevision = view.head?.modelRevision
        rows = view.rows
        var streams: [PointNumber: UInt32] = [:]
        for stream in view.streams.compactMap(\.self) {
            for row in stream.rows { streams[row.point] = stream.stream.rawValue }
        }
        self.streams = streams
    }
}
