package import Hashing
import MerkleLog

/// What an auditor is given by hand and keeps: whose log it is, whose signatures the network's milestones carry.
///
/// Text of UTF-8 lines, each ended by LF, in one order; formats.md section 6 and its appendix.
package struct PolicyCard: Hashable, Sendable {
    /// `<gateway>/b/<building>/<epoch>`; also the name in the log key.
    package var origin: String
    /// C2SP verifier key: `name+hash+base64`.
    package var logKey: String
    /// SHA-256 of the recovery key's verifier text.
    package var recoveryHash: Hash
    /// Leaf hash of the log's first leaf.
    package var genesis: Hash
    package var network: String
    /// One milestone of that network, so that another network under the same name is noticed.
    package var milestoneIndex: UInt32
    package var milestoneID: Hash
    package var milestoneKeys: [MilestoneKey]
    /// Number of different holders who must have signed a milestone, from 1.
    package var threshold: UInt32
    /// 0 asks for no proof of work.
    package var minPowScore: UInt32
    /// Verifier keys of witnesses.
    package var witnesses: [String]
    /// SHA-256 of the DER of certificates that are trusted for time stamps: authorities, or a signer itself.
    package var timeStampRoots: [Hash]

    package static let sizeBytesMax = 1 << 16
    /// The holder's name that stands for the gateway's operator.
    package static let operatorHolder = "operator"

    package struct MilestoneKey: Hashable, Sendable {
        /// Ed25519 public key, 32 bytes.
        package var key: Hash
        /// First milestone index it may sign.
        package var start: UInt32
        /// Last milestone index it may sign; 0 for ever.
        package var end: UInt32
        package var holder: String

        package init(key: Hash, start: UInt32, end: UInt32, holder: String) {
            self.key = key
            self.start = start
            self.end = end
            self.holder = holder
        }
    }

    package init(
        origin: String, logKey: String, recoveryHash: Hash, genesis: Hash, network: String, milestoneIndex: UInt32,
        milestoneID: Hash, milestoneKeys: [MilestoneKey], threshold: UInt32, minPowScore: UInt32,
        witnesses: [String] = [], timeStampRoots: [Hash] = []
    ) {
        self.origin = origin
        self.logKey = logKey
        self.recoveryHash = recoveryHash
        self.genesis = genesis
        self.network = network
        self.milestoneIndex = milestoneIndex
        self.milestoneID = milestoneID
        self.milestoneKeys = milestoneKeys
        self.threshold = threshold
        self.minPowScore = minPowScore
        self.witnesses = witnesses
        self.timeStampRoots = timeStampRoots
    }

    /// True when nobody but the operator signs the network's milestones.
    package var isSelfNetwork: Bool { milestoneKeys.allSatisfy { $0.holder == PolicyCard.operatorHolder } }

    package func encoded() -> String {
        var lines = [
            "plumbline-card/v1", "origin \(origin)", "log-key \(logKey)", "recovery-hash \(recoveryHash.hex)",
            "genesis \(genesis.hex)", "network \(network)", "milestone \(milestoneIndex) \(milestoneID.hex)",
        ]
        lines += milestoneKeys.map { "milestone-key \($0.key.hex) \($0.start) \($0.end) \($0.holder)" }
        lines += ["threshold \(threshold)", "min-pow-score \(minPowScore)"]
        lines += witnesses.map { "witness \($0)" }
        lines += timeStampRoots.map { "tsa \($0.hex)" }
        return lines.map { $0 + "\n" }.joined()
    }
}

extension PolicyCard {
    /// Reads a card. Whatever `encoded` would have written differently is refused; `line` counts from 1.
    package enum ParseError: Error, Equatable {
        case tooLong(sizeBytes: Int)
        case notText
        /// A line is missing, doubled, unknown, or its value is not of its kind.
        case line(Int)
        /// The log key's name is not the origin, or the threshold asks for more holders than there are.
        case contradiction
    }

    package static func parse(_ bytes: [UInt8]) throws(ParseError) -> PolicyCard {
        guard bytes.count <= sizeBytesMax else { throw .tooLong(sizeBytes: bytes.count) }
        guard let text = String(validating: bytes, as: UTF8.self) else { throw .notText }
        var reader = Lines(text: text)
        try reader.exactly("plumbline-card/v1")
        let origin = try reader.value("origin")
        let logKey = try reader.value("log-key")
        let recovery = try reader.hash("recovery-hash")
        let genesis = try reader.hash("genesis")
        let network = try reader.value("network")
        let milestone = try reader.fields("milestone", count: 2)
        guard let index = number(milestone[0]), let id = Hash(hex: milestone[1]) else { throw .line(reader.number) }
        var keys: [MilestoneKey] = []
        while reader.isNext("milestone-key") {
            let fields = try reader.fields("milestone-key", count: 4)
            guard let key = Hash(hex: fields[0]), let start = number(fields[1]), let end = number(fields[2]),
                !fields[3].isEmpty, end == 0 || end >= start
            else { throw .line(reader.number) }
            keys.append(MilestoneKey(key: key, start: start, end: end, holder: fields[3]))
        }
        let threshold = try reader.count("threshold")
        let score = try reader.count("min-pow-score")
        var witnesses: [String] = []
        while reader.isNext("witness") { witnesses.append(try reader.value("witness")) }
        var roots: [Hash] = []
        while reader.isNext("tsa") { roots.append(try reader.hash("tsa")) }
        try reader.end()
        let card = PolicyCard(
            origin: origin, logKey: logKey, recoveryHash: recovery, genesis: genesis, network: network,
            milestoneIndex: index, milestoneID: id, milestoneKeys: keys, threshold: threshold, minPowScore: score,
            witnesses: witnesses, timeStampRoots: roots)
        guard threshold >= 1, VerifierKey(logKey)?.name.utf8.elementsEqual(origin.utf8) == true,
            Int(threshold) <= Set(keys.map(\.holder)).count,
            Set(keys.map(\.key)).count == keys.count, card.encoded().utf8.elementsEqual(bytes)
        else { throw .contradiction }
        return card
    }

    private static func number(_ text: String) -> UInt32? {
        guard let value = UInt32(text), String(value) == text else { return nil }
        return value
    }

    /// The lines of a card, taken one after the other.
    private struct Lines {
        private let lines: [Substring]
        private(set) var number = 0

        init(text: String) { lines = text.split(separator: "\n", omittingEmptySubsequences: false) }

        func isNext(_ word: String) -> Bool { number < lines.count && lines[number].hasPrefix(word + " ") }

        mutating func exactly(_ text: String) throws(ParseError) {
            guard number < lines.count, lines[number] == text else { throw .line(number + 1) }
            number += 1
        }

        mutating func value(_ word: String) throws(ParseError) -> String {
            guard isNext(word), lines[number].utf8.count > word.utf8.count + 1 else { throw .line(number + 1) }
            number += 1
            return String(lines[number - 1].dropFirst(word.count + 1))
        }

        mutating func hash(_ word: String) throws(ParseError) -> Hash {
            guard let hash = Hash(hex: try value(word)) else { throw .line(number) }
            return hash
        }

        mutating func count(_ word: String) throws(ParseError) -> UInt32 {
            guard let count = PolicyCard.number(try value(word)) else { throw .line(number) }
            return count
        }

        /// Fields between single spaces; the last one is the rest of the line.
        mutating func fields(_ word: String, count: Int) throws(ParseError) -> [String] {
            let fields = try value(word).split(separator: " ", maxSplits: count - 1, omittingEmptySubsequences: false)
            guard fields.count == count else { throw .line(number) }
            return fields.map(String.init)
        }

        func end() throws(ParseError) {
            guard number == lines.count - 1, lines[number].isEmpty else { throw .line(number + 1) }
        }
    }
}
