package import Tangle

/// What one development network is.
package struct LocalTangleConfiguration: Sendable {
    package var networkName: String
    /// Time between milestones in ms, at least 1 000, since milestone times are whole seconds; 0 makes them by hand
    /// only (`issueMilestone`).
    package var intervalMs: Int64
    /// Score a block must reach; 0 asks for no work.
    package var minPoWScore: UInt32
    /// Coordinator keys made for a new network, 1…255; every milestone is signed with all of them.
    package var keyCount: Int
    /// Milestones after which referenced blocks, their proofs and their milestone are forgotten (404), at least 20.
    package var pruneAfter: UInt32
    /// Where keys, milestones and blocks are kept; nil keeps nothing.
    package var directory: String?

    /// The stored file is written anew, without what was forgotten, once it is larger than this and has doubled.
    package var rewriteBytesMin = 16 << 20

    package static let intervalMsMin: Int64 = 1_000
    package static let pruneAfterMin: UInt32 = 20

    package init(
        networkName: String = "plumbline-local", intervalMs: Int64 = 1_000, minPoWScore: UInt32 = 100,
        keyCount: Int = 1, pruneAfter: UInt32 = 3_600, directory: String? = nil
    ) {
        self.networkName = networkName
        self.intervalMs = intervalMs
        self.minPoWScore = minPoWScore
        self.keyCount = keyCount
        self.pruneAfter = pruneAfter
        self.directory = directory
    }

    package var protocolParameters: ProtocolParameters {
        ProtocolParameters(networkName: networkName, minPoWScore: minPoWScore)
    }

    func check() throws(LocalTangleError) {
        guard intervalMs == 0 || intervalMs >= Self.intervalMsMin else { throw .interval(ms: intervalMs) }
        guard (1...255).contains(keyCount) else { throw .keyCount(keyCount) }
        guard pruneAfter >= Self.pruneAfterMin else { throw .pruneAfter(pruneAfter) }
        guard (1...255).contains(networkName.utf8.count) else { throw .networkName(networkName) }
    }
}

/// What a test can make the node do wrong (tangle.md section 9). All off by default.
package struct LocalTangleFaults: Sendable, Equatable {
    /// Milestones refer to no user block: promotion and reattachment can be seen.
    package var ignoresUserBlocks = false
    /// `/health` 503, `isHealthy` false.
    package var isUnhealthy = false
    /// The latest milestone is reported ten minutes older than it is.
    package var reportsStaleMilestone = false
    /// Blocks are taken, and the answer is 500.
    package var losesReplies = false
    /// Blocks are taken, and the id in the answer is another.
    package var answersOtherID = false
    /// `/tips` 503.
    package var hasNoTips = false
    /// `/api/poi/v1` is not there.
    package var hasNoProofs = false

    package init() {}
}

package enum LocalTangleError: Error, Equatable {
    case interval(ms: Int64)
    case keyCount(Int)
    case pruneAfter(UInt32)
    case networkName(String)
    /// The directory belongs to another network.
    case otherNetwork(stored: String, wanted: String)
    /// A stored file is not what this program wrote; `offset` in bytes.
    case damaged(path: String, offset: Int)
    /// Record `number`, from 0, of the stored file does not follow from those before it.
    case record(path: String, number: Int)
    /// A system call failed on `path`.
    case disk(doing: String, path: String, errno: Int32)
    /// The next milestone index or time does not fit its field.
    case exhausted
    /// A milestone could not be signed.
    case signing
}

extension LocalTangleError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .interval(let ms): "a milestone interval of \(ms) ms is too short: at least 1000, or 0 for none"
        case .keyCount(let count): "\(count) coordinator keys: 1 to 255 are possible"
        case .pruneAfter(let count): "forgetting after \(count) milestones is too soon: at least 20"
        case .networkName(let name): "network name \"\(name)\" has no or more than 255 bytes"
        case .otherNetwork(let stored, let wanted):
            "the directory holds the network \"\(stored)\", not \"\(wanted)\": use another directory"
        case .damaged(let path, let offset):
            "\(path) is damaged at byte \(offset): move it away to start a new network"
        case .record(let path, let number):
            "record \(number) of \(path) does not fit those before it: move the file away to start a new network"
        case .disk(let doing, let path, let errno): "cannot \(doing) \(path): error \(errno)"
        case .exhausted: "no further milestone fits its fields"
        case .signing: "the milestone could not be signed"
        }
    }
}
