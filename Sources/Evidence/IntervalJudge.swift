import CanonicalCBOR
import Hashing
import LogEntries
import MerkleLog
import Readings

/// Step 6 and the rules of readings, interval by interval; one for each worker.
final class IntervalJudge {
    /// What is the same for all.
    struct Rules: Sendable {
        var configs: [Hash: PreparedConfig]
        var disclosed: Set<UInt32>
        var erasures: [UInt32: [CoreAudit.Erasure]]
    }

    struct Work: Sendable {
        let index: UInt64
        let interval: Leaf.Interval
        /// Inside the time that is asked for.
        let isAsked: Bool
    }

    /// An item whose bytes are not in the file, of an interval whose configuration is not known.
    struct Hidden: Sendable {
        let configHash: Hash
        let place: Int
        let k: UInt64
        let leafIndex: UInt64
        let isWithheld: Bool
    }

    struct Answer: Sendable {
        var items = FindingList()
        var payloads = FindingList()
        var erasedItems = 0
        var withheldItems = 0
        var itemCount = 0
        var readings = 0
        var hidden: [Hidden] = []
        /// Streams by place, of configurations that are not known.
        var learned: [Hash: [Int: UInt32]] = [:]
    }

    private struct Shown {
        let place: Int
        /// nil: not an item.
        var form: (stream: UInt32, k: UInt64)?
        /// Its readings among those scanned; nil when it broke a rule.
        var readings: Range<Int>?
        /// Bytes of an item that has to be judged by the slower way.
        var bytes: [UInt8]?
    }

    private let rules: Rules
    private let cursor: ItemCursor
    let tally: SurveyTally?
    private var shown: [Shown] = []
    private var hidden: [(place: Int, isWithheld: Bool)] = []
    private var readings: [ScannedReading] = []

    init(_ rules: Rules, _ items: PackedItems, tally: SurveyTally?) {
        self.rules = rules
        self.tally = tally
        cursor = ItemCursor(items)
    }

    func judge(_ work: some Sequence<Work>) -> Answer {
        var answer = Answer()
        for one in work { judge(one, &answer) }
        return answer
    }

    private func judge(_ work: Work, _ answer: inout Answer) {
        let interval = work.interval
        let config = rules.configs[interval.configHash]
        shown.removeAll(keepingCapacity: true)
        hidden.removeAll(keepingCapacity: true)
        readings.removeAll(keepingCapacity: true)
        var tree = Frontier()
        var count: UInt64 = 0
        cursor.forEach(of: interval.k) { kind, bytes in
            count += 1
            guard count <= interval.itemCount else { return }
            let place = Int(count - 1)
            if kind == 0 {
                tree.append(leafHash(bytes)) { _, _, _ in }
                look(bytes, place, interval, config)
            } else {
                tree.append(Hash { $0.copyMemory(from: bytes) }) { _, _, _ in }
                hidden.append((place, kind == 1))
            }
        }
        guard count == interval.itemCount else {
            answer.items.add(.itemCount, "interval \(interval.k): \(count) of \(interval.itemCount) items")
            return
        }
        for item in hidden { judge(item, work, config, &answer) }
        guard tree.root == interval.innerRoot else {
            answer.items.add(.itemHash, "interval \(interval.k)")
            return
        }
        guard holdsTogether(work, config, &answer) else { return }
        self.count(work, config, &answer)
    }

    private func look(
        _ bytes: UnsafeRawBufferPointer, _ place: Int, _ interval: Leaf.Interval, _ config: PreparedConfig?
    ) {
        if let stream = config?.stream(place) {
            let first = readings.count
            let number = stream.config.stream.rawValue
            let isGood = StreamItemScan.accepts(
                bytes, stream: number, k: interval.k, periodMs: interval.periodMs, kinds: stream.kinds, into: &readings)
            if isGood {
                shown.append(Shown(place: place, form: (number, interval.k), readings: first..<readings.count))
                return
            }
        }
        let copy = [UInt8](bytes)
        let form = ItemForm(copy)
        shown.append(Shown(place: place, form: form.map { ($0.stream, $0.k) }, bytes: copy))
    }

    /// Whether each item is that of its place and interval.
    private func holdsTogether(_ work: Work, _ config: PreparedConfig?, _ answer: inout Answer) -> Bool {
        let k = work.interval.k
        var isHeld = true
        for item in shown {
            guard let form = item.form else {
                answer.items.add(.nonCanonical, "item \(item.place) of interval \(k)")
                isHeld = false
                continue
            }
            let expected = config?.stream(item.place)?.config.stream.rawValue
            if form.k != k || form.stream != expected ?? form.stream {
                answer.items.add(.itemHash, "item \(item.place) of interval \(k)")
                isHeld = false
            } else if config == nil {
                answer.learned[work.interval.configHash, default: [:]][item.place] = form.stream
            }
        }
        return isHeld
    }

    private func judge(
        _ item: (place: Int, isWithheld: Bool), _ work: Work, _ config: PreparedConfig?, _ answer: inout Answer
    ) {
        let k = work.interval.k
        guard let config else {
            answer.hidden.append(
                Hidden(
                    configHash: work.interval.configHash, place: item.place, k: k, leafIndex: work.index,
                    isWithheld: item.isWithheld))
            return
        }
        let hidden = Hidden(
            configHash: work.interval.configHash, place: item.place, k: k, leafIndex: work.index,
            isWithheld: item.isWithheld)
        rules.judge(hidden, config.stream(item.place)?.config.stream.rawValue, &answer)
    }

    /// Readings of an interval that holds: their rules, their number, and the survey's counts.
    private func count(_ work: Work, _ config: PreparedConfig?, _ answer: inout Answer) {
        let interval = work.interval
        // nil: the readings of the plant cannot be counted, since not all its streams are shown.
        var plain: UInt64? = config == nil ? nil : 0
        for item in hidden where config?.stream(item.place)?.isPlain ?? true { plain = nil }
        for (number, item) in shown.enumerated() {
            let stream = config?.stream(item.place)
            var count = item.readings?.count ?? 0
            if let bytes = item.bytes, let form = ItemForm(bytes) {
                count = ItemRules.check(
                    form, periodMs: interval.periodMs, stream: stream?.config, rowsAreKnown: config != nil,
                    about: "stream \(form.stream), interval \(interval.k)", into: &answer.payloads)
                if tally != nil, work.isAsked { scanSlowly(form, stream, number) }
            }
            answer.itemCount += 1
            answer.readings += count
            if stream?.isPlain == true { plain? += UInt64(count) }
        }
        if let plain, plain != interval.readingCount {
            answer.payloads.add(
                .itemCount, "interval \(interval.k): \(plain) of \(interval.readingCount) readings")
        }
        guard let tally, let config, work.isAsked else { return }
        tally.begin(interval, config)
        for item in shown { tally.addShown(item.place, item.readings.map { readings[$0] } ?? []) }
        for item in hidden { tally.addHidden(item.place, isWithheld: item.isWithheld) }
    }

    /// The readings of an item that the fast way refused, for the survey.
    private func scanSlowly(_ form: ItemForm, _ stream: PreparedConfig.Stream?, _ number: Int) {
        let first = readings.count
        let rows = stream?.config.rows ?? []
        for row in (try? Payload.decode(form.payload)) ?? [] {  // what breaks the rules has its finding
            guard let place = rows.firstIndex(where: { $0.point == row.point }) else { continue }
            readings.append(
                ScannedReading(
                    place: Int32(place), quality: row.quality.rawValue, isNull: row.value.isNull,
                    sourceMs: row.sourceMs))
        }
        shown[number].readings = first..<readings.count
    }
}

extension IntervalJudge.Rules {
    /// Erased by a declaration, withheld from a stream that is not disclosed, or gone without a word.
    func judge(_ item: IntervalJudge.Hidden, _ stream: UInt32?, _ answer: inout IntervalJudge.Answer) {
        let isErased =
            stream.map { stream in
                (erasures[stream] ?? []).contains { $0.k.contains(item.k) && $0.leafIndex > item.leafIndex }
            } ?? false
        if isErased {
            answer.items.add(.erased, "stream \(stream ?? 0), interval \(item.k)")
            answer.erasedItems += 1
        } else if item.isWithheld, !(stream.map(disclosed.contains) ?? false) {
            answer.items.add(.withheld, stream.map { "stream \($0)" } ?? "place \(item.place)")
            answer.withheldItems += 1
        } else {
            answer.items.add(
                .erasedUndeclared, "\(stream.map { "stream \($0)" } ?? "place \(item.place)"), interval \(item.k)")
        }
    }
}
