import Evidence
import Hashing
import LogEntries
import LogTesting
import MerkleLog
import Readings
import Testing

/// Goal: who may sign which tree, what a stolen key leaves standing, and how a log begins after another and ends.
/// Method: a small log with keys of its own; each rule once as it should be and once broken.
@Suite struct `Key history verdicts` {
    static let standing = ["W_ANCHORS_UNWATCHED", "W_NO_OUTSIDE_MEMORY"]
    /// Leaves: genesis, boot, configuration, A's beacon; five intervals from 4; then what is asked for, and B's beacon.
    static let afterIntervals: UInt64 = 9
    static let old = SyntheticLog.key(1)
    static let new = SyntheticLog.key(2)

    private func judged(
        _ change: (inout SyntheticLog) throws -> Void,
        parts: (SyntheticLog, inout PeriodParts) throws -> Void = { _, _ in }
    ) throws -> Verdict {
        var log = SyntheticLog()
        try change(&log)
        let made = try log.make()
        return verify(file: try made.file { try parts(log, &$0) }, card: made.card)
    }

    /// A log whose key changes right before B's beacon.
    private func changing(_ log: inout SyntheticLog, by signer: LogSigningKey, then end: LogSigningKey) throws {
        log.more = [try log.keyLeaf(Self.new, at: Self.afterIntervals, by: signer)]
        log.endSigner = end
    }

    @Test func `both keys may sign the tree that ends with the beacon behind the key leaf`() throws {
        for signer in [Self.old, Self.new] {
            let verdict = try judged { try changing(&$0, by: $0.recovery, then: signer) }
            #expect(verdict.codes == Self.standing, "\(verdict.findings)")
            #expect(verdict.facts.history.keyChanges.map(\.leafIndex) == [Self.afterIntervals])
        }
    }

    @Test func `the old key may sign no larger tree, and the new one no smaller`() throws {
        let late = try judged {
            try changing(&$0, by: $0.recovery, then: Self.old)
            $0.more.append(
                .config(.init(oldHash: SyntheticLog.config.hash, newHash: SyntheticLog.config.hash, actor: .zero)))
        }
        #expect(late.codes == ["E_SIG"] + Self.standing, "\(late.findings)")
        let early = try judged {
            try changing(&$0, by: $0.recovery, then: Self.new)
            $0.startSigner = Self.new
        }
        #expect(early.codes == ["E_SIG"] + Self.standing, "\(early.findings)")
    }

    @Test func `another anchor by a key that is not in force is foreign`() throws {
        let verdict = try judged({ try changing(&$0, by: $0.recovery, then: Self.new) }) { log, parts in
            let made = try log.make()
            parts.anchors.append(
                try log.anchor(90_000_001, made.tree, 7, Self.new, index: 22, ms: SyntheticLog.startMs + 500_000))
        }
        #expect(verdict.codes == ["W_ANCHORS_UNWATCHED", "W_FOREIGN_ANCHOR", "W_NO_OUTSIDE_MEMORY"])
    }

    @Test func `a key leaf moved to another place, for another recovery key or by itself is a wrong signature`() throws
    {
        let stranger = SyntheticLog.key(8)
        let bodies: [(SyntheticLog) throws -> Leaf.Body] = [
            { try $0.keyLeaf(Self.new, at: Self.afterIntervals + 1, by: $0.recovery) },
            { try $0.keyLeaf(Self.new, at: Self.afterIntervals, by: stranger) },
            { try $0.keyLeaf(Self.new, at: Self.afterIntervals, by: Self.new) },
        ]
        for body in bodies {
            let verdict = try judged { $0.more = [try body($0)] }
            #expect(verdict.codes == ["E_SIG"] + Self.standing, "\(verdict.findings)")
        }
    }

    @Test func `a card that names the later key or another recovery key does not fit the first leaf`() throws {
        var log = SyntheticLog()
        log.keyChange = (to: Self.new, signedBy: log.recovery)
        let made = try log.make()
        var card = made.card
        card.logKey = Self.new.verifierKey.description
        #expect(verify(file: made.file, card: card).codes == ["E_SIG"] + Self.standing)
        card = made.card
        card.recoveryHash = .zero
        #expect(verify(file: made.file, card: card).codes == ["E_SIG"] + Self.standing)
    }

    @Test func `a log after a lost one is opened by the recovery key`() throws {
        let lost = Leaf.PreviousLog(origin: "gw-test/b/house/9", size: 7, root: .zero)
        let opened = try judged { $0.previous = lost }
        #expect(opened.codes == ["W_ANCHORS_UNWATCHED", "W_EPOCH_LOSS", "W_NO_OUTSIDE_MEMORY"])
        #expect(opened.facts.history.previous == lost)
        for signer in [nil, Self.old] {
            let verdict = try judged {
                $0.previous = lost
                $0.openedBy = signer
            }
            #expect(verdict.codes == ["E_SIG", "W_ANCHORS_UNWATCHED", "W_EPOCH_LOSS", "W_NO_OUTSIDE_MEMORY"])
        }
    }

    // MARK: - A stolen key

    /// With a statement about the first `size` leaves, which `change` may damage.
    private func stolen(
        _ size: UInt64, log change: (inout SyntheticLog) throws -> Void = { _ in }, root: Hash? = nil,
        by signer: LogSigningKey? = nil, proofTo: UInt64? = nil
    ) throws -> Verdict {
        try judged(change) { log, parts in
            let tree = try log.make().tree
            let proof = proofTo.map { tree.consistencyProof(from: min(size, $0), to: max(size, $0)) } ?? []
            parts.compromises = [
                try log.compromise(at: size, of: tree, by: signer ?? log.recovery, root: root, proof: proof)
            ]
        }
    }

    @Test func `what was written after the theft is doubtful and the verdict says which`() throws {
        for (size, first) in [(3, 4), (4, 4), (7, 7)] as [(UInt64, UInt64)] {
            let verdict = try stolen(size)
            #expect(verdict.codes == ["W_ANCHORS_UNWATCHED", "W_COMPROMISED", "W_NO_OUTSIDE_MEMORY"])
            #expect(verdict.facts.history.doubtful == first..<10)
            #expect(verdict.exitCode == 0)
            #expect(
                verdict.sentence(.english).contains("entries \(first) to 9 could have been written by whoever has it"))
            #expect(!verdict.sentence(.english).contains("The records are unchanged."))
        }
    }

    @Test func `what a later tree of the recovery key's own statement holds is not doubtful`() throws {
        #expect(try stolen(10).codes == Self.standing)
        let log: (inout SyntheticLog) throws -> Void = { $0.later = [.end(nextOrigin: nil)] }
        #expect(try stolen(12, log: log, proofTo: 10).codes == Self.standing)
        #expect(try stolen(12, log: log).codes == ["W_ANCHORS_UNWATCHED", "W_COMPROMISED", "W_NO_OUTSIDE_MEMORY"])
        #expect(try stolen(12, log: log, root: .zero, proofTo: 10).codes == ["E_CONSISTENCY"] + Self.standing)
    }

    @Test func `a new key ends the doubt`() throws {
        let before = try stolen(3, log: { $0.keyChange = (to: Self.new, signedBy: $0.recovery) })
        #expect(before.codes == Self.standing, "\(before.findings)")
        let inside = try stolen(
            6,
            log: { log in
                log.more = [
                    try log.keyLeaf(Self.new, at: Self.afterIntervals, by: log.recovery),
                    .config(.init(oldHash: SyntheticLog.config.hash, newHash: SyntheticLog.config.hash, actor: .zero)),
                ]
                log.endSigner = Self.new
            })
        #expect(inside.codes == ["W_ANCHORS_UNWATCHED", "W_COMPROMISED", "W_NO_OUTSIDE_MEMORY"], "\(inside.findings)")
        #expect(inside.facts.history.doubtful == 6..<11)
    }

    @Test func `a statement about another tree is a fork, one by another key a wrong signature`() throws {
        #expect(
            try stolen(7, root: .zero).codes == [
                "E_FORK", "W_ANCHORS_UNWATCHED", "W_COMPROMISED", "W_NO_OUTSIDE_MEMORY",
            ])
        #expect(try stolen(7, by: Self.old).codes == ["E_SIG"] + Self.standing)
    }

    @Test func `an empty list of statements, and one out of order, is malformed`() throws {
        let verdict = try judged({ _ in }) { log, parts in
            let tree = try log.make().tree
            let statement = try log.compromise(at: 7, of: tree, by: log.recovery)
            parts.compromises = [statement, statement]
        }
        #expect(verdict.codes == ["E_MALFORMED"])
    }

    // MARK: - The end

    @Test func `behind the end stand only beacons and erasures, and the verdict names the next log`() throws {
        let erasure = Leaf.Body.erasure(
            .init(stream: StreamNumber(1), kFrom: 1, kTo: 1, legalBasis: 0, actor: .zero))
        let verdict = try judged { $0.more = [.end(nextOrigin: "gw-test/b/house/1"), erasure] }
        #expect(verdict.codes == Self.standing, "\(verdict.findings)")
        #expect(verdict.facts.history.end == LogEnd(leafIndex: Self.afterIntervals, nextOrigin: "gw-test/b/house/1"))
        #expect(verdict.facts.history.lines(.english) == ["entry 9 ended this log; it goes on in gw-test/b/house/1"])
        for body: Leaf.Body in [
            .boot(.init(reason: 1, lastSize: 0, lastRoot: .zero, clockStepMs: 0)), .end(nextOrigin: nil),
            .gap(.init(kFrom: SyntheticLog.firstK + 5, kTo: SyntheticLog.firstK + 5, cause: 1)),
        ] {
            let verdict = try judged { $0.more = [.end(nextOrigin: nil), body] }
            #expect(verdict.codes == ["E_FORK"] + Self.standing, "\(verdict.findings)")
        }
    }
}
