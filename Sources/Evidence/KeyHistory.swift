package import LogEntries

/// What a verdict tells of the log's keys and of its life: beginnings, changes, theft, end.
package struct KeyHistory: Hashable, Sendable {
    package struct Change: Hashable, Sendable {
        package let leafIndex: UInt64
        /// vkey text.
        package let key: String

        package init(leafIndex: UInt64, key: String) {
            self.leafIndex = leafIndex
            self.key = key
        }
    }

    /// The log that was lost before this one began.
    package var previous: Leaf.PreviousLog?
    /// Key leaves known from the file that put another key in force, in the order of the log.
    package var keyChanges: [Change] = []
    /// Leaves of this file that whoever stole the log key could have written, from the first to behind the last.
    package private(set) var doubtful: Range<UInt64>?
    package var end: LogEnd?

    package init() {}

    mutating func doubt(_ leaves: Range<UInt64>) {
        guard let known = doubtful else { return doubtful = leaves }
        doubtful = min(known.lowerBound, leaves.lowerBound)..<max(known.upperBound, leaves.upperBound)
    }

    /// One line for each fact, in the order of the log; none for a log whose keys are those of its first day.
    package func lines(_ language: Language) -> [String] {
        var lines: [String] = []
        switch language {
        case .english:
            if let previous {
                lines.append(
                    "goes on after the loss of \(previous.origin), of which \(previous.size) entries were anchored")
            }
            lines += keyChanges.map { "entry \($0.leafIndex) changed the log key to \($0.key)" }
            if let doubtful {
                lines.append(
                    "entries \(doubtful.lowerBound) to \(doubtful.upperBound - 1) could be by whoever stole the log key"
                )
            }
            if let end {
                let next = end.nextOrigin.map { "; it goes on in \($0)" } ?? "; no other follows"
                lines.append("entry \(end.leafIndex) ended this log\(next)")
            }
        case .german:
            if let previous {
                lines.append(
                    "folgt auf den Verlust von \(previous.origin), davon waren \(previous.size) Einträge verankert")
            }
            lines += keyChanges.map { "Eintrag \($0.leafIndex) wechselte den Schlüssel des Protokolls zu \($0.key)" }
            if let doubtful {
                lines.append(
                    "Einträge \(doubtful.lowerBound) bis \(doubtful.upperBound - 1) können von dem stammen, der den "
                        + "Schlüssel gestohlen hat")
            }
            if let end {
                let next = end.nextOrigin.map { "; es geht weiter in \($0)" } ?? "; keines folgt"
                lines.append("Eintrag \(end.leafIndex) beendete dieses Protokoll\(next)")
            }
        }
        return lines
    }
}
