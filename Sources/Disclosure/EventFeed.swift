import LedgerStore
import Readings
import TwinModel

/// One thing an event stream says.
package enum FeedItem: Sendable {
    case hello(nowMs: Int64, timeZone: String, resumedFrom: UInt64?)
    /// A stored event; `json` is one document.
    case event(id: UInt64, kind: String, json: String)
    /// The newest reading of each point that has a new one. `id` lies between two stored events; `nil` when all ids
    /// there are used up: a client then resumes from the id before, which costs it a repeated reading at most.
    case readings(id: UInt64?, [ReadingView])
    case tick(nowMs: Int64)
    /// The client must fetch again, then go on.
    case reset(reason: String)
}

/// One client's event stream (api.md section 5), asked for its next items by whoever writes them.
///
/// Stored events come from the ledger, readings from the twin: they coalesce to the newest per point. At most one batch a second.
package actor EventFeed {
    package static let heartbeatMs: Int64 = 15_000
    package static let behindMs: Int64 = 5_000
    static let pollMs: Int64 = 1_000
    static let batchMax = 500
    /// A resumed stream tells again what was read so long before the last event its client saw, ms: a reading may have
    /// been on its way into the twin when the event was stored.
    static let resumeMarginMs: Int64 = 60_000

    private let facility: Facility
    private let grant: Grant
    private let points: Set<String>
    /// All that a bound grant may hear of; `nil` for the whole house.
    private let reached: Set<String>?
    private let kinds: Set<String>
    private let pause: @Sendable (Int64) async throws -> Void
    /// The last id that was sent or passed over.
    private var lastID: UInt64
    /// No stored event to come has an id below this.
    private var idsEnd: UInt64
    private let resumedFrom: UInt64?
    private var isTooOld: Bool
    private var hasGreeted = false
    private var shownAtMs: [String: Int64] = [:]
    private var handedAtMs: Int64?
    private var quietSinceMs: Int64 = 0
    private var disclosed: [String: Int] = [:]
    private var notedPoints: Set<String> = []
    private var notedAtMs: Int64 = 0

    init(
        facility: Facility, grant: Grant, points: [String], kinds: [String], since: UInt64?,
        pause: @escaping @Sendable (Int64) async throws -> Void
    ) async throws {
        self.facility = facility
        self.grant = grant
        self.points = Set(points)
        reached = await facility.reachedPoints(grant)
        self.kinds = Set(kinds)
        self.pause = pause
        let last = try await facility.reader.lastEventID()
        let oldest = UInt64(clamping: facility.nowMs - Int64(Ledger.eventLifeMs))
        let from = since.flatMap { $0 >= oldest && Self.isSent($0, last: last) ? $0 : nil }
        resumedFrom = from
        isTooOld = since != nil && from == nil
        lastID = from ?? last
        let seen = try await facility.reader.event(atOrBefore: lastID)
        idsEnd = Self.idsEnd(after: seen?.id ?? (lastID >= last ? last : 0))
        // What the client saw for certain: everything up to the last stored event it has, unless the clock went back since.
        let seenMs = seen.map { Int64(clamping: $0.atMs) }.flatMap {
            $0 <= facility.nowMs ? $0 - Self.resumeMarginMs : nil
        }
        for (id, state) in await facility.keeper.states() {
            let touchedMs = state.touchedAtMs ?? 0
            shownAtMs[id] = from == nil ? touchedMs : min(touchedMs, seenMs ?? 0)
        }
    }

    /// Whether an id can have been sent: none is above those that belong to the last stored event.
    private static func isSent(_ id: UInt64, last: UInt64) -> Bool { id <= last || id < idsEnd(after: last) }

    private static func idsEnd(after stored: UInt64) -> UInt64 {
        stored == 0 ? 0 : stored.addingReportingOverflow(Ledger.eventHeadroom).partialValue
    }

    /// The next items, after waiting for them; `nil` when the grant has ended.
    package func next() async throws -> [FeedItem]? {
        let now = facility.nowMs
        if !hasGreeted {
            hasGreeted = true
            quietSinceMs = now
            var items = [FeedItem.hello(nowMs: now, timeZone: facility.zone.name, resumedFrom: resumedFrom)]
            if isTooOld { items.append(.reset(reason: "too-old")) }
            return handed(items)
        }
        if let handedAtMs, now - handedAtMs > Self.behindMs {
            lastID = try await facility.reader.lastEventID()
            idsEnd = Self.idsEnd(after: lastID)
            for (id, state) in await facility.keeper.states() { shownAtMs[id] = state.touchedAtMs ?? 0 }
            return handed([.reset(reason: "behind")])
        }
        while true {
            try Task.checkCancellation()
            guard try await facility.isValid(grant) else { return nil }
            let items = try await collect()
            try await noteDisclosed()
            if !items.isEmpty { return handed(items) }
            if facility.nowMs - quietSinceMs >= Self.heartbeatMs {
                return handed([.tick(nowMs: facility.nowMs)])
            }
            try await pause(Self.pollMs)
        }
    }

    /// The one-second rule: a batch is followed by a pause before the next is collected.
    private func handed(_ items: [FeedItem]) -> [FeedItem] {
        handedAtMs = facility.nowMs
        quietSinceMs = facility.nowMs
        return items
    }

    private func collect() async throws -> [FeedItem] {
        if let handedAtMs {
            let wait = handedAtMs + Self.pollMs - facility.nowMs
            if wait > 0, wait <= Self.pollMs { try await pause(wait) }
        }
        var items: [FeedItem] = []
        let events = try await facility.reader.events(after: lastID, limit: Self.batchMax)
        // Readings go before the events: whoever has seen an event has seen what was read before it. While a client is
        // a whole batch behind, they wait.
        if events.count < Self.batchMax, kinds.isEmpty || kinds.contains("reading") {
            let readings = try await newReadings()
            if !readings.isEmpty { items.append(.readings(id: freeID(), readings)) }
        }
        for event in events {
            lastID = event.id
            idsEnd = Self.idsEnd(after: event.id)
            guard kinds.isEmpty || kinds.contains(event.kind), event.kind != "reading" else { continue }
            guard points.isEmpty || event.points.isEmpty || event.points.contains(where: { points.contains($0) }) else {
                continue
            }
            guard mayHear(event) else { continue }
            items.append(.event(id: event.id, kind: event.kind, json: event.json))
        }
        return items
    }

    /// A bound grant hears of its own points, and how the log as a whole gets on.
    private func mayHear(_ event: StoredEvent) -> Bool {
        guard let reached else { return true }
        if event.points.isEmpty { return ["seal", "anchor", "gap"].contains(event.kind) }
        return event.points.allSatisfy { reached.contains($0) }
    }

    /// The next id between the last stored event and the one to come.
    private func freeID() -> UInt64? {
        guard lastID + 1 < idsEnd else { return nil }
        lastID += 1
        return lastID
    }

    private func newReadings() async throws -> [ReadingView] {
        let states = await facility.keeper.states()
        let building = await facility.keeper.building
        var views: [ReadingView] = []
        for (id, state) in states where (points.isEmpty || points.contains(id)) && reached?.contains(id) ?? true {
            guard let touched = state.touchedAtMs, touched > shownAtMs[id] ?? 0, let point = building.point(id) else {
                continue
            }
            shownAtMs[id] = touched
            let reading = state.latest.flatMap { $0.capturedAtMs == touched ? $0 : nil }
            let number = await facility.keeper.number(of: id)
            guard
                let reading = reading
                    ?? number.map({ Reading(point: $0, capturedAtMs: touched, quality: state.quality, value: .none) })
            else { continue }
            if point.privacy != .none { disclosed[id, default: 0] += 1 }
            views.append(
                ReadingView(
                    point: point, reading: reading, value: ShownValue(reading.value, scale: point.scale),
                    k: facility.interval(of: touched), proof: .open))
        }
        return views.sorted { $0.point.id < $1.point.id }
    }

    /// Counts what this batch discloses before it leaves: the first time of each point at once, more of the same every
    /// heartbeat, so that a busy stream is not a write each second.
    private func noteDisclosed() async throws {
        guard
            disclosed.keys.contains(where: { !notedPoints.contains($0) })
                || facility.nowMs - notedAtMs >= Self.heartbeatMs
        else { return }
        let counts = disclosed
        disclosed = [:]
        notedAtMs = facility.nowMs
        notedPoints.formUnion(counts.keys)
        let building = await facility.keeper.building
        for (id, count) in counts {
            if let point = building.point(id) { try await facility.note(grant, point, what: "events", count: count) }
        }
    }
}

extension Facility {
    /// Kinds whose names are known; a stream may also ask for others, they simply never come.
    package static var eventKinds: [String] {
        ["reading", "quality", "seal", "anchor", "alarm", "command", "change", "gap", "access"]
    }

    /// One client's stream. Points must exist; `since` is the last id the client saw.
    package func events(
        points: [String], kinds: [String], since: UInt64?, grant: Grant,
        pause: @escaping @Sendable (Int64) async throws -> Void
    ) async throws -> EventFeed {
        let building = await keeper.building
        for id in points {
            guard let point = building.point(id), await reaches(grant, point) else {
                throw Refusal.noSuchResource(kind: "points", id: id)
            }
            try await note(grant, point, what: "events", count: 1)
        }
        return try await EventFeed(
            facility: self, grant: grant, points: points, kinds: kinds, since: since, pause: pause)
    }

    /// Whether the grant still holds: neither over nor taken back.
    package func isValid(_ grant: Grant) async throws -> Bool {
        guard grant.untilMs.map({ nowMs < $0 }) ?? true else { return false }
        return try await reader.tokens().first { $0.grant == grant.number }?.isValid(atMs: UInt64(clamping: nowMs))
            ?? false
    }
}
