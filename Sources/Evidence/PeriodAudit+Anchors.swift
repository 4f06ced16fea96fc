import Hashing
import LogEntries
import MerkleLog
import Readings
import Tangle
import TimeStamping

/// One anchor after its check: what later steps need of it.
struct AnchorRecord: Sendable {
    /// An RFC 3161 token that holds.
    struct Stamp: Sendable {
        let timeMs: Int64
        let latestMs: Int64
    }

    let seq: UInt32
    var reading: NoteReading
    var blockID: Hash?
    var milestone: NetworkCheck.MilestoneMark?
    var isGood = false
    var stamp: Stamp?

    var name: String { "anchor \(seq)" }
}

extension PeriodAudit {
    /// Anchors that one worker takes at a time.
    private static let shareAnchors = 64

    /// What one worker says of an anchor.
    private struct Judged: Sendable {
        var answer: NetworkCheck.AnchorAnswer?
        var reading: NoteReading
        var stamp: StampAnswer = .none
        /// Names of witnesses whose cosignature does not hold, and whether one holds.
        var badWitnesses: [String] = []
        var isRemembered = false
    }

    /// Notes, blocks, paths, milestones, time stamps and cosignatures. False when A's or B's milestone cannot be read, which ends the
    /// run.
    mutating func checkAnchors(_ ends: (from: Int, to: Int)) -> Bool {
        var isReadable = true
        let count = period.anchors.count
        var first = 0
        while first < count {
            let shares = stride(
                from: first, to: min(first + Self.shareAnchors * options.workers.count, count), by: Self.shareAnchors
            )
            .map { $0..<min($0 + Self.shareAnchors, count) }
            let judge = AnchorJudge(self)
            let judged = options.workers.map(shares.count) { number in
                shares[number].map { judge.judge($0, isEnd: $0 == ends.from || $0 == ends.to) }
            }
            for (place, one) in zip(first..., judged.joined()) {
                if !take(one, place, isEnd: place == ends.from || place == ends.to) { isReadable = false }
                if place == ends.to { isEndRemembered = one.isRemembered }
            }
            first = shares.last?.upperBound ?? count
        }
        return isReadable
    }

    /// Keeps what was found of one anchor. False when it is A or B and cannot be placed in time.
    private mutating func take(_ judged: Judged, _ place: Int, isEnd: Bool) -> Bool {
        let seq = period.anchors[place].seq
        var record = AnchorRecord(seq: seq, reading: judged.reading)
        badCosignatures += judged.badWitnesses.map { "anchor \(seq), cosignature of \($0)" }
        defer { anchors.append(record) }
        guard let judgedAnswer = judged.answer else { return true }
        let answer = network.take(judgedAnswer, record.name, into: &found)
        record.blockID = answer.blockID
        record.milestone = answer.milestone.map { network.mark($0, nil) }
        record.isGood = answer.isGood
        let isStampGood = take(judged.stamp, seq, &record)
        steps.add(
            .anchor, answer.isGood && isStampGood ? .holds : .fails, ["seq": .number(Int64(seq))],
            milestone: answer.milestone.map { Int64($0.index) },
            timeStamp: record.stamp.map { UTCTime.text($0.timeMs) })
        return !(isEnd && answer.milestone == nil && answer.blockID != nil)
    }

    /// Cosignatures that do not hold are `E_SIG`; when no witness has cosigned B, nobody outside remembers the file's end.
    mutating func checkCosignatures(end: Int) {
        guard !card.witnesses.isEmpty else { return }
        for about in badCosignatures { found.add(.signature, about) }
        let seq = period.anchors[end].seq
        if !isEndRemembered { found.add(.noOutsideMemory, "anchor \(seq)") }
    }

    /// Judges anchors for one worker; it changes nothing.
    private struct AnchorJudge: Sendable {
        let period: OpenedPeriod
        let card: PolicyCard
        let keys: LogKeys
        let network: NetworkCheck
        let trust: TimeStampTrust
        let witnesses: [VerifierKey]

        init(_ audit: PeriodAudit) {
            period = audit.period
            card = audit.card
            keys = audit.keys
            network = audit.network
            trust = audit.stampTrust
            witnesses = card.witnesses.compactMap { VerifierKey($0) }.filter { $0.algorithm == .cosignature }
        }

        func judge(_ place: Int, isEnd: Bool) -> Judged {
            let anchor = period.anchor(place)
            let name = "anchor \(anchor.seq)"
            let text = String(validating: anchor.note, as: UTF8.self) ?? ""
            let alone = NoteReading(text, payload: nil, origin: card.origin, keys: keys, name: name)
            var judged = Judged(reading: alone)
            cosignatures(of: anchor, text, &judged)
            // A note that is not this log's says nothing about the network; A and B are judged all the same.
            if case .bad = alone, !isEnd { return judged }
            let answer = network.judge(block: anchor.block, path: anchor.path, milestone: anchor.milestone)
            if answer.payload != nil {
                judged.reading = NoteReading(text, payload: answer.payload, origin: card.origin, keys: keys, name: name)
            }
            judged.answer = answer
            judged.stamp = StampAnswer(anchor, trust)
            return judged
        }

        private func cosignatures(of anchor: PeriodAnchor, _ text: String, _ judged: inout Judged) {
            guard !witnesses.isEmpty, let bytes = anchor.cosignatures, let cosignatures = Cosignatures(bytes),
                let checkpoint = SignedNote(text)?.checkpoint
            else { return }
            for witness in witnesses {
                guard let holds = cosignatures.hold(of: checkpoint, by: witness) else { continue }
                if holds { judged.isRemembered = true } else { judged.badWitnesses.append(witness.name) }
            }
        }
    }
}
