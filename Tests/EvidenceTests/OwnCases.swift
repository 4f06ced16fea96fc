import Evidence
import Hashing
import LogEntries
import LogTesting
import MerkleLog
import Witness

/// Files of a synthetic log for what the files of others do not show; `Tests/Vectors/evidence-own` holds them.
struct OwnCase: Sendable, CustomStringConvertible {
    let name: String
    let what: String
    /// Beside those that stand beside every file of this log.
    let findings: [String]
    let exit: Int32
    let make: @Sendable () throws -> (file: [UInt8], card: PolicyCard)

    var description: String { name }
    var sortedFindings: [String] { findings.sorted() }

    init(
        _ name: String, _ what: String, _ more: [String] = [], exit: Int32 = 0, standing: [String] = OwnCase.standing,
        _ make: @escaping @Sendable () throws -> (file: [UInt8], card: PolicyCard)
    ) {
        self.name = name
        self.what = what
        findings = standing + more
        self.exit = exit
        self.make = make
    }

    static let standing = ["W_ANCHORS_UNWATCHED", "W_NO_OUTSIDE_MEMORY"]

    static let all: [OwnCase] = honest + witnessed + dishonest + openedInPart

    static func log(_ change: (inout SyntheticLog) throws -> Void = { _ in }) throws -> SyntheticLog.Made {
        var log = SyntheticLog()
        try change(&log)
        return try log.make()
    }

    private static let honest = [
        OwnCase("honest", "a small log") {
            let made = try log()
            return (made.file, made.card)
        },
        OwnCase("wide-bracket", "more than an hour between the bounds", ["W_WIDE_BRACKET"]) {
            let made = try log { $0.confirmationDelay = 3_400 }
            return (made.file, made.card)
        },
        OwnCase("epoch-loss", "the genesis leaf names a log before this one", ["W_EPOCH_LOSS"]) {
            let made = try log {
                $0.previous = Leaf.PreviousLog(origin: "gw-test/b/house/9", size: 7, root: .zero)
            }
            return (made.file, made.card)
        },
        OwnCase("key-changed", "a type 9 leaf by the recovery key; anchors by the new log key") {
            let made = try log { $0.keyChange = (to: SyntheticLog.key(2), signedBy: $0.recovery) }
            return (made.file, made.card)
        },
        OwnCase("compromised", "the recovery key declares the log key stolen behind A", ["W_COMPROMISED"]) {
            let log = SyntheticLog()
            let made = try log.make()
            let file = try made.file { $0.compromises = [try log.compromise(at: 4, of: made.tree, by: log.recovery)] }
            return (file, made.card)
        },
        OwnCase("end", "a type 12 leaf before B's beacon") {
            let made = try log { $0.more = [.end(nextOrigin: "gw-test/b/house/1")] }
            return (made.file, made.card)
        },
        OwnCase("single-signer", "a card that asks for one holder", ["W_SINGLE_SIGNER"]) {
            var made = try log()
            made.card.threshold = 1
            return (made.file, made.card)
        },
        OwnCase("later-unproven", "an anchor behind B without a consistency proof", ["W_ANCHOR_UNCHECKED"]) {
            let made = try log { $0.later = [.end(nextOrigin: nil)] }
            return (try made.file { $0.context.consistency = [] }, made.card)
        },
    ]

    private static let witnessed = [
        OwnCase("cosigned", "a witness on the card has cosigned B", standing: ["W_ANCHORS_UNWATCHED"]) {
            try cosigned(seconds: 1_772_445_905)
        },
        OwnCase("cosigned-other-size", "the cosignature is of another size", ["E_SIG"], exit: 1) {
            try cosigned(seconds: 1_772_445_905, sizeMore: 1)
        },
    ]

    /// Cosignature of B's checkpoint, or of a tree that is `sizeMore` larger.
    private static func cosigned(seconds: UInt64, sizeMore: UInt64 = 0) throws -> (file: [UInt8], card: PolicyCard) {
        var made = try log()
        guard let cosigner = Cosigner(name: "watch.example/w1", seed: [UInt8](repeating: 4, count: 32)) else {
            throw Stop(.malformed)
        }
        made.card.witnesses = [cosigner.verifierKey.description]
        let checkpoint = Checkpoint(
            origin: SyntheticLog.origin, size: made.tree.size + sizeMore, root: made.tree.root(size: made.tree.size))
        let line = try cosigner.cosign(checkpoint, timeS: seconds).line
        return (try made.file { $0.anchors[1].cosignatures = Array((line + "\n").utf8)[...] }, made.card)
    }

    private static let dishonest = [
        OwnCase("key-changed-by-itself", "a type 9 leaf by the old log key", ["E_SIG"], exit: 1) {
            let made = try log { $0.keyChange = (to: SyntheticLog.key(2), signedBy: $0.logKey) }
            return (made.file, made.card)
        },
        OwnCase("key-used-too-early", "A signed by a key whose leaf comes later", ["E_SIG"], exit: 1) {
            let made = try log {
                $0.more = [try $0.keyLeaf(SyntheticLog.key(2), at: 9, by: $0.recovery)]
                $0.startSigner = SyntheticLog.key(2)
                $0.endSigner = SyntheticLog.key(2)
            }
            return (made.file, made.card)
        },
        OwnCase(
            "epoch-not-opened", "a log after another one without the recovery key's leaf", ["E_SIG", "W_EPOCH_LOSS"],
            exit: 1
        ) {
            let made = try log {
                $0.previous = Leaf.PreviousLog(origin: "gw-test/b/house/9", size: 7, root: .zero)
                $0.openedBy = nil
            }
            return (made.file, made.card)
        },
        OwnCase("behind-the-end", "a leaf that goes on behind the end of the log", ["E_FORK"], exit: 1) {
            let made = try log {
                $0.more = [
                    .end(nextOrigin: "gw-test/b/house/1"),
                    .boot(.init(reason: 1, lastSize: 0, lastRoot: .zero, clockStepMs: 0)),
                ]
            }
            return (made.file, made.card)
        },
        OwnCase("later-other-history", "an anchor behind B whose proof leads elsewhere", ["E_CONSISTENCY"], exit: 1) {
            let made = try log { $0.later = [.end(nextOrigin: nil)] }
            return (try made.file { $0.context.consistency[0].proof[0] = .zero }, made.card)
        },
        OwnCase("milestone-forked", "the card knows another milestone of that index", ["E_MILESTONE_FORK"], exit: 1) {
            var made = try log()
            made.card.milestoneIndex = 21
            return (made.file, made.card)
        },
        OwnCase("interval-left-out", "the gateway never logged one interval", ["E_GAP"], exit: 1) {
            let made = try log {
                $0.lie = { _, leaf in
                    if case .interval(let interval) = leaf.body, interval.k == SyntheticLog.firstK + 2 { return nil }
                    return leaf
                }
            }
            return (made.file, made.card)
        },
        OwnCase("backdated", "a leaf dated an hour before the milestone it knew", ["E_BACKDATED"], exit: 1) {
            let made = try log { $0.lie = dated(byMs: -3_600_000) }
            return (made.file, made.card)
        },
        OwnCase("postdated", "a leaf dated an hour ahead", ["E_POSTDATED"], exit: 1) {
            let made = try log { $0.lie = dated(byMs: 3_600_000) }
            return (made.file, made.card)
        },
    ]

    /// The last interval's leaf with another time.
    private static func dated(byMs ms: Int64) -> @Sendable (UInt64, Leaf) -> Leaf? {
        { _, leaf in
            guard case .interval(let interval) = leaf.body, interval.k == SyntheticLog.firstK + 4 else { return leaf }
            let wallMs = UInt64(Int64(leaf.wallMs) + ms)
            return Leaf(wallMs: wallMs, bootNumber: leaf.bootNumber, monoMs: leaf.monoMs, body: leaf.body)
        }
    }
}
