package import LedgerStore
package import MerkleLog

/// How a gateway signs for receipts; made by whoever holds the writer.
package struct ReceiptSigning: Sendable {
    let key: VerifierKey
    let sign: @Sendable (StoredCheckpoint) async throws -> [UInt8]?

    /// - Parameters:
    ///   - key: the log key in force.
    ///   - sign: its signature for receipts of a tree; `nil` for a tree that it has not signed.
    package init(key: VerifierKey, sign: @escaping @Sendable (StoredCheckpoint) async throws -> [UInt8]?) {
        self.key = key
        self.sign = sign
    }
}

/// Keeps the signatures of receipts, one for each tree, so that a stranger cannot make the log key work.
package actor ReceiptDesk {
    /// Trees whose signature is remembered; the oldest goes.
    package static let treesMax = 64
    /// New signatures in 60 s, for all who ask.
    package static let newPerMinuteMax = 60
    static let windowMs: Int64 = 60_000

    private let signing: ReceiptSigning
    private var signatures: [UInt64: [UInt8]] = [:]
    private var order: [UInt64] = []
    private var windowStartMs: Int64 = 0
    private var newInWindow = 0

    package init(_ signing: ReceiptSigning) { self.signing = signing }

    package nonisolated var key: VerifierKey { signing.key }

    /// - Throws: `Refusal.busy` when too many trees were signed in this minute; what signing throws.
    /// - Returns: `nil` for a tree that has no receipts.
    package func signature(for checkpoint: StoredCheckpoint, nowMs: Int64) async throws -> [UInt8]? {
        if let known = signatures[checkpoint.size] { return known }
        if nowMs < windowStartMs || nowMs - windowStartMs >= Self.windowMs {
            windowStartMs = nowMs
            newInWindow = 0
        }
        guard newInWindow < Self.newPerMinuteMax else {
            throw Refusal.busy(retryAfterSeconds: Int((windowStartMs + Self.windowMs - nowMs + 999) / 1_000))
        }
        newInWindow += 1
        guard let made = try await signing.sign(checkpoint) else { return nil }
        if signatures.updateValue(made, forKey: checkpoint.size) == nil { order.append(checkpoint.size) }
        if order.count > Self.treesMax { signatures[order.removeFirst()] = nil }
        return made
    }
}
