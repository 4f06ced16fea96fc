internal import Hashing
package import LedgerStore
internal import LogEntries
package import MerkleLog
package import TwinModel

/// Starting again on a log that is there.
extension LogWriter {
    /// What a start found and did.
    package struct Start: Equatable, Sendable {
        package let bootNumber: UInt64
        /// Number of intervals that were open and are sealed now.
        package let sealedIntervals: Int
        package let gap: StoredGap?
        package let configChanged: Bool
        /// Why nothing will be signed; `nil` when the log reproduces its checkpoint.
        package let signingRefusal: LedgerError?
    }

    /// Opens the log for writing: the tail is hashed again and compared with the checkpoint, the interval that was
    /// open is
    /// sealed under the old boot's number if it holds readings, then a gap leaf, the boot leaf, and a configuration
    /// leaf if
    /// the building has changed.
    ///
    /// Throws `clockBehindMilestone` before anything is written when the clock is before the last milestone.
    package static func start(
        ledger: Ledger, key: LogSigningKey, clock: Clock, random: @escaping RandomBytes, building: Building
    ) async throws -> (writer: LogWriter, start: Start) {
        try await start(
            ledger: ledger, keys: SigningKeys(current: key), clock: clock, random: random, building: building)
    }

    /// The same for a log whose key may just have been replaced. Throws `ended` for one that was closed for another.
    package static func start(
        ledger: Ledger, keys: SigningKeys, clock: Clock, random: @escaping RandomBytes, building: Building
    ) async throws -> (writer: LogWriter, start: Start) {
        let key = keys.current
        guard key.verifierKey.name == ledger.identity.origin else {
            throw CaptureError.wrongKey(origin: ledger.identity.origin, key: key.verifierKey.name)
        }
        if let end = try await ledger.endLeaf() { throw CaptureError.ended(leaf: end.index) }
        guard let hash = try await ledger.head().configHash, let stored = try await ledger.config(hash) else {
            throw LedgerError.notALedger(file: ledger.directory + "/" + Ledger.fileName)
        }
        let writer = LogWriter(
            store: ledger, keys: keys, history: try await history(of: ledger), clock: clock, random: random,
            configuration: try LogConfiguration(stored))
        return (writer, try await writer.start(building: building))
    }

    private func start(building: Building) throws -> Start {
        try checkClock()
        try readLeafDates()
        signingRefusal = try compareWithCheckpoint()
        let sealedCount = try sealOpenIntervals()
        let gap = try boot()
        // Every open interval is sealed by now, so nothing waits.
        let changed = try changeConfiguration(to: building).isLogged
        try tell(gap, changed: changed)
        return Start(
            bootNumber: bootNumber, sealedIntervals: sealedCount, gap: gap, configChanged: changed,
            signingRefusal: signingRefusal)
    }

    private func checkClock() throws {
        let anchored = try ledger { try $0.lastAnchored()?.confirmation?.milestoneTimeS }
        let beacon = try ledger { try $0.lastBeacon()?.facts.milestoneTimeS }
        learn(milestoneMs: UInt64([anchored, beacon].compactMap { $0 }.max() ?? 0) * 1_000)
        try checkClock(nowMs: clock.wallMs(), milestoneMs: milestoneMs)
    }

    /// The latest date among the leaves since the last checkpoint: the clock may have been ahead when they were written.
    private func readLeafDates() throws {
        let size = try ledger { try $0.size() }
        let signed = min(try ledger { try $0.lastCheckpoint() }?.size ?? 0, size)
        for stored in try ledger({ try $0.leaves(signed..<size) }) {
            guard let leaf = try? Leaf.decode(stored.bytes) else { continue }  // told by compareWithCheckpoint
            leafMsMax = max(leafMsMax, leaf.wallMs)
        }
    }

    /// Intervals that still hold readings, and the empty ones between them, under the number of the boot that captured
    /// them.
    private func sealOpenIntervals() throws -> Int {
        let head = try head()
        guard let last = try ledger({ try $0.openIntervals() }).last else { return 0 }
        let first = try ledger { try $0.openIntervals() }.first ?? last
        let begin = head.lastCoveredK.map { $0 + 1 } ?? first
        guard begin <= last else { return 0 }
        let old = try ledger { try $0.boots(last: 1) }.first
        places.close(below: begin)
        var count = 0
        while openK <= last {
            let upTo = min(last, openK + Self.batchMax - 1)
            count += try seal(openK...upTo, as: (head.bootNumber, old?.lastMonoMs ?? 0)).count
        }
        return count
    }

    /// Lets the API's event stream know what the time without us was.
    private func tell(_ gap: StoredGap?, changed: Bool) throws {
        var events: [NewEvent] = []
        if let gap { events.append(.gap(gap.kFrom, gap.kTo + 1, cause: "not-running", periodMs: identity.periodMs)) }
        if changed { events.append(.change(revision: configuration.configuration.head.modelRevision)) }
        let told = events
        let nowMs = clock.wallMs()
        try ledger { _ = try $0.addEvents(told, nowMs: nowMs) }
    }

    private func boot() throws -> StoredGap? {
        let head = try head()
        let nowMs = clock.wallMs()
        let nowK = nowMs / identity.periodMs
        bootNumber = head.bootNumber + 1
        bootMonoMs = clock.monoMs()
        var gapLeaf: NewLeaf?
        var gap: StoredGap?
        var size = head.size
        var root = head.root
        if let covered = head.lastCoveredK, nowK > covered + 1 {
            let body = Leaf.Body.gap(Leaf.Gap(kFrom: covered + 1, kTo: nowK - 1, cause: Leaf.Gap.notRunning))
            let made = try leaf(body, k: nowK - 1, nowMs: nowMs)
            gapLeaf = made
            gap = StoredGap(leafIndex: size, kFrom: covered + 1, kTo: nowK - 1, cause: Leaf.Gap.notRunning)
            let before = size
            root = try ledger { try $0.root(appending: made.bytes, at: before) }
            size += 1
        }
        let body = Leaf.Body.boot(
            Leaf.Boot(reason: Leaf.Boot.restart, lastSize: size, lastRoot: root, clockStepMs: 0))
        let bootLeaf = try leaf(body, nowMs: nowMs)
        let number = bootNumber
        let before = gapLeaf
        _ = try ledger { try $0.appendBoot(bootLeaf, gap: before, number: number, monoMs: 0) }
        places.close(below: max(head.lastCoveredK.map { $0 + 1 } ?? 0, nowK))
        return gap
    }
}
