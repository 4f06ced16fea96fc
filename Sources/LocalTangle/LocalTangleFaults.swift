/// What a development node can be told to do wrong (`tangle.md` section 9), by the words of the command line.
package enum LocalTangleFault: String, Sendable, CaseIterable {
    case ignore
    case prune
    case unhealthy
    case stale
    case lostReply = "lost-reply"
    case otherID = "other-id"
    case noTips = "no-tips"
    case noProofs = "no-proofs"
    case slow

    /// What the number behind a fault counts.
    package enum Measure: Sendable, Equatable {
        /// The fault ends after so many milestones.
        case milestones
        /// The fault ends after so many blocks that came in.
        case blocks
        /// How wrong the node is, as long as it runs.
        case size(usual: UInt32)
    }

    package var measure: Measure {
        switch self {
        case .ignore, .unhealthy, .noTips, .noProofs: .milestones
        case .lostReply, .otherID: .blocks
        case .prune: .size(usual: LocalTangleConfiguration.pruneAfterMin)
        case .stale: .size(usual: 600)
        case .slow: .size(usual: 3_000)
        }
    }

    /// Numbers that make sense.
    package var range: ClosedRange<UInt32> {
        switch self {
        case .ignore, .unhealthy, .noTips, .noProofs, .lostReply, .otherID: 1...1_000_000
        case .prune: LocalTangleConfiguration.pruneAfterMin...1_000_000
        case .stale: 1...1_000_000_000
        case .slow: 1...600_000
        }
    }

    /// One line for people.
    private var summary: String {
        switch self {
        case .ignore: "milestones refer to no block that was sent in"
        case .prune: "what was referenced that many milestones ago is 404"
        case .unhealthy: "/health is 503, isHealthy is false"
        case .stale: "the latest milestone is told that many s too old"
        case .lostReply: "a block is taken, and its sender never hears so"
        case .otherID: "a block is taken, and its sender hears another id"
        case .noTips: "/tips is 503"
        case .noProofs: "the plug-in for proofs of inclusion is not there"
        case .slow: "every answer waits that many ms"
        }
    }

    /// Every fault with its number, one a line; of those with a size it is the usual one.
    package static var help: String {
        allCases.map { fault in
            var number = "N"
            if case .size(let usual) = fault.measure { number = "\(usual)" }
            let word = "\(fault.rawValue)[=\(number)]"
            return "  \(word)\(String(repeating: " ", count: max(1, 16 - word.count)))\(fault.summary)"
        }.joined(separator: "\n")
    }
}

/// The faults of a node that are on. None by default.
package struct LocalTangleFaults: Sendable, Equatable {
    /// What is left of a fault that is counted, or its size; `forEver` for one that does not end.
    private var numbers: [LocalTangleFault: UInt32] = [:]
    private static let forEver = UInt32.max

    package init() {}

    /// - Parameter words: `NAME` or `NAME=N`, each fault once.
    /// - Throws: `fault` with the word that cannot be read.
    package init(words: [String]) throws(LocalTangleError) {
        for word in words {
            let parts = word.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard let fault = LocalTangleFault(rawValue: String(parts[0])), numbers[fault] == nil else {
                throw .fault(word)
            }
            var number: UInt32?
            if parts.count == 2 {
                guard let read = UInt32(parts[1]), fault.range.contains(read) else { throw .fault(word) }
                number = read
            }
            turnOn(fault, number)
        }
    }

    /// - Parameter number: milestones or blocks until it ends, `nil` for ever; or a size, `nil` for the usual one.
    package mutating func turnOn(_ fault: LocalTangleFault, _ number: UInt32? = nil) {
        if case .size(let usual) = fault.measure {
            numbers[fault] = number ?? usual
        } else {
            numbers[fault] = number ?? Self.forEver
        }
    }

    package mutating func turnOff(_ fault: LocalTangleFault) { numbers[fault] = nil }

    package func isOn(_ fault: LocalTangleFault) -> Bool { numbers[fault] != nil }

    /// The number of a fault that has a size; `nil` while it is off.
    func size(_ fault: LocalTangleFault) -> UInt32? { numbers[fault] }

    /// Whether the fault is on; what is counted has one less from then on.
    mutating func spend(_ fault: LocalTangleFault) -> Bool {
        guard let left = numbers[fault] else { return false }
        if left != Self.forEver { numbers[fault] = left > 1 ? left - 1 : nil }
        return true
    }

    /// The words that turn on what is on, in the order of the help text.
    package var words: [String] {
        LocalTangleFault.allCases.compactMap { fault in
            numbers[fault].map { $0 == Self.forEver ? fault.rawValue : "\(fault.rawValue)=\($0)" }
        }
    }
}

/// The same faults as switches, for those who want them on until they turn them off.
extension LocalTangleFaults {
    /// Milestones refer to no user block: promotion and reattachment can be seen.
    package var ignoresUserBlocks: Bool {
        get { self[.ignore] }
        set { self[.ignore] = newValue }
    }
    /// `/health` 503, `isHealthy` false.
    package var isUnhealthy: Bool {
        get { self[.unhealthy] }
        set { self[.unhealthy] = newValue }
    }
    /// The latest milestone is reported ten minutes older than it is.
    package var reportsStaleMilestone: Bool {
        get { self[.stale] }
        set { self[.stale] = newValue }
    }
    /// Blocks are taken, and the connection ends without the answer.
    package var losesReplies: Bool {
        get { self[.lostReply] }
        set { self[.lostReply] = newValue }
    }
    /// Blocks are taken, and the id in the answer is another.
    package var answersOtherID: Bool {
        get { self[.otherID] }
        set { self[.otherID] = newValue }
    }
    /// `/tips` 503.
    package var hasNoTips: Bool {
        get { self[.noTips] }
        set { self[.noTips] = newValue }
    }
    /// `/api/poi/v1` is not there.
    package var hasNoProofs: Bool {
        get { self[.noProofs] }
        set { self[.noProofs] = newValue }
    }

    private subscript(fault: LocalTangleFault) -> Bool {
        get { isOn(fault) }
        set { if newValue { turnOn(fault) } else { turnOff(fault) } }
    }
}
