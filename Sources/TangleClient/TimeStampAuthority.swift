/// Whoever answers RFC 3161 requests. Its answers are bytes; whether they are worth anything is judged elsewhere.
package protocol TimeStampAuthority: Sendable {
    /// For sentences in health and journal.
    var name: String { get }
    /// Sends one request, DER, and gives the answer's bytes, at most 64 KiB.
    ///
    /// Ends by itself after a time of the implementer's choice, and when the task is cancelled.
    func answer(to request: [UInt8]) async throws(AuthorityError) -> [UInt8]
}

/// What an authority did instead of answering.
package enum AuthorityError: Error, Equatable, Sendable {
    /// No connection, or no whole answer in time.
    case unreachable(String)
    /// An HTTP status other than 200.
    case refused(status: Int)
    /// Something else than a time-stamp reply, or too long a one.
    case malformed(what: String)
}

extension AuthorityError: CustomStringConvertible {
    /// What happened, as part of a sentence that begins with the authority's name.
    package var description: String {
        switch self {
        case .unreachable(let why): "no whole answer (\(why))"
        case .refused(let status): "HTTP \(status)"
        case .malformed(let what): "the answer is no time-stamp reply: \(what)"
        }
    }
}
