/// The answer of a check: what was found, what it means, and when the log says it was.
package struct Verdict: Sendable {
    /// In the order in which they apply: the first that fits is the verdict.
    package enum Outcome: String, Sendable, CaseIterable {
        case doesNotHold = "does-not-hold"
        case couldNotCheck = "could-not-check"
        case notAuthenticated = "not-authenticated"
        case holdsWithNotes = "holds-with-notes"
        case holds
    }

    /// When entries were placed in the log, as milestones and time stamps attest. Printed only when not the operator alone
    /// could have invented it.
    package struct Bracket: Hashable, Sendable {
        /// Milliseconds since 1970; nil when nothing bounds the entries from below.
        package let notBeforeMs: Int64?
        /// Milliseconds since 1970.
        package let notAfterMs: Int64
    }

    /// A token that holds: the checkpoint of that anchor, and with it the log up to there, existed then.
    package struct TimeStamp: Hashable, Sendable {
        package let seq: UInt64
        /// The authority's clock, ms since 1970.
        package let timeMs: Int64
        /// The same with the accuracy that the authority states: what bounds the entries.
        package let latestMs: Int64
        /// The common name in the signer's certificate.
        package let authority: String?
        /// The authority's number of the token, hexadecimal.
        package let serial: String
    }

    /// What kind of file was read.
    package enum Kind: String, Sendable { case period, reading }

    package let findings: [Finding]
    package let steps: [CheckStep]
    package let bracket: Bracket?
    /// `own` when the caller gave the card, `from-file` when the file's was used, `none`.
    package let card: CardSource
    package let facts: Facts

    package enum CardSource: String, Sendable {
        case own
        case fromFile = "from-file"
        case none
    }

    /// What the file says about itself; members are nil when the run ended before they were read.
    package struct Facts: Sendable {
        package var kind: Kind?
        package var origin: String?
        package var network: String?
        package var sizeBytes: Int
        package var fromSeq: UInt64?
        package var toSeq: UInt64?
        /// Asked time, milliseconds since 1970.
        package var fromMs: Int64?
        package var toMs: Int64?
        package var leaves = 0
        package var intervals = 0
        package var items = 0
        package var readings = 0
        package var withheldItems = 0
        package var erasedItems = 0
        /// Streams the file discloses.
        package var streams: [UInt32] = []
        /// Changes of scale or unit inside the period, in words.
        package var configurationChanges: [String] = []
        /// Keys, epochs and the end of the log.
        package var history = KeyHistory()
        /// By anchor, ascending.
        package var timeStamps: [TimeStamp] = []
        /// A reading file's place.
        package var stream: UInt32?
        package var k: UInt64?
        package var leafIndex: UInt64?
        package var size: UInt64?
        /// The readings of a reading file whose item is under its root.
        package var shown: [ShownReading] = []

        package init(sizeBytes: Int) { self.sizeBytes = sizeBytes }
    }

    package var codes: [String] { findings.map(\.code.rawValue) }
    package var isSelfNetwork: Bool { findings.contains { $0.code == .selfNetwork } }
    package var notes: [Finding] { findings.filter { $0.code.severity != .error } }
    package var errors: [Finding] { findings.filter { $0.code.severity == .error } }

    /// 0 holds (notes allowed), 1 does not hold, 2 could not be checked or nobody vouches for it.
    package var exitCode: Int32 {
        if findings.contains(where: { $0.code.severity == .error }) { return 1 }
        return findings.contains { $0.code.severity == .unchecked } ? 2 : 0
    }

    /// Whether what the file shows is what the log holds: everything was checked and nothing is against it, though nobody may
    /// vouch for the card.
    package var vouchesForReadings: Bool {
        !findings.contains {
            $0.code.severity == .error || ($0.code.severity == .unchecked && $0.code != .policyFromFile)
        }
    }

    package var outcome: Outcome {
        switch exitCode {
        case 1: .doesNotHold
        case 0: findings.isEmpty ? .holds : .holdsWithNotes
        default:
            findings.contains { $0.code.severity == .unchecked && $0.code != .policyFromFile }
                ? .couldNotCheck : .notAuthenticated
        }
    }
}

/// One step of a check, in the order of the way a reading went.
package struct CheckStep: Hashable, Sendable {
    package enum Name: String, Sendable, CaseIterable {
        /// The file is whole and in its one form.
        case file
        case card
        /// One anchor against the network: block, path, milestone.
        case anchor
        /// Readings and their rules.
        case read
        /// Items under the root of their interval.
        case item
        /// A reading's interval under the signed root.
        case log
        /// Nothing left out between two anchors, no other history.
        case range
        case configuration
        case time
    }

    package enum State: String, Sendable {
        case holds
        case fails
        /// An earlier step ended the run.
        case notChecked = "not-checked"
    }

    package enum Fact: Hashable, Sendable {
        case number(Int64)
        case text(String)
    }

    package struct NamedFact: Hashable, Sendable {
        package let name: String
        package let value: Fact

        package init(name: String, value: Fact) {
            self.name = name
            self.value = value
        }
    }

    package let name: Name
    package let state: State
    package let facts: [NamedFact]

    package init(_ name: Name, _ state: State, _ facts: KeyValuePairs<String, Fact> = [:]) {
        self.name = name
        self.state = state
        self.facts = facts.map { NamedFact(name: $0.key, value: $0.value) }
    }

    init(_ name: Name, _ state: State, facts: [NamedFact]) {
        self.name = name
        self.state = state
        self.facts = facts
    }
}
