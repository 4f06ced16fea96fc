import LogEntries
import TimeStamping

/// RFC 3161 tokens beside the anchors: a second clock over the same notes, judged without a node.
extension PeriodAudit {
    /// Keeps a token that holds. False for one that does not; without trust in its authority it is noted and not used.
    mutating func checkStamp(of anchor: PeriodAnchor, at place: Int) -> Bool {
        guard let response = anchor.timeStamp else { return true }
        do {
            let token = try TimeStampToken.parse(response: response)
            try token.check(statement: anchor.note, nonce: nil, trust: stampTrust)
            stamps[place] = token
            facts.timeStamps.append(
                Verdict.TimeStamp(
                    seq: anchor.seq, timeMs: token.timeMs, latestMs: token.latestMs, authority: token.authority,
                    serial: token.serial))
            return true
        } catch .notTrusted {
            found.add(.timeStampUnchecked, "anchor \(anchor.seq)")
            return true
        } catch {
            found.add(.timeStamp, "anchor \(anchor.seq): \(error)")
            return false
        }
    }

    /// A token dated before the milestone that its own checkpoint cites: one of the two clocks is wrong. 1 s slack.
    mutating func checkStampsAgainstBeacons(_ outcome: CoreAudit.Outcome) {
        let slackMs: Int64 = 1_000
        var citedMs: [UInt64: Int64] = [:]
        for (index, leaf) in contextLeaves + outcome.leaves {
            if case .beacon(let beacon) = leaf.body {
                citedMs[index] = Int64(UInt32(clamping: beacon.milestoneTime)) * 1000
            }
        }
        for anchor in outcome.anchors {
            guard let token = stamps[anchor.place], anchor.size > 0, let cited = citedMs[anchor.size - 1],
                cited - slackMs > token.latestMs
            else { continue }
            found.add(
                .timeStamp, "anchor \(parts.anchors[anchor.place].seq): dated before the milestone that it cites")
        }
    }
}
