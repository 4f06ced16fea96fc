import CanonicalCBOR
import Hashing
import LogEntries
import MerkleLog
import Readings

/// Beacons, configurations, readings and openings: what stands inside the authenticated leaves.
extension PeriodAudit {
    mutating func checkBeacons(_ outcome: CoreAudit.Outcome) {
        var listed: [UInt64: [(root: Hash, blockID: Hash?)]] = [:]
        for anchor in outcome.anchors {
            listed[anchor.size, default: []].append((anchor.root, answers[anchor.place]?.blockID))
        }
        var stored = Dictionary(parts.beacons.map { ($0.seq, $0.milestone) }, uniquingKeysWith: { first, _ in first })
        var leaves = outcome.leaves
        if let startSize, let last = contextLeaves.first(where: { $0.index &+ 1 == startSize }) {
            leaves.insert(last, at: 0)
            if case .beacon = last.leaf.body {} else { found.add(.noLowerBound, "leaf \(last.index) is not a beacon") }
        }
        for (index, leaf) in leaves {
            guard case .beacon(let beacon) = leaf.body else { continue }
            let name = "the beacon of anchor \(beacon.anchorSeq)"
            if let previous = beacon.previous, let cited = listed[previous.size] {
                let matching = cited.filter { $0.root == previous.root }
                // An anchor whose block is none has no id to compare.
                let isRight = matching.contains { $0.blockID == nil || $0.blockID == previous.blockID }
                if !isRight { found.add(.beacon, "\(name) cites another anchor of size \(previous.size)") }
            }
            guard let bytes = stored.removeValue(forKey: beacon.anchorSeq) else {
                found.add(.noLowerBound, name)
                continue
            }
            let (milestone, isSigned) = network.milestone(name, bytes, into: &found)
            if let milestone, !beacon.cites(milestone) { found.add(.beacon, name) }
            if isSigned, let milestone, beacon.cites(milestone) { provenBeacons.insert(index) }
        }
        if let stray = stored.keys.min() { found.add(.beacon, "no leaf for the beacon of anchor \(stray)") }
    }

    mutating func checkConfigurations(_ outcome: CoreAudit.Outcome) {
        for config in configs.values {
            if !config.isSound { found.add(.configUnknown, "configuration \(config.hash.hex.prefix(8))") }
            if !config.isLegal { found.add(.nonCanonical, "configuration \(config.hash.hex.prefix(8))") }
        }
        var current: Hash?
        for (index, leaf) in contextLeaves where index < outcome.startSize {
            if case .config(let change) = leaf.body { current = change.newHash }
        }
        for (index, leaf) in outcome.leaves {
            switch leaf.body {
            case .config(let change):
                if change.oldHash != current { found.add(.configUnknown, "the change in leaf \(index)") }
                current = change.newHash
                if let old = change.oldHash.flatMap({ configs[$0] }), let new = configs[change.newHash] {
                    facts.configurationChanges += old.changes(to: new)
                }
            case .interval(let interval):
                guard interval.configHash == current, let config = configs[interval.configHash] else {
                    found.add(.configUnknown, "interval \(interval.k)")
                    continue
                }
                guard config.isSound else { continue }
                if let head = config.head, head.periodMs != interval.periodMs {
                    found.add(.gap, "the period of interval \(interval.k)")
                }
                if UInt64(config.streams.count) != interval.itemCount {
                    found.add(.itemCount, "interval \(interval.k)")
                }
            default: break
            }
        }
    }

    mutating func checkPayloads(_ outcome: CoreAudit.Outcome) {
        for (_, leaf) in outcome.leaves {
            guard case .interval(let interval) = leaf.body else { continue }
            facts.intervals += 1
            guard outcome.held.contains(interval.k), let contents = itemsByK[interval.k] else { continue }
            let config = configs[interval.configHash].flatMap { $0.isSound ? $0 : nil }
            var plainReadings: UInt64? = config == nil ? nil : 0
            for (place, content) in contents.enumerated() {
                let stream = config.flatMap { place < $0.streams.count ? $0.streams[place] : nil }
                guard case .shown(let bytes) = content, let form = ItemForm(bytes) else {
                    // Not shown: the readings of the plant cannot be counted, unless this stream is not one of them.
                    if stream.map({ $0.privacyClass == PrivacyClass.none }) ?? true { plainReadings = nil }
                    continue
                }
                let count = ItemRules.check(
                    form, periodMs: interval.periodMs, stream: stream, rowsAreKnown: config != nil,
                    about: "stream \(form.stream), interval \(interval.k)", into: &found)
                facts.items += 1
                facts.readings += count
                if stream?.privacyClass == PrivacyClass.none { plainReadings? += UInt64(count) }
            }
            if let plainReadings, plainReadings != interval.readingCount {
                found.add(.itemCount, "interval \(interval.k): \(plainReadings) of \(interval.readingCount) readings")
            }
        }
    }

    /// Readings captured in the time asked for, of intervals whose items give the inner root.
    func readings(_ each: (ShownReading, _ stream: UInt32, _ k: UInt64) throws -> Void) rethrows {
        for (_, leaf) in outcome?.leaves ?? [] {
            guard case .interval(let interval) = leaf.body, outcome?.held.contains(interval.k) == true,
                let contents = itemsByK[interval.k]
            else { continue }
            let config = configs[interval.configHash].flatMap { $0.isSound ? $0 : nil }
            var found: [(reading: ShownReading, stream: UInt32)] = []
            for (place, content) in contents.enumerated() {
                guard case .shown(let bytes) = content, let form = ItemForm(bytes) else { continue }
                let rows = config.flatMap { place < $0.streams.count ? $0.streams[place]?.rows : nil } ?? []
                for reading in ShownReading.all(item: Array(bytes), periodMs: interval.periodMs, rows: rows)
                where reading.atMs >= fromMs && reading.atMs < toMs { found.append((reading, form.stream)) }
            }
            found.sort { ($0.reading.atMs, $0.reading.point) < ($1.reading.atMs, $1.reading.point) }
            for (reading, stream) in found { try each(reading, stream, interval.k) }
        }
    }

    mutating func checkOpenings(_ outcome: CoreAudit.Outcome) throws(Stop) {
        guard !parts.openings.isEmpty else { return }
        let leaves = Dictionary(outcome.leaves.map { ($0.index, $0.leaf) }, uniquingKeysWith: { first, _ in first })
        for opening in parts.openings {
            guard opening.leafIndex >= outcome.startSize, opening.leafIndex < outcome.endSize else {
                throw Stop(.malformed, "leaf \(opening.leafIndex) of the openings lies outside the period")
            }
            // A leaf that cannot be read has its own finding.
            guard let leaf = leaves[opening.leafIndex] else { continue }
            for code in Opening.judge(leaf, opening.items, hidden: opening.hidden) {
                found.add(code, "the opening of leaf \(opening.leafIndex)")
            }
        }
    }
}
