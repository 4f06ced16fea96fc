import CanonicalCBOR
import Hashing
import LogEntries
import MerkleLog
import Readings

/// Counting what a file holds, while it is checked.
struct SurveyWalk {
    private(set) var survey = PeriodSurvey()
    private let fromMs: Int64
    private let toMs: Int64
    /// Ends of segments by size, ascending.
    private let ends: [(size: UInt64, confirmedMs: Int64?, stampedMs: Int64?)]
    private var next = 0
    private var first: UInt64
    private var lower: Int64?
    private var intervals: ClosedRange<UInt64>?

    init(_ scope: PeriodSurvey.Scope, _ audit: PeriodAudit, _ outcome: CoreAudit.Outcome) {
        survey.scope = scope
        fromMs = audit.fromMs
        toMs = audit.toMs
        first = outcome.startSize
        lower = audit.lowerBound.map { Int64(clamping: $0) &* 1000 }
        var ends: [UInt64: (confirmedMs: Int64?, stampedMs: Int64?)] = [:]
        for anchor in outcome.anchors where outcome.sizesOnPath.contains(anchor.size) && anchor.size > outcome.startSize
        {
            var known = ends[anchor.size] ?? (nil, nil)
            let confirmedMs = anchor.confirmation.map { Int64(clamping: $0.time) &* 1000 }
            known.confirmedMs = [known.confirmedMs, confirmedMs].compactMap(\.self).min()
            known.stampedMs = [known.stampedMs, anchor.stampedMs].compactMap(\.self).min()
            ends[anchor.size] = known
        }
        self.ends = ends.sorted { $0.key < $1.key }.map { ($0.key, $0.value.confirmedMs, $0.value.stampedMs) }
        for (index, leaf) in audit.contextLeaves where index >= outcome.endSize {
            if case .erasure(let erasure) = leaf.body { survey.erasures.append(.init(erasure, leaf: index)) }
        }
    }

    /// Intervals of the time asked for, once the period is known.
    static func asked(_ fromMs: Int64, _ toMs: Int64, _ periodMs: UInt64) -> ClosedRange<UInt64>? {
        guard fromMs >= 0, toMs > fromMs, periodMs > 0 else { return nil }
        return UInt64(fromMs) / periodMs...UInt64(toMs - 1) / periodMs
    }

    /// `isProven`: the file shows the milestone that this beacon cites.
    mutating func take(
        _ index: UInt64, _ leaf: Leaf, configs: [Hash: ConfigView], asked: ClosedRange<UInt64>?, isProven: Bool
    ) {
        count(index, leaf, configs, asked)
        // From anchor to anchor; an anchor that is missing or off the path ends no segment.
        guard next < ends.count, index &+ 1 == ends[next].size else { return }
        survey.segments.append(
            PeriodSurvey.Segment(
                firstLeaf: first, size: ends[next].size, intervals: intervals, notBeforeMs: lower,
                notAfterMs: ends[next].confirmedMs, stampedMs: ends[next].stampedMs))
        if case .beacon(let beacon) = leaf.body {
            lower = isProven ? Int64(clamping: beacon.milestoneTime) &* 1000 : nil
        }
        first = ends[next].size
        intervals = nil
        next += 1
    }

    private mutating func count(
        _ index: UInt64, _ leaf: Leaf, _ configs: [Hash: ConfigView], _ asked: ClosedRange<UInt64>?
    ) {
        switch leaf.body {
        case .interval(let interval):
            let k = interval.k
            intervals = intervals.map { min($0.lowerBound, k)...max($0.upperBound, k) } ?? k...k
            if asked?.contains(k) == true { survey.heldIntervals += 1 }
        case .event: survey.leaves.events += 1
        case .command: survey.leaves.commands += 1
        case .access: survey.leaves.accesses += 1
        case .snapshot: survey.leaves.snapshots += 1
        case .key: survey.leaves.keys += 1
        case .erasure(let erasure): survey.erasures.append(.init(erasure, leaf: index))
        case .boot(let boot) where boot.reason == Leaf.Boot.clockStep:
            survey.clockSteps.append(.init(atMs: leaf.wallMs, stepMs: boot.clockStepMs, leaf: index))
        case .boot: survey.leaves.restarts += 1
        case .gap(let gap):
            guard let asked, gap.kFrom <= gap.kTo, asked.overlaps(gap.kFrom...gap.kTo) else { return }
            survey.gaps.append(.init(kFrom: gap.kFrom, kTo: gap.kTo, cause: gap.cause, leaf: index))
            survey.gapIntervals += min(gap.kTo, asked.upperBound) - max(gap.kFrom, asked.lowerBound) + 1
        case .config(let change):
            survey.leaves.configurations += 1
            guard let old = change.oldHash.flatMap({ configs[$0] }), let new = configs[change.newHash] else { return }
            survey.changes += new.scaleChanges(from: old, leaf: index, atMs: leaf.wallMs)
        default: break
        }
    }

    mutating func finish(_ periodMs: UInt64, asked: ClosedRange<UInt64>?, opened: Int, _ tally: SurveyTally?)
        -> PeriodSurvey
    {
        survey.periodMs = periodMs
        survey.asked = asked
        survey.leaves.opened = opened
        survey.erasures.sort { $0.leaf < $1.leaf }
        tally?.finish(&survey)
        return survey
    }
}

extension PeriodAudit {
    /// Points that the opened snapshots cite for these entities and their parts; nil for an entity that none shows.
    func entityPoints(_ scope: PeriodSurvey.Scope) -> [String: Set<UInt32>?] {
        guard !scope.entities.isEmpty else { return [:] }
        var whole: [String: String] = [:]
        var cited: [String: Set<UInt32>] = [:]
        forEachOpening { opening in
            for bytes in opening.items {
                // What is no snapshot belongs to another leaf, or has its finding.
                guard let item = try? SnapshotItem.decode(bytes) else { continue }
                cited[item.entityID, default: []].formUnion(item.citations.map(\.point.rawValue))
                if let larger = item.whole { whole[item.entityID] = larger }
            }
        }
        var found: [String: Set<UInt32>?] = [:]
        for entity in scope.entities {
            guard cited[entity] != nil else {
                found[entity] = .some(nil)
                continue
            }
            var points: Set<UInt32> = []
            for (part, own) in cited {
                var at: String? = part
                for _ in 0..<PeriodSurvey.partsDepthMax where at != nil && at != entity {
                    at = at.flatMap { whole[$0] }
                }
                if at == entity { points.formUnion(own) }
            }
            found[entity] = points
        }
        return found
    }
}

extension PeriodSurvey {
    /// Parts of parts: floor, room, equipment and their like.
    static let partsDepthMax = 16
}

extension PeriodSurvey.Erasure {
    init(_ erasure: Leaf.Erasure, leaf: UInt64) {
        self.init(
            stream: erasure.stream.rawValue, kFrom: erasure.kFrom, kTo: erasure.kTo, legalBasis: erasure.legalBasis,
            leaf: leaf)
    }
}
