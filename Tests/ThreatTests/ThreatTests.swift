import CanonicalCBOR
import Capture
import Evidence
import Hashing
import LedgerStore
import LogEntries
import LogTesting
import MerkleLog
import Readings
import SiteTesting
import Testing

/// Goal: the table of threats in formats.md section 9: who notices what, and what stays. One test for a row, named by its threat.
/// Method: a real log attacked, or a gateway that lies with its own key; always beside the honest twin of the same story.
@Suite struct ThreatTests {
    private let standing = RealLog.standing

    /// The twin of every story.
    private func expectHonest(_ log: RealLog, _ more: [String] = []) {
        let verdict = verify(file: log.file, card: log.card)
        #expect(verdict.codes == (standing + more).sorted(), "\(verdict.findings)")
        #expect(verdict.exitCode == 0 && verdict.bracket != nil)
    }

    private func expect(_ verdict: Verdict, _ codes: [String], _ what: Comment, exit: Int32 = 1) {
        #expect(verdict.codes == (standing + codes).sorted(), "\(what): \(verdict.findings)")
        #expect(verdict.exitCode == exit, what)
    }

    @Test func `value altered after commit`() async throws {
        let log = try await RealLog()
        expectHonest(log)
        let place = try #require(log.parts.places(try log.site.stream("mb1/none")).first)
        let altered = try log.verdict { parts in
            try parts.rewrite(place) { rows in
                let row = rows[0]
                rows[0] = PayloadRow(
                    point: row.point, dtMs: row.dtMs, quality: row.quality, sourceMs: nil, value: .unsigned(4_711))
            }
        }
        expect(altered, ["E_ITEM_HASH"], "a value in an item")
        let refit = try log.verdict { $0.leaves[0] = $0.leaves[1] }
        expect(refit, ["E_RANGE"], "the leaf made to fit")
        // What stays: whoever holds the key writes what he likes before it is anchored.
        let made = try SyntheticLog().make()
        #expect(verify(file: made.file, card: made.card).exitCode == 0)
    }

    @Test func `reading, stream or interval left out`() async throws {
        let log = try await RealLog { try await $0.run(intervals: 2, silent: true) }
        // Two silent minutes are in the file, with items that are empty.
        expectHonest(log)
        let place = try #require(log.parts.places(try log.site.stream("mb1/none")).first)
        expect(
            try log.verdict { try $0.rewrite(place) { $0.removeFirst() } }, ["E_ITEM_HASH"], "a reading")
        expect(try log.verdict { $0.items.remove(at: place) }, ["E_ITEM_COUNT"], "the item of a stream")
        let withheld = try log.verdict { $0.items[place].content = .withheld(try $0.hash(place)) }
        expect(withheld, ["E_ERASED_UNDECLARED"], "an item that the file says it shows")
        let k = log.parts.items[place].k
        let interval = try log.verdict { parts in
            parts.items.removeAll { $0.k == k }
            parts.leaves.remove(
                at: try #require(
                    parts.leaves.firstIndex { bytes in
                        if case .interval(let interval)? = try? Leaf.decode(Array(bytes)).body {
                            interval.k == k
                        } else {
                            false
                        }
                    }))
        }
        expect(interval, ["E_RANGE"], "an interval")
        // A gateway that never logged it has a hole.
        var lying = SyntheticLog()
        lying.lie = { _, leaf in
            if case .interval(let interval) = leaf.body, interval.k == SyntheticLog.firstK + 1 { nil } else { leaf }
        }
        let made = try lying.make()
        #expect(verify(file: made.file, card: made.card).codes.first == "E_GAP")
    }

    @Test func `tail cut off`() async throws {
        let log = try await RealLog()
        expectHonest(log)
        let middle = try #require(log.parts.anchors.dropFirst().first)
        let size = try log.checkpoint(middle.seq).size - (try log.checkpoint(log.parts.fromSeq).size)
        func cut(_ parts: inout PeriodParts, keepsLast: Bool) throws {
            let last = try #require(parts.anchors.last)
            parts.toSeq = middle.seq
            parts.leaves.removeLast(parts.leaves.count - Int(size))
            parts.anchors.removeAll { $0.seq > middle.seq }
            if keepsLast { parts.anchors.append(last) }
            parts.beacons.removeAll { $0.seq > middle.seq }
            let ks = try parts.leaves.compactMap { bytes -> UInt64? in
                if case .interval(let interval) = try Leaf.decode(Array(bytes)).body { interval.k } else { nil }
            }
            parts.items.removeAll { !ks.contains($0.k) }
        }
        expect(try log.verdict { try cut(&$0, keepsLast: false) }, ["E_GAP"], "for the time that was asked for")
        let shorter = try log.verdict { parts in
            try cut(&parts, keepsLast: false)
            parts.toMs -= 3 * Int64(Site.periodMs)
        }
        expect(shorter, [], "what is left is a true file of less", exit: 0)
        let listed = try log.verdict { parts in
            try cut(&parts, keepsLast: true)
            parts.toMs -= 3 * Int64(Site.periodMs)
        }
        expect(listed, ["W_ANCHOR_UNCHECKED"], "beside the tag's other anchors", exit: 0)
    }

    @Test func `back- or post-dating`() async throws {
        for (byMs, code) in [(Int64(-3_600_000), "E_BACKDATED"), (3_600_000, "E_POSTDATED")] {
            var lying = SyntheticLog()
            lying.lie = { _, leaf in
                guard case .interval = leaf.body else { return leaf }
                return Leaf(
                    wallMs: UInt64(Int64(leaf.wallMs) + byMs), bootNumber: leaf.bootNumber, monoMs: leaf.monoMs,
                    body: leaf.body)
            }
            let made = try lying.make()
            #expect(verify(file: made.file, card: made.card).codes == [code] + SyntheticLog.standing)
        }
        let honest = try SyntheticLog().make()
        #expect(verify(file: honest.file, card: honest.card).codes == SyntheticLog.standing)
        // An honest gateway whose clock is behind the network signs nothing.
        let site = try await Site()
        try await site.run(intervals: 1)
        let ahead = BeaconFacts(
            milestoneIndex: 9, milestoneID: .zero, milestoneTimeS: UInt32(site.nowMs / 1_000) + 3_600, milestone: [])
        await #expect(throws: CaptureError.self) { try await site.writer.checkpoint(with: ahead) }
    }

    @Test func `database edited as root`() async throws {
        let log = try await RealLog()
        expectHonest(log)
        try await log.site.run(intervals: 1)
        try DiskFaults.tamper(
            directory: log.site.directory,
            sql: "UPDATE item SET bytes = zeroblob(40) WHERE stream = 1 AND k = (SELECT max(k) FROM item)")
        // The gateway hashes what is on disk before it signs.
        await #expect(throws: CaptureError.self) { try await log.site.anchor() }
        #expect(await log.site.writer.signingRefusal != nil)
        // The auditor sees it in a file that was made of it.
        let k = try #require(log.parts.items.last).k
        try DiskFaults.tamper(
            directory: log.site.directory, sql: "UPDATE item SET bytes = zeroblob(40) WHERE stream = 1 AND k = \(k)")
        expect(verify(file: try await log.made(), card: log.card), ["E_ITEM_HASH"], "an item")
    }

    @Test func `undeclared erasure; hiding behind somebody else's erasure`() async throws {
        let log = try await RealLog { site in
            let last = site.nowMs / Site.periodMs - 1
            _ = try await site.writer.erase(
                stream: try site.stream("mb2/none"), kFrom: last - 1, kTo: last, legalBasis: 1, actor: .zero)
        }
        expectHonest(log, ["W_ERASED"])
        let erased = try log.site.stream("mb2/none")
        let place = try #require(log.parts.places(try log.site.stream("mb1/none")).first)
        let undeclared = try log.verdict { $0.items[place].content = .erased(try $0.hash(place)) }
        expect(undeclared, ["E_ERASED_UNDECLARED", "W_ERASED"], "an item")
        let k = try #require(
            log.parts.items.first { item in if case .erased = item.content { true } else { false } }
        ).k
        let hiding = try log.verdict { parts in
            let own = try #require(parts.places(try log.site.stream("mb1/none")).first { parts.items[$0].k == k })
            parts.items[own].content = .erased(try parts.hash(own))
            parts.items[own].stream = erased.rawValue
        }
        expect(hiding, ["E_ERASED_UNDECLARED", "W_ERASED"], "under the label of the erased stream")
    }

    @Test func `values rescaled by a swapped configuration`() async throws {
        let log = try await RealLog()
        expectHonest(log)
        let rescaled = try log.verdict { parts in
            guard case .shown(let bytes) = parts.configs[0].items[1] else { throw Missing() }
            let stream = try ConfigStream.decode(bytes)
            let rows = stream.rows.map {
                ConfigRow(
                    point: $0.point, id: $0.id, unit: $0.unit, kind: $0.kind, scale: Scale(mantissa: 7, exponent: 3),
                    nature: $0.nature, deviceID: $0.deviceID, profileID: $0.profileID, profileHash: $0.profileHash)
            }
            parts.configs[0].items[1] = .shown(
                ConfigStream(stream: stream.stream, salt: stream.salt, className: stream.className, rows: rows)
                    .encoded())
        }
        expect(rescaled, ["E_CONFIG_UNKNOWN"], "every value times 7 000")
    }

    @Test func `sensor lies, never logged`() async throws {
        // Whatever a sensor said, a log of it holds: nobody notices by cryptography.
        let log = try await RealLog()
        expectHonest(log)
        let verdict = verify(file: log.file, card: log.card)
        #expect(verdict.facts.readings > 0)
        // So every report says so.
        #expect(Verdict.closingLine(.english) == "A sensor that measured wrongly is not noticed by this check.")
        #expect(Verdict.closingLine(.german) == "Ob ein Fühler falsch gemessen hat, merkt diese Prüfung nicht.")
    }
}

extension SyntheticLog {
    /// Beside every file of such a log.
    static let standing = ["W_ANCHORS_UNWATCHED", "W_NO_OUTSIDE_MEMORY"]
}
