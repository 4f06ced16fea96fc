import LogEntries
import TimeStamping

/// RFC 3161 tokens beside the anchors: a second clock over the same notes, judged without a node.
enum StampAnswer: Sendable {
    case none
    case holds(AnchorRecord.Stamp, Verdict.TimeStamp)
    /// Nobody trusts its authority: it is noted and not used.
    case notTrusted
    case bad(String)

    init(_ anchor: PeriodAnchor, _ trust: TimeStampTrust) {
        guard let response = anchor.timeStamp else {
            self = .none
            return
        }
        do {
            let token = try TimeStampToken.parse(response: response)
            try token.check(statement: anchor.note, nonce: nil, trust: trust)
            self = .holds(
                AnchorRecord.Stamp(timeMs: token.timeMs, latestMs: token.latestMs),
                Verdict.TimeStamp(
                    seq: anchor.seq, timeMs: token.timeMs, latestMs: token.latestMs, authority: token.authority,
                    serial: token.serial))
        } catch .notTrusted {
            self = .notTrusted
        } catch {
            self = .bad("\(error)")
        }
    }
}

extension PeriodAudit {
    /// Keeps a token that holds. False for one that does not.
    mutating func take(_ answer: StampAnswer, _ seq: UInt32, _ record: inout AnchorRecord) -> Bool {
        switch answer {
        case .none: return true
        case .holds(let stamp, let told):
            record.stamp = stamp
            facts.timeStamps.append(told)
            return true
        case .notTrusted:
            found.add(.timeStampUnchecked, "anchor \(seq)")
            return true
        case .bad(let reason):
            found.add(.timeStamp, "anchor \(seq): \(reason)")
            return false
        }
    }
}

/// A token dated before the milestone that its own checkpoint cites: one of the two clocks is wrong.
struct StampStep {
    private static let slackMs: Int64 = 1_000

    /// Place of the anchor and its token by the index of the last leaf below it, ascending by place.
    private var wanted: [UInt64: [(place: Int, seq: UInt32, latestMs: Int64)]] = [:]
    private var late: [(place: Int, seq: UInt32)] = []

    init(_ anchors: [CoreAudit.GoodAnchor], _ records: [AnchorRecord]) {
        for anchor in anchors where anchor.size > 0 {
            let record = records[anchor.place]
            guard let stamp = record.stamp else { continue }
            wanted[anchor.size - 1, default: []].append((anchor.place, record.seq, stamp.latestMs))
        }
    }

    mutating func take(_ index: UInt64, _ beacon: Leaf.Beacon) {
        for anchor in wanted[index] ?? [] {
            let citedMs = Int64(UInt32(clamping: beacon.milestoneTime)) * 1000
            if citedMs - Self.slackMs > anchor.latestMs { late.append((anchor.place, anchor.seq)) }
        }
    }

    func finish(into found: inout FindingList) {
        for anchor in late.sorted(by: { $0.place < $1.place }) {
            found.add(.timeStamp, "anchor \(anchor.seq): dated before the milestone that it cites")
        }
    }
}
