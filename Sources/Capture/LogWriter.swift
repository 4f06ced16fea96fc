internal import Hashing
package import LedgerStore
package import LogEntries
package import MerkleLog
package import Readings
internal import Synchronization

/// The one place where the log grows: seals, boots, gaps, configurations, snapshots, beacons, events, commands,
/// accesses.
///
/// It runs on the ledger's own thread, so that each function here reads, decides and writes without anybody in between.
package actor LogWriter {
    package nonisolated let store: Ledger
    package nonisolated let identity: LedgerIdentity
    /// The log key in force.
    package nonisolated let key: LogSigningKey
    /// Who may sign which tree of this log.
    package nonisolated let history: LogKeys
    /// The key before it, as long as it has to sign the tree that ends with its own replacement.
    var former: LogSigningKey?
    /// Called when that is done: its private half is of no use any more.
    nonisolated let retireFormer: @Sendable () -> Void
    /// The former key has signed the change and the new one has signed nothing yet.
    package internal(set) var owesNewSignature = false
    package nonisolated let clock: Clock
    nonisolated let random: RandomBytes
    nonisolated let checkpointFile: CheckpointFile

    package nonisolated var unownedExecutor: UnownedSerialExecutor { store.unownedExecutor }

    /// Number of this boot.
    package internal(set) var bootNumber: UInt64 = 0
    /// The monotonic clock when this boot began.
    var bootMonoMs: UInt64 = 0
    package internal(set) var configuration: LogConfiguration
    /// Where readings stand; its first open interval is the log's.
    nonisolated let places: Places
    private nonisolated let milestone = Mutex<UInt64>(0)
    /// Time of the last milestone this log knows, UTC ms: a leaf dated before it would be backdated.
    nonisolated var milestoneMs: UInt64 { milestone.withLock { $0 } }
    /// The latest date of a leaf that is not signed yet, UTC ms; a checkpoint before it would make that leaf postdated.
    var leafMsMax: UInt64 = 0
    /// Why nothing is signed any more; `nil` while all is well.
    package internal(set) var signingRefusal: LedgerError?

    init(
        store: Ledger, keys: SigningKeys, history: LogKeys, clock: Clock, random: @escaping RandomBytes,
        configuration: LogConfiguration
    ) {
        former = keys.former
        retireFormer = keys.retireFormer
        self.history = history
        self.store = store
        identity = store.identity
        key = keys.current
        self.clock = clock
        self.random = random
        self.configuration = configuration
        places = Places(periodMs: store.identity.periodMs)
        checkpointFile = CheckpointFile(directory: store.directory)
    }

    /// The first interval that can still take readings.
    package nonisolated var openK: UInt64 { places.openK }

    /// Runs on the ledger, on whose thread this actor already is.
    func ledger<T: Sendable>(_ body: (isolated Ledger) throws -> T) throws -> T { try store.assumeIsolated(body) }

    /// Whether the clock was set back behind the last milestone. Until it has caught up no leaf can be written, because it would
    /// be backdated.
    package nonisolated var isClockBehind: Bool { clock.wallMs() + Self.slackMs < milestoneMs }

    /// Milestone times are whole seconds, rounded up by some nodes; one second of slack is what an auditor grants.
    private static let slackMs: UInt64 = 1_000

    func learn(milestoneMs: UInt64) { milestone.withLock { $0 = max($0, milestoneMs) } }

    func checkClock(nowMs: UInt64, milestoneMs: UInt64) throws {
        guard nowMs + Self.slackMs >= milestoneMs else {
            throw CaptureError.clockBehindMilestone(nowMs: nowMs, milestoneMs: milestoneMs)
        }
    }

    /// A leaf of this boot, now. Throws `clockBehindMilestone`.
    func leaf(_ body: Leaf.Body, k: UInt64? = nil, nowMs: UInt64? = nil) throws -> NewLeaf {
        let nowMs = nowMs ?? clock.wallMs()
        try checkClock(nowMs: nowMs, milestoneMs: milestoneMs)
        return newLeaf(Leaf(wallMs: nowMs, bootNumber: bootNumber, monoMs: monoMs, body: body), k: k)
    }

    func newLeaf(_ leaf: Leaf, k: UInt64? = nil) -> NewLeaf {
        leafMsMax = max(leafMsMax, leaf.wallMs)
        return NewLeaf(
            type: UInt8(truncatingIfNeeded: leaf.body.type), k: k, wallMs: leaf.wallMs, bytes: leaf.encoded())
    }

    /// Ms since this boot.
    package var monoMs: UInt64 {
        let now = clock.monoMs()
        return now > bootMonoMs ? now - bootMonoMs : 0
    }

    package func head() throws -> LogHead { try ledger { try $0.head() } }
}

/// Captured readings on their way to the disk.
extension LogWriter {
    /// What became of readings that were to have a place.
    package struct Taken: Sendable {
        package var placed: [PlacedReading] = []
        /// Points that spoke in every millisecond already; their readings have no place.
        package var cutOff: [Reading] = []
    }

    /// Gives every reading its interval and its millisecond, without waiting for the disk. Until each of them was given to `keep`
    /// or `letGo`, nothing from there on is sealed by `sealDue`.
    package nonisolated func take(_ readings: [Reading]) -> Taken { places.take(readings, nowMs: clock.wallMs()) }

    /// Writes readings that `take` has placed into the open interval: when this returns, they are on disk. May be
    /// repeated.
    package func keep(_ placed: [PlacedReading]) throws {
        if placed.isEmpty { return }
        let nowMs = clock.wallMs()
        let number = bootNumber
        let mono = monoMs
        let streamOf = configuration.streamOf
        try ledger { try $0.appendOpen(placed, streamOf: streamOf, bootNumber: number, wallMs: nowMs, monoMs: mono) }
        places.letGo(placed)
    }

    /// Readings that `take` has placed and nobody wants.
    nonisolated func letGo(_ placed: [PlacedReading]) { places.letGo(placed) }
}

/// Single leaves.
extension LogWriter {
    /// Writes an event of a stream of class `none` into the log; returns its leaf's index.
    package func appendEvent(_ event: EventPayload, stream: StreamNumber) throws -> UInt64 {
        let opened = try commitment(.event, stream, event.encoded())
        let body = Leaf.Body.event(Leaf.Event(stream: stream, kind: event.kind, commitment: opened.hash))
        return try ledger { [leaf = try leaf(body)] in try $0.append(leaf, opening: [opened]) }
    }

    /// Says in the log that a stream's items of sealed intervals are erased, and erases them: bytes with their salts, keys, pages.
    ///
    /// What a death or a failing disk leaves undone, the next start does. Throws as `Ledger.declareErasure`, and what the disk throws.
    /// - Returns: the leaf's index.
    package func erase(
        stream: StreamNumber, kFrom: UInt64, kTo: UInt64, legalBasis: UInt64, actor: Bytes16
    ) async throws -> UInt64 {
        let index = try declareErasure(
            ErasureRange(stream: stream, kFrom: kFrom, kTo: kTo), legalBasis: legalBasis, actor: actor)
        try await store.carryOnErasing()
        return index
    }

    private func declareErasure(_ range: ErasureRange, legalBasis: UInt64, actor: Bytes16) throws -> UInt64 {
        let body = Leaf.Body.erasure(
            Leaf.Erasure(
                stream: range.stream, kFrom: range.kFrom, kTo: range.kTo, legalBasis: legalBasis, actor: actor))
        return try ledger { [leaf = try leaf(body)] in try $0.declareErasure(leaf, range) }
    }

    /// Records the use of a grant; it stands in the access leaf behind the running interval.
    package func recordUse(_ use: AccessUse) throws { try ledger { try $0.recordUse(use) } }

    private func commitment(_ type: Commitment.LeafType, _ stream: StreamNumber, _ payload: [UInt8]) throws
        -> StoredItem
    {
        try checkIsPublic(stream)
        return try opening(type, stream, payload)
    }

    func checkIsPublic(_ stream: StreamNumber) throws {
        guard configuration.publicStreams.contains(stream) else {
            throw CaptureError.streamNotPublic(stream.rawValue)
        }
    }

    /// The item that a leaf of type 2 or 3 commits to.
    func opening(_ type: Commitment.LeafType, _ stream: StreamNumber, _ payload: [UInt8]) throws -> StoredItem {
        let bytes = Commitment(
            leafType: type, stream: stream, salt: try Bytes16.random(random), payload: payload
        ).encoded()
        return StoredItem(hash: leafHash(bytes), bytes: bytes)
    }
}
