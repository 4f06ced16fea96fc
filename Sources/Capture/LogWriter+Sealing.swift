internal import Hashing
package import LedgerStore
internal import LogEntries
internal import MerkleLog
internal import Readings

/// Sealing of intervals.
extension LogWriter {
    /// Intervals that are sealed in one transaction when many have waited.
    static let batchMax: UInt64 = 256

    /// Seals every interval that has ended `graceMs` ago and is not sealed yet, silent ones too. Nothing to seal is no
    /// error.
    @discardableResult
    package func sealDue(graceMs: UInt64 = 0) throws -> [Sealed] {
        let nowMs = clock.wallMs()
        let period = identity.periodMs
        guard nowMs >= graceMs else { return [] }
        let endK = min((nowMs - graceMs) / period, places.inHandK ?? UInt64.max)
        var sealed: [Sealed] = []
        while openK < endK {
            let last = min(endK - 1, openK + Self.batchMax - 1)
            sealed += try seal(openK...last)
        }
        return sealed
    }

    /// Covers the intervals up to `kTo` with one gap leaf, because nothing was captured in them.
    package func appendGap(to kTo: UInt64, cause: UInt64) throws {
        guard kTo >= openK else { return }
        let body = Leaf.Body.gap(Leaf.Gap(kFrom: openK, kTo: kTo, cause: cause))
        try closing { try ledger { [leaf = try leaf(body, k: kTo)] in _ = try $0.append(leaf) } }
        places.close(below: kTo + 1)
    }

    /// Writes down that the wall clock was stepped. After a step forward the intervals that were jumped over are a
    /// gap; after
    /// a step backward nothing is sealed until the clock has caught up, because interval numbers never fall.
    package func clockStepped(byMs step: Int64) throws {
        let nowK = clock.wallMs() / identity.periodMs
        if step > 0, nowK > openK { try skip(to: nowK, cause: Leaf.Gap.clock) }
        let head = try head()
        let body = Leaf.Body.boot(
            Leaf.Boot(reason: Leaf.Boot.clockStep, lastSize: head.size, lastRoot: head.root, clockStepMs: step))
        let number = bootNumber
        let mono = monoMs
        try ledger { [leaf = try leaf(body)] in _ = try $0.appendBoot(leaf, gap: nil, number: number, monoMs: mono) }
    }

    /// Begins again at interval `k`: what was captured before it is sealed, what was not is a gap.
    package func skip(to k: UInt64, cause: UInt64) throws {
        try sealHeld(below: k)
        if k > openK { try appendGap(to: k - 1, cause: cause) }
    }

    /// Seals the intervals before `k` that hold readings, and the silent ones between them.
    package func sealHeld(below k: UInt64) throws {
        guard let last = try ledger({ try $0.openIntervals() }).last(where: { $0 < k }) else { return }
        while openK <= last { try seal(openK...min(last, openK + Self.batchMax - 1)) }
    }

    /// Seals the intervals of `range`, which begins at the first open one, in one transaction.
    @discardableResult
    func seal(_ range: ClosedRange<UInt64>, as boot: (number: UInt64, monoMs: UInt64)? = nil) throws -> [Sealed] {
        var intervals: [IntervalSeal] = []
        for k in range {
            let access = k == range.upperBound ? try accessSeal(k: k, boot: boot) : nil
            intervals.append(try interval(k, boot: boot, access: access))
        }
        let ready = intervals
        let sealed = try closing { try ledger { try $0.seal(ready) } }
        places.close(below: range.upperBound + 1)
        return sealed
    }

    /// A disk may have done what it reports as failed: then the intervals are closed all the same, and the next round goes on
    /// behind them.
    private func closing<T>(_ write: () throws -> T) throws -> T {
        do { return try write() } catch {
            // A disk that cannot be read either is told by the error that is thrown.
            if let covered = try? ledger({ try $0.head().lastCoveredK }) { places.close(below: covered + 1) }
            throw error
        }
    }

    private func interval(
        _ k: UInt64, boot: (number: UInt64, monoMs: UInt64)?, access: AccessSeal?
    ) throws -> IntervalSeal {
        // Rows come out of the ledger by instant, then point: the order of a payload.
        var held = try ledger { try $0.openRows(k: k) }
        let strays = strays(in: held)
        var items: [IntervalItemRow] = []
        items.reserveCapacity(configuration.streams.count)
        var citations = PointTable<Citation>()
        var publicCount: UInt64 = 0
        for stream in configuration.streams {
            var mine = held.removeValue(forKey: stream) ?? []
            mine.removeAll { configuration.streamOf[$0.point] != stream }
            if let more = strays[stream] { mine = Self.inOrder(mine + more) }
            Self.cite(mine, stream, k, into: &citations)
            if configuration.publicStreams.contains(stream) { publicCount += UInt64(mine.count) }
            guard let payload = Payload.encode(inOrder: mine, k: k, periodMs: identity.periodMs) else {
                throw CaptureError.unreadable(what: "an open reading of interval \(k)")
            }
            let bytes = IntervalItem(
                stream: stream, k: k, salt: try Bytes16.random(random), payload: payload
            ).encoded()
            items.append(
                IntervalItemRow(k: k, stream: stream, item: StoredItem(hash: leafHash(bytes), bytes: bytes)))
        }
        let body = Leaf.Body.interval(
            Leaf.Interval(
                k: k, periodMs: identity.periodMs, itemCount: UInt64(items.count),
                innerRoot: MerkleTree.root(of: items.map(\.item.hash)), readingCount: publicCount,
                configHash: configuration.hash))
        return IntervalSeal(
            k: k, items: items, leaf: try leaf(body, k: k, of: boot),
            citations: citations.map(\.value), access: access,
            privateStreams: configuration.privateStreams)
    }

    /// Open readings that were written down without their stream, by the older program before an update, by stream.
    private func strays(in held: [StreamNumber: [Reading]]) -> [StreamNumber: [Reading]] {
        var strays: [StreamNumber: [Reading]] = [:]
        for unknown in Set(held.keys).subtracting(configuration.streams) {
            for reading in held[unknown] ?? [] {
                if let stream = configuration.streamOf[reading.point] { strays[stream, default: []].append(reading) }
            }
        }
        return strays
    }

    private static func inOrder(_ readings: [Reading]) -> [Reading] {
        readings.sorted { ($0.capturedAtMs, $0.point) < ($1.capturedAtMs, $1.point) }
    }

    /// Where the newest value of each point stands among the rows of an item.
    private static func cite(
        _ rows: [Reading], _ stream: StreamNumber, _ k: UInt64, into found: inout PointTable<Citation>
    ) {
        for (position, row) in rows.enumerated() where row.value != .none {
            found.set(row.point, to: Citation(point: row.point, stream: stream, k: k, position: UInt64(position)))
        }
    }

    /// The access leaf behind interval `k`, when a grant was used since the last one.
    private func accessSeal(k: UInt64, boot: (number: UInt64, monoMs: UInt64)?) throws -> AccessSeal? {
        let waiting = try ledger { try $0.waitingUses() }
        guard !waiting.uses.isEmpty else { return nil }
        let items = try accessItems(waiting.uses, k: k)
        let root = MerkleTree.root(of: items.map(\.hash))
        let body = Leaf.Body.access(Leaf.Access(k: k, itemCount: UInt64(items.count), innerRoot: root))
        return AccessSeal(
            leaf: try leaf(body, k: k, of: boot), items: items, upToUse: waiting.upTo)
    }

    /// A leaf of this boot, or of the one before it.
    private func leaf(_ body: Leaf.Body, k: UInt64, of boot: (number: UInt64, monoMs: UInt64)?) throws -> NewLeaf {
        guard let boot else { return try leaf(body, k: k) }
        return newLeaf(
            Leaf(wallMs: clock.wallMs(), bootNumber: boot.number, monoMs: boot.monoMs, body: body), k: k)
    }
}
