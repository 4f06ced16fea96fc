/// Where anchoring gets its nonces: a `Miner`, or in a simulation something that costs no processor time.
package protocol NonceSearch: Sendable {
    /// Tries per second of the last search or measurement; `nil` before the first.
    var triesPerSecond: Double? { get }

    /// A nonce that gives `work` a score of `minScore`, searched from position `start` on.
    ///
    /// Owes what `Miner.mine` does: refuses beforehand what takes longer on average than `allowedSeconds`, gives up after
    /// that time, ends when the task is cancelled, and says where to go on.
    func mine(
        _ work: BlockWork, minScore: UInt32, from start: UInt64, allowedSeconds: Double?
    ) async throws(MiningError) -> MinedNonce
}

extension Miner: NonceSearch {}
