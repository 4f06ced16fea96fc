/// Why no nonce came back. `resumeAt` is the first position not tried: pass it on to continue the search.
package enum MiningError: Error, Equatable {
    /// The task was cancelled.
    case cancelled(resumeAt: UInt64)
    /// The time allowed ran out before a nonce was found.
    case outOfTime(resumeAt: UInt64, tries: UInt64)
    /// At the measured rate the work takes longer on average than allowed; nothing was tried.
    case tooMuchWork(zeros: Int, predictedSeconds: Double, allowedSeconds: Double)
    /// The fast search found a nonce that the scalar Curl does not confirm: a fault of this processor or of ours.
    case notConfirmed(nonce: UInt64, zeros: Int)
    /// The kernel does not run on this processor, or no thread could be made.
    case unavailable
}
