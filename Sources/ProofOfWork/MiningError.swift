/// Why no nonce came back. `resumeAt` is the first position not tried: pass it on to continue the search.
package enum MiningError: Error, Equatable {
    /// The task was cancelled.
    case cancelled(resumeAt: UInt64)
    /// The time allowed ran out before a nonce was found.
    case outOfTime(resumeAt: UInt64, tries: UInt64)
    /// At the measured rate the work takes longer on average than allowed; nothing was tried.
    case tooMuchWork(zeros: Int, triesPerSecond: Double, predictedSeconds: Double, allowedSeconds: Double)
    /// The fast search found a nonce that the scalar Curl does not confirm: a fault of this processor or of ours.
    case notConfirmed(nonce: UInt64, zeros: Int)
    /// The kernel does not run on this processor, or no thread could be made.
    case unavailable
}

extension MiningError: CustomStringConvertible {
    /// What happened, as part of a sentence.
    package var description: String {
        switch self {
        case .cancelled: "the search was cancelled"
        case .outOfTime(_, let tries): "no nonce in the time allowed, after \(tries) tries"
        case .tooMuchWork(let zeros, let rate, let predicted, let allowed):
            "\(zeros) trailing zeros take \(Self.whole(predicted)) s on average at the measured \(Self.whole(rate)) tries a "
                + "second, and \(Self.whole(allowed)) s are allowed"
        case .notConfirmed(let nonce, let zeros):
            "nonce \(nonce) has \(zeros) trailing zeros only; this processor or the program is at fault"
        case .unavailable: "no search can run here"
        }
    }

    /// Rounded up; what has no end is told as the largest number.
    private static func whole(_ value: Double) -> Int {
        value.isFinite && value < 1e15 ? Int(value.rounded(.up)) : Int.max
    }
}
