/// Why a question is not answered. An answer, not a fault: the API has one table from here to HTTP.
package enum Refusal: Error, Hashable, Sendable {
    /// Also for what the grant may not know of. `kind` is a word of the API's paths, such as `points`.
    case noSuchResource(kind: String, id: String)
    case noSuchReading(point: String, atMs: Int64)
    case outsideGrant
    case emptyRange
    /// The call covers at most `daysMax` days.
    case rangeTooLong(daysMax: Int)
    /// A parameter holds a value the domain does not take.
    case notTaken(parameter: String, expected: String)
    case cursorUnreadable
    case cursorExpired
    /// In the running interval; sealed at about this instant, UTC ms.
    case notYetSealed(expectedAtMs: Int64?)
    case notYetAnchored(proof: ProofState, expectedAtMs: Int64?)
    case erased
    /// Before the first anchor there is nothing an evidence file can begin with.
    case noAnchorBefore(firstAnchoredAtMs: Int64?)
    /// As many evidence files as are kept at once are being made.
    case busy(retryAfterSeconds: Int)
    /// A file is larger than what is read here.
    case tooLarge(limitBytes: Int)
    case unreadableFile
    /// The configuration files have mistakes, or ask for what only a restart can do; nothing has changed.
    case configurationRefused([ConfigurationMistake])
    /// The files are being read again already.
    case reloadUnderWay
    /// The gateway cannot do this at the moment; nothing has changed.
    case notNow(why: String, retryAfterSeconds: Int)
}

/// How far a reading has come on its way to the Tangle.
package enum ProofState: String, Hashable, Sendable, CaseIterable {
    /// In the running interval.
    case open
    /// In the log.
    case sealed
    /// Under an anchor whose block a node has.
    case submitted
    /// Under an anchor that a milestone references.
    case anchored
}

extension Refusal {
    /// What a maker's error means to who asked; a range that can never be proven is a refusal, not a fault.
    init(_ error: EvidenceMakingError, question: EvidenceQuestion) {
        switch error {
        case .notYetSealed: self = .notYetSealed(expectedAtMs: nil)
        case .notYetAnchored(let expectedAtMs): self = .notYetAnchored(proof: .sealed, expectedAtMs: expectedAtMs)
        case .noAnchorBefore(let firstMs): self = .noAnchorBefore(firstAnchoredAtMs: firstMs)
        case .noSuchReading: self = .noSuchResource(kind: "evidence", id: question.canonical)
        case .erased: self = .erased
        case .tooLong: self = .rangeTooLong(daysMax: Facility.evidenceDaysMax)
        }
    }
}
