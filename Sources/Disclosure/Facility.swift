package import Hashing
package import LedgerStore
package import LogEntries
package import Readings
package import TwinModel

/// What the gateway says about itself and does not keep in the ledger.
package struct FacilityFacts: Hashable, Sendable {
    /// Version of the program, such as `1.0.0`.
    package let version: String
    /// The policy card's text, as `GET /v1/card` gives it.
    package let card: String
    /// Whether all milestone keys are held by the operator: every report then says W_SELF_NETWORK.
    package let isSelfNetwork: Bool
    /// Time between two anchors, ms; estimates rest on it.
    package let anchorEveryMs: Int64

    package init(version: String, card: String, isSelfNetwork: Bool, anchorEveryMs: Int64) {
        self.version = version
        self.card = card
        self.isSelfNetwork = isSelfNetwork
        self.anchorEveryMs = anchorEveryMs
    }
}

/// How the gateway is, for `/v1/health`.
package struct Health: Hashable, Sendable {
    package enum State: String, Hashable, Sendable {
        case ok, starting, problems
    }

    package let state: State
    /// One sentence each, for the operator.
    package let problems: [String]

    package init(state: State, problems: [String] = []) {
        self.state = state
        self.problems = problems
    }
}

/// The query side of the gateway: every question of the API is one function here, and every rule about answers too.
///
/// Nothing in it changes the log; a disclosure of a point that is not of class `none` is told to `noteAccess` before the answer leaves.
package struct Facility: Sendable {
    package let reader: LedgerReader
    package let keeper: TwinKeeper
    package let facts: FacilityFacts
    package let zone: ZoneRules
    package let shelf: EvidenceShelf
    let maker: any EvidenceMaking
    let now: @Sendable () -> Int64
    let health: @Sendable () async -> Health
    let noteAccess: @Sendable (AccessUse) async throws -> Void
    let linksNow: @Sendable () async -> [LinkView]
    let erasing: Erasing?
    let receipts: ReceiptDesk?
    let reloading: @Sendable (_ actor: Bytes16) async throws -> ReloadView
    let verifications = VerificationSlots()

    /// - Parameters:
    ///   - nowMs: UTC ms.
    ///   - links: every connection to the field, in order of id.
    ///   - reload: reads the configuration files again, for whoever the pseudonym stands for; throws a `Refusal`.
    ///   - erasing: without it nothing can be erased.
    ///   - receipts: without it no leaf has a COSE Receipt.
    ///   - noteAccess: counts a disclosure for the access leaf of the running interval; on disk when it returns.
    package init(
        reader: LedgerReader, keeper: TwinKeeper, facts: FacilityFacts, zone: ZoneRules,
        maker: any EvidenceMaking, evidenceDirectory: String, nowMs: @escaping @Sendable () -> Int64,
        pause: @escaping @Sendable (Int64) async throws -> Void = { try await Task.sleep(for: .milliseconds($0)) },
        health: @escaping @Sendable () async -> Health = { Health(state: .ok) },
        links: @escaping @Sendable () async -> [LinkView] = { [] },
        reload: @escaping @Sendable (_ actor: Bytes16) async throws -> ReloadView = { _ in
            throw Refusal.notNow(why: "there are no configuration files here", retryAfterSeconds: 60)
        },
        erasing: Erasing? = nil, receipts: ReceiptSigning? = nil,
        noteAccess: @escaping @Sendable (AccessUse) async throws -> Void
    ) {
        self.reader = reader
        self.keeper = keeper
        self.facts = facts
        self.zone = zone
        self.maker = maker
        self.health = health
        self.noteAccess = noteAccess
        linksNow = links
        reloading = reload
        self.erasing = erasing
        self.receipts = receipts.map { ReceiptDesk($0) }
        now = nowMs
        shelf = EvidenceShelf(
            reader: reader, maker: maker, directory: evidenceDirectory, nowMs: nowMs, pause: pause,
            anchorEveryMs: facts.anchorEveryMs)
    }

    /// Makes the evidence files that are asked for, one after the other, until it is cancelled.
    package func run() async throws { try await shelf.run() }

    package var nowMs: Int64 { now() }

    package func healthNow() async -> Health { await health() }

    // MARK: who asks

    /// What the ledger stores of a token.
    package static func tokenHash(_ token: String) -> Hash { sha256(Array(token.utf8)) }

    /// Finds the token among all that are stored; each is compared in constant time, whichever matches.
    package func signIn(token: String) async throws -> SignIn {
        let asked = Self.tokenHash(token).bytes
        var match: StoredToken?
        for stored in try await reader.tokens() where equalInConstantTime(stored.hash.bytes, asked) { match = stored }
        guard let match else { return .unknown }
        guard match.isValid(atMs: UInt64(clamping: nowMs)) else { return .expired }
        guard let role = Grant.Role(rawValue: match.role) else { return .unknown }
        let streams: Set<StreamNumber>?
        do { streams = try Grant.streams(scope: match.scope) } catch { return .unknown }
        return .granted(
            Grant(
                number: match.grant, name: match.name, role: role, untilMs: match.untilMs.map { Int64(clamping: $0) },
                streams: streams))
    }

    /// Counts `count` disclosures of a point for the access leaf, unless the point is of class `none`.
    func note(_ grant: Grant, _ point: Point, what: String, count: Int) async throws {
        guard point.privacy != .none, count > 0 else { return }
        try await noteAccess(
            AccessUse(
                grant: grant.number, actor: Self.pseudonym(of: grant, nowMs: nowMs), scope: point.id, what: what,
                count: UInt64(count)))
    }

    /// The actor of this month: sixteen bytes that change with the month and tell nothing without the grant's number.
    static func pseudonym(of grant: Grant, nowMs: Int64) -> [UInt8] {
        let month = UTCTime.text(nowMs).prefix(7)
        return Array(sha256(Array("plumbline-actor/v1\n\(grant.number)\n\(month)\n".utf8)).bytes.prefix(16))
    }

    // MARK: what the gateway is

    package struct About: Hashable, Sendable {
        package let building: String
        package let label: String
        package let timeZone: String
        package let nowMs: Int64
        package let version: String
        package let origin: String
        package let network: String
        package let isSelfNetwork: Bool
        package let modelRevision: Int
        /// When the ledger was created, and the ends of the last interval in the log and of the last one that a milestone references.
        package let recordedSinceMs: Int64
        package let sealedToMs: Int64?
        package let anchoredToMs: Int64?
    }

    package func about() async throws -> About {
        let building = await keeper.building
        let identity = reader.identity
        let line = try await proofLine()
        func end(_ k: UInt64?) -> Int64? {
            k.map { Int64(clamping: ($0 + 1).multipliedReportingOverflow(by: identity.periodMs).partialValue) }
        }
        return About(
            building: building.id, label: building.label, timeZone: zone.name, nowMs: nowMs, version: facts.version,
            origin: identity.origin, network: identity.network, isSelfNetwork: facts.isSelfNetwork,
            modelRevision: try await modelRevision(), recordedSinceMs: Int64(clamping: identity.createdMs),
            sealedToMs: end(line.sealedK), anchoredToMs: end(line.anchoredK))
    }

    /// Number of the model revision in force.
    package func modelRevision() async throws -> Int {
        Int(clamping: try await reader.modelRevision(nil)?.revision ?? 0)
    }
}
