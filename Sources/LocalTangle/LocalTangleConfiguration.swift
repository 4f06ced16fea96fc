package import BrokerClient
package import Tangle

/// What one development network is.
package struct LocalTangleConfiguration: Sendable {
    package var networkName: String
    /// Time between milestones in ms, at least 1 000, since milestone times are whole seconds; 0 makes them by hand
    /// only (`issueMilestone`).
    package var intervalMs: Int64
    /// Score a block must reach; 0 asks for no work.
    package var minPoWScore: UInt32
    /// Coordinator keys, 1…255; `nil`: as many as the directory holds, and one in a new network.
    package var keyCount: Int?
    /// How many of the keys sign a milestone, in turns; `nil`: as many as the directory says, and all in a new network.
    package var threshold: Int?
    /// Milestones after which referenced blocks, their proofs and their milestone are forgotten (404), at least 20.
    package var pruneAfter: UInt32
    /// Where keys, milestones and blocks are kept; nil keeps nothing.
    package var directory: String?
    /// The broker that is told what happens; `nil` tells nobody.
    package var events: BrokerAddress?

    /// The stored file is written anew, without what was forgotten, once it is larger than this and has doubled.
    package var rewriteBytesMin = 16 << 20

    package static let intervalMsMin: Int64 = 1_000
    package static let pruneAfterMin: UInt32 = 20

    package init(
        networkName: String = "plumbline-local", intervalMs: Int64 = 1_000, minPoWScore: UInt32 = 100,
        keyCount: Int? = nil, threshold: Int? = nil, pruneAfter: UInt32 = 3_600, directory: String? = nil,
        events: BrokerAddress? = nil
    ) {
        self.networkName = networkName
        self.intervalMs = intervalMs
        self.minPoWScore = minPoWScore
        self.keyCount = keyCount
        self.threshold = threshold
        self.pruneAfter = pruneAfter
        self.directory = directory
        self.events = events
    }

    package var protocolParameters: ProtocolParameters {
        ProtocolParameters(networkName: networkName, minPoWScore: minPoWScore)
    }

    func check() throws(LocalTangleError) {
        guard intervalMs == 0 || intervalMs >= Self.intervalMsMin else { throw .interval(ms: intervalMs) }
        if let keyCount, !(1...255).contains(keyCount) { throw .keyCount(keyCount) }
        if let threshold, !(1...(keyCount ?? 255)).contains(threshold) { throw .threshold(threshold, keys: keyCount) }
        guard pruneAfter >= Self.pruneAfterMin else { throw .pruneAfter(pruneAfter) }
        guard (1...255).contains(networkName.utf8.count) else { throw .networkName(networkName) }
    }
}

package enum LocalTangleError: Error, Equatable {
    case interval(ms: Int64)
    case keyCount(Int)
    case threshold(Int, keys: Int?)
    /// The directory holds other keys, or fewer or more of them sign.
    case otherKeys(path: String, count: Int, threshold: Int)
    /// Not the name of a fault, a number that it cannot have, or a fault told twice.
    case fault(String)
    case pruneAfter(UInt32)
    case networkName(String)
    /// The directory belongs to another network.
    case otherNetwork(stored: String, wanted: String)
    /// A stored file is not what this program wrote; `offset` in bytes.
    case damaged(path: String, offset: Int)
    /// Record `number`, from 0, of the stored file does not follow from those before it.
    case record(path: String, number: Int)
    /// What is stored is whole, but milestone `index` is not one that this network's coordinator made.
    case milestone(path: String, index: UInt32, why: String)
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
        case .threshold(let threshold, let keys):
            "\(threshold) of \(keys.map { "\($0)" } ?? "255") keys cannot sign: from 1 to all of them can"
        case .otherKeys(let path, let count, let threshold):
            "\(path) holds \(count) keys, of which \(threshold) sign: ask for these, or use another directory"
        case .fault(let word):
            "'\(word)' is no fault of this node; there are, each once: "
                + LocalTangleFault.allCases.map { "\($0.rawValue)[=\($0.range.lowerBound)-\($0.range.upperBound)]" }
                .joined(separator: " ")
        case .milestone(let path, let index, let why):
            "milestone \(index) in \(path) \(why): put the directory back as it was, or start a new network in another"
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
