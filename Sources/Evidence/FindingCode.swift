/// The names of everything a check can find. They are contract: a name keeps its meaning for ever.
package enum FindingCode: String, Sendable, CaseIterable, Comparable {
    case malformed = "E_MALFORMED"
    case nonCanonical = "E_NONCANONICAL"
    case version = "E_VERSION"
    case origin = "E_ORIGIN"
    case signature = "E_SIG"
    case anchorMismatch = "E_ANCHOR_MISMATCH"
    case blockID = "E_BLOCK_ID"
    case proofOfWork = "E_POW"
    case inclusion = "E_INCLUSION"
    case milestoneSignature = "E_MILESTONE_SIG"
    case unknownKey = "E_UNKNOWN_KEY"
    case milestoneFork = "E_MILESTONE_FORK"
    case beacon = "E_BEACON"
    case anchorSequence = "E_ANCHOR_SEQ"
    case equivocation = "E_EQUIVOCATION"
    case rollback = "E_ROLLBACK"
    case fork = "E_FORK"
    case consistency = "E_CONSISTENCY"
    case range = "E_RANGE"
    case gap = "E_GAP"
    case itemCount = "E_ITEM_COUNT"
    case itemHash = "E_ITEM_HASH"
    case itemMalformed = "E_ITEM_MALFORMED"
    case erasedUndeclared = "E_ERASED_UNDECLARED"
    case configUnknown = "E_CONFIG_UNKNOWN"
    case backdated = "E_BACKDATED"
    case postdated = "E_POSTDATED"
    case timeStamp = "E_TIME_STAMP"

    case policyFromFile = "W_POLICY_FROM_FILE"
    case noPolicy = "W_NO_POLICY"
    case selfNetwork = "W_SELF_NETWORK"
    case singleSigner = "W_SINGLE_SIGNER"
    case noOutsideMemory = "W_NO_OUTSIDE_MEMORY"
    case anchorsUnwatched = "W_ANCHORS_UNWATCHED"
    case anchorUnchecked = "W_ANCHOR_UNCHECKED"
    case foreignAnchor = "W_FOREIGN_ANCHOR"
    case unanchored = "W_UNANCHORED"
    case noLowerBound = "W_NO_LOWER_BOUND"
    case wideBracket = "W_WIDE_BRACKET"
    case erased = "W_ERASED"
    case withheld = "W_WITHHELD"
    case epochLoss = "W_EPOCH_LOSS"
    case compromised = "W_COMPROMISED"
    case derivedUnchecked = "W_DERIVED_UNCHECKED"
    case timeStampUnchecked = "W_TIME_STAMP_UNCHECKED"

    package static func < (a: FindingCode, b: FindingCode) -> Bool { a.rawValue < b.rawValue }

    /// What a finding does to the verdict.
    package enum Severity: String, Sendable {
        /// The file does not hold: exit 1.
        case error
        /// The check could not be finished or nobody vouches for it: exit 2.
        case unchecked
        /// Read before relying on the file: exit 0.
        case note
    }

    package var severity: Severity {
        switch self {
        case .version, .unknownKey, .policyFromFile, .noPolicy: .unchecked
        default: rawValue.hasPrefix("E_") ? .error : .note
        }
    }
}

/// The languages of the verdicts.
package enum Language: String, Sendable, CaseIterable {
    case english = "en"
    case german = "de"
}

/// One thing a check found: what, where first, and in how many places.
package struct Finding: Hashable, Sendable {
    package let code: FindingCode
    /// Where it was found first, in words such as `anchor 3` or `leaf 41`; nil when it is about the whole file.
    package let about: String?
    /// Number of places, from 1.
    package let places: Int

    package init(code: FindingCode, about: String?, places: Int = 1) {
        self.code = code
        self.about = about
        self.places = places
    }
}

/// Collects what a run finds: one entry for each code, with its first place and the number of places.
package struct FindingList: Sendable {
    private var found: [FindingCode: (about: String?, places: Int)] = [:]

    package init() {}

    package mutating func add(_ code: FindingCode, _ about: @autoclosure () -> String? = nil) {
        if let known = found[code] {
            found[code] = (known.about, known.places + 1)
        } else {
            found[code] = (about(), 1)
        }
    }

    package func contains(_ code: FindingCode) -> Bool { found[code] != nil }

    /// Adds what a later step found.
    mutating func merge(_ later: FindingList) {
        for (code, entry) in later.found {
            let known = found[code]
            found[code] = (known == nil ? entry.about : known?.about ?? nil, (known?.places ?? 0) + entry.places)
        }
    }

    /// Sorted by code.
    package var sorted: [Finding] {
        found.map { Finding(code: $0.key, about: $0.value.about, places: $0.value.places) }.sorted { $0.code < $1.code }
    }
}

/// Ends a run. What was found so far stays, except after the codes that stand alone.
package struct Stop: Error, Equatable {
    package let code: FindingCode
    package let about: String?

    package init(_ code: FindingCode, _ about: String? = nil) {
        self.code = code
        self.about = about
    }
}
