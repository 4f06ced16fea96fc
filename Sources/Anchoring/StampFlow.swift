import Hashing
package import LedgerStore
package import Logging
package import TangleClient
package import TimeStamping

/// The second clock: a token of an RFC 3161 authority over the note of the newest checkpoint, judged here and kept beside its
/// anchor. Anchors never wait for it.
package actor StampFlow: TimeAnchor {
    /// Longest pause after a failure, ms.
    package static let pauseMsMax: Int64 = 600_000

    package struct Settings: Sendable {
        /// Between the signing of two checkpoints that are stamped, ms; `nil` stamps each that is the newest in its turn.
        package var everyMs: Int64?
        /// Between two looks at the ledger, ms.
        package var pollMs: Int64
        /// A token that these do not lead to is not kept.
        package var trust: TimeStampTrust

        package init(everyMs: Int64?, pollMs: Int64 = 1_000, trust: TimeStampTrust) {
            self.everyMs = everyMs
            self.pollMs = pollMs
            self.trust = trust
        }
    }

    package nonisolated var name: String { "Time stamping" }
    package private(set) var trouble: String?

    private let settings: Settings
    private let ledger: Ledger
    private let authority: any TimeStampAuthority
    private let nonce: @Sendable () -> UInt64
    private let journal: Logger
    private let nowMs: @Sendable () -> Int64
    private let pause: @Sendable (_ ms: Int64) async throws -> Void
    private var failures = 0

    /// - Parameters:
    ///   - nonce: from the system's random source.
    ///   - pause: waits that long, or throws when the task is cancelled.
    package init(
        settings: Settings, ledger: Ledger, authority: any TimeStampAuthority, nonce: @escaping @Sendable () -> UInt64,
        journal: Logger, nowMs: @escaping @Sendable () -> Int64,
        pause: @escaping @Sendable (_ ms: Int64) async throws -> Void
    ) {
        self.settings = settings
        self.ledger = ledger
        self.authority = authority
        self.nonce = nonce
        self.journal = journal
        self.nowMs = nowMs
        self.pause = pause
    }

    package func run() async throws {
        while !Task.isCancelled {
            let wait = await round()
            do { try await pause(wait) } catch { return }
        }
    }

    /// Stamps the newest checkpoint when it is due. Older ones without a token get none: a token would bound them later than
    /// the newest one's does.
    package func round() async -> Int64 {
        do {
            if let anchor = try await due() { try await stamp(anchor) }
        } catch {
            if Task.isCancelled { return 0 }
            return hindered("\(authority.name): \(error)")
        }
        return settings.pollMs
    }

    private func due() async throws -> StoredAnchor? {
        guard let newest = try await ledger.anchors(AnchorQuery(isDescending: true, limit: 1)).first,
            newest.timeStamp == nil
        else { return nil }
        guard let everyMs = settings.everyMs, let last = try await ledger.lastStampedAnchor() else { return newest }
        return Int64(clamping: newest.signedMs) - Int64(clamping: last.signedMs) >= everyMs ? newest : nil
    }

    private func stamp(_ anchor: StoredAnchor) async throws {
        let statement = Array(anchor.note.utf8)
        let request = TimeStampRequest(statement: statement, nonce: nonce())
        let response = try await authority.answer(to: request.encoded())
        let token = try TimeStampToken.parse(response: response)
        try token.check(statement: statement, nonce: request.nonce, trust: settings.trust)
        // An auditor would call the entries below it postdated, or the milestone that the checkpoint cites later than the token.
        let cited = try await ledger.beacon(anchor.seq).map { Int64($0.facts.milestoneTimeS) * 1_000 } ?? 0
        let earliestMs = max(Int64(clamping: anchor.signedMs), cited)
        guard token.latestMs >= earliestMs else { throw StampError.clockBehind(ms: earliestMs - token.latestMs) }
        try await ledger.keepTimeStamp(
            seq: anchor.seq, token: response, timeMs: UInt64(clamping: token.timeMs),
            receivedMs: UInt64(clamping: nowMs()))
        journal.info(
            "checkpoint stamped",
            metadata: ["seq": "\(anchor.seq)", "serial": "\(token.serial)", "by": "\(authority.name)"])
        recovered()
    }

    private func hindered(_ sentence: String) -> Int64 {
        failures += 1
        if trouble != sentence { journal.warning("time stamping waits: \(sentence)") }
        trouble = sentence
        return min(Self.pauseMsMax, settings.pollMs << min(failures, 20))
    }

    private func recovered() {
        if trouble != nil { journal.notice("time stamping goes on") }
        failures = 0
        trouble = nil
    }
}

/// Why a token that holds is not kept.
enum StampError: Error, Equatable, CustomStringConvertible {
    /// The authority's clock, with its accuracy, says a moment before the checkpoint was signed by ours, or before the network's
    /// milestone that it cites.
    case clockBehind(ms: Int64)

    var description: String {
        switch self {
        case .clockBehind(let ms): "its clock is \(ms) ms behind this gateway's or the network's; synchronise them"
        }
    }
}
