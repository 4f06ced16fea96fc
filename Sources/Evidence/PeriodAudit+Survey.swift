import CanonicalCBOR
import Hashing
import LogEntries
import MerkleLog
import Readings

/// Counting what a file holds, after it was checked.
extension PeriodAudit {
    /// nil when the check stopped before the leaves were authenticated.
    func survey(_ scope: PeriodSurvey.Scope) -> PeriodSurvey? {
        guard let outcome, let covered = coverage(outcome) else { return nil }
        var survey = PeriodSurvey()
        survey.scope = scope
        survey.periodMs = covered.periodMs
        survey.asked = asked(covered.periodMs)
        survey.segments = segments(outcome)
        countLeaves(outcome, &survey)
        survey.leaves.opened = parts.openings.count
        var tally = SurveyTally(scope, configs: configs, disclosed: Set(parts.streams), entities: entityPoints(scope))
        for (_, leaf) in outcome.leaves {
            guard case .interval(let interval) = leaf.body, survey.asked?.contains(interval.k) == true else { continue }
            survey.heldIntervals += 1
            guard let contents = itemsByK[interval.k], outcome.held.contains(interval.k) else { continue }
            tally.add(interval, contents)
        }
        tally.finish(&survey)
        return survey
    }

    private func asked(_ periodMs: UInt64) -> ClosedRange<UInt64>? {
        guard fromMs >= 0, toMs > fromMs else { return nil }
        return UInt64(fromMs) / periodMs...UInt64(toMs - 1) / periodMs
    }

    /// From anchor to anchor; an anchor that is missing or off the path ends none.
    func segments(_ outcome: CoreAudit.Outcome) -> [PeriodSurvey.Segment] {
        var ends: [UInt64: (confirmedMs: Int64?, stampedMs: Int64?)] = [:]
        for anchor in outcome.anchors where outcome.sizesOnPath.contains(anchor.size) && anchor.size > outcome.startSize
        {
            var known = ends[anchor.size] ?? (nil, nil)
            let confirmedMs = anchor.confirmation.map { Int64(clamping: $0.time) &* 1000 }
            known.confirmedMs = [known.confirmedMs, confirmedMs].compactMap(\.self).min()
            known.stampedMs = [known.stampedMs, anchor.stampedMs].compactMap(\.self).min()
            ends[anchor.size] = known
        }
        let sizes = ends.keys.sorted()
        var segments: [PeriodSurvey.Segment] = []
        var first = outcome.startSize
        var lower = lowerBound.map { Int64(clamping: $0) &* 1000 }
        var intervals: ClosedRange<UInt64>?
        var next = 0
        for (index, leaf) in outcome.leaves {
            if case .interval(let interval) = leaf.body {
                let k = interval.k
                intervals = intervals.map { min($0.lowerBound, k)...max($0.upperBound, k) } ?? k...k
            }
            guard next < sizes.count, index &+ 1 == sizes[next] else { continue }
            let end = ends[sizes[next]]
            segments.append(
                PeriodSurvey.Segment(
                    firstLeaf: first, size: sizes[next], intervals: intervals, notBeforeMs: lower,
                    notAfterMs: end?.confirmedMs, stampedMs: end?.stampedMs))
            if case .beacon(let beacon) = leaf.body {
                lower = provenBeacons.contains(index) ? Int64(clamping: beacon.milestoneTime) &* 1000 : nil
            }
            first = sizes[next]
            intervals = nil
            next += 1
        }
        return segments
    }

    private func countLeaves(_ outcome: CoreAudit.Outcome, _ survey: inout PeriodSurvey) {
        for (index, leaf) in contextLeaves where index >= outcome.endSize {
            if case .erasure(let erasure) = leaf.body { survey.erasures.append(.init(erasure, leaf: index)) }
        }
        for (index, leaf) in outcome.leaves {
            switch leaf.body {
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
                guard let asked = survey.asked, gap.kFrom <= gap.kTo, asked.overlaps(gap.kFrom...gap.kTo) else {
                    continue
                }
                survey.gaps.append(.init(kFrom: gap.kFrom, kTo: gap.kTo, cause: gap.cause, leaf: index))
                survey.gapIntervals += min(gap.kTo, asked.upperBound) - max(gap.kFrom, asked.lowerBound) + 1
            case .config(let change):
                survey.leaves.configurations += 1
                guard let old = change.oldHash.flatMap({ configs[$0] }), let new = configs[change.newHash] else {
                    continue
                }
                survey.changes += new.scaleChanges(from: old, leaf: index, atMs: leaf.wallMs)
            default: break
            }
        }
        survey.erasures.sort { $0.leaf < $1.leaf }
    }

    /// Points that the opened snapshots cite for these entities and their parts; nil for an entity that none shows.
    private func entityPoints(_ scope: PeriodSurvey.Scope) -> [String: Set<UInt32>?] {
        guard !scope.entities.isEmpty else { return [:] }
        var whole: [String: String] = [:]
        var cited: [String: Set<UInt32>] = [:]
        for opening in parts.openings {
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

/// Counts items and readings, interval by interval.
struct SurveyTally {
    private let scope: PeriodSurvey.Scope
    private let configs: [Hash: ConfigView]
    private let disclosed: Set<UInt32>
    private let entities: [String: Set<UInt32>?]
    private var streams: [UInt32: PeriodSurvey.StreamCount] = [:]
    private var points: [UInt32: PeriodSurvey.PointCount] = [:]
    private var seenIDs: Set<String> = []

    init(
        _ scope: PeriodSurvey.Scope, configs: [Hash: ConfigView], disclosed: Set<UInt32>,
        entities: [String: Set<UInt32>?]
    ) {
        self.scope = scope
        self.configs = configs
        self.disclosed = disclosed
        self.entities = entities
    }

    /// `contents` give the interval's root.
    mutating func add(_ interval: Leaf.Interval, _ contents: [PeriodItem.Content]) {
        guard let config = configs[interval.configHash], config.isSound else { return }
        for (place, content) in contents.enumerated() where place < config.streams.count {
            guard let stream = config.streams[place] else { continue }
            let wanted = stream.rows.filter { isWanted($0, of: stream) }
            guard scope.isWhole || scope.streams.contains(stream.stream.rawValue) || !wanted.isEmpty else { continue }
            let number = stream.stream.rawValue
            var count =
                streams[number] ?? PeriodSurvey.StreamCount(stream: number, isDisclosed: disclosed.contains(number))
            count.className = stream.className
            count.expectedItems += 1
            switch content {
            case .shown(let bytes):
                count.shownItems += 1
                if let form = ItemForm(bytes) { read(form, interval, stream, wanted) }
            case .withheld: count.withheldItems += 1
            case .erased: count.erasedItems += 1
            }
            streams[number] = count
        }
    }

    private func isWanted(_ row: ConfigRow, of stream: ConfigStream) -> Bool {
        scope.isWhole || scope.streams.contains(stream.stream.rawValue) || scope.points.contains(row.id)
            || entities.values.contains { $0?.contains(row.point.rawValue) == true }
    }

    private mutating func read(
        _ form: ItemForm, _ interval: Leaf.Interval, _ stream: ConfigStream, _ wanted: [ConfigRow]
    ) {
        var valued: Set<UInt32> = []
        for row in wanted {
            let point = row.point.rawValue
            var count =
                points[point]
                ?? PeriodSurvey.PointCount(stream: stream.stream.rawValue, point: point, id: row.id, unit: row.unit)
            count.id = row.id
            count.unit = row.unit
            count.expectedIntervals += 1
            points[point] = count
        }
        let startMs = Int64(clamping: interval.k.multipliedReportingOverflow(by: interval.periodMs).partialValue)
        for reading in (try? LogEntries.Payload.decode(form.payload)) ?? [] {  // what breaks the rules has its finding
            let point = reading.point.rawValue
            guard var count = points[point], count.stream == stream.stream.rawValue else { continue }
            count.readings += 1
            count.qualities[Int(reading.quality.rawValue)] += 1
            if let source = reading.sourceMs, source < startMs { count.late += 1 }
            if reading.value.isNull {
                count.withoutValue += 1
            } else if valued.insert(point).inserted {
                count.receivedIntervals += 1
            }
            points[point] = count
        }
    }

    mutating func finish(_ survey: inout PeriodSurvey) {
        survey.streams = streams.values.sorted { $0.stream < $1.stream }
        survey.points = points.values.sorted { ($0.stream, $0.point) < ($1.stream, $1.point) }
        let known = Set(survey.points.map(\.id))
        survey.unknown =
            scope.streams.filter { streams[$0] == nil }.sorted().map { "stream \($0)" }
            + scope.points.filter { !known.contains($0) }.sorted().map { "point \($0)" }
            + entities.filter { $0.value == nil }.keys.sorted().map { "entity \($0)" }
        if !scope.isWhole {
            let wanted = Set(survey.streams.map(\.stream))
            survey.erasures.removeAll { !wanted.contains($0.stream) }
            survey.changes.removeAll { !known.contains($0.id) }
        }
    }
}
