internal import LedgerStore
package import LogEntries
internal import Readings
package import TwinModel

/// A building that is to be put in force, and who waits for it.
struct BuildingChange {
    let building: Building
    var actor = Bytes16.zero
    /// The interval it begins with, when it must wait for the end of the running one.
    var fromK: UInt64?
    /// Told once when it must wait: the instant from which it will be in force, UTC ms, and the ids of the points because of which.
    var onWait: (@Sendable (_ fromMs: Int64, _ points: [String]) async -> Void)?
    var waiting: CheckedContinuation<Bool, any Error>?

    func refuse(_ why: any Error) { waiting?.resume(throwing: why) }
}

/// Points whose old meaning must not be taken for the new one.
struct WithheldPoints {
    let points: Set<PointNumber>
    /// Earlier intervals still take their readings.
    let fromK: UInt64
}

/// A changed building.
extension CaptureFlow {
    /// Puts a changed building in force in the next round, or at the end of the running interval when it changes what a point means
    /// that has spoken in it. The field is taken to have changed already.
    package func change(to building: Building) {
        change?.refuse(CaptureError.changeUnderWay)
        change = BuildingChange(building: building)
    }

    /// Puts a changed building in force in the next round and returns when it is, or throws when that round could not.
    ///
    /// A building in which a point is gone or means something else, and which has spoken in the running interval, is put in force
    /// when that interval is sealed: an interval says one thing about a point. What the point's old connection still delivers from
    /// that interval's end on is not taken, until `fieldHasChanged` says that nothing old comes any more.
    ///
    /// - Parameters:
    ///   - actor: who asked for it; stands in the configuration leaf.
    ///   - onWait: told once when it must wait.
    /// - Returns: whether the log has a new configuration.
    package func putInForce(
        _ building: Building, actor: Bytes16 = .zero,
        onWait: (@Sendable (_ fromMs: Int64, _ points: [String]) async -> Void)? = nil
    ) async throws -> Bool {
        guard !hasEnded else { throw CancellationError() }
        guard change == nil else { throw CaptureError.changeUnderWay }
        return try await withCheckedThrowingContinuation { waiting in
            change = BuildingChange(building: building, actor: actor, onWait: onWait, waiting: waiting)
        }
    }

    /// Every connection that still read by the old building has ended: what it left is thrown away, and the points that mean
    /// something else now are taken again.
    package func fieldHasChanged() {
        guard let withheld, change == nil else { return }
        counts.superseded += UInt64(intake.remove(withheld.points))
        self.withheld = nil
    }

    /// Whether a building waits for the next round or the end of an interval.
    package var isChanging: Bool { change != nil }

    func changeBuilding() async throws {
        guard let asked = change else { return }
        if let fromK = asked.fromK, writer.openK < fromK { return }
        let building = asked.building
        let came: LogWriter.Change
        do {
            let rebound = await keeper.building.points(reboundIn: building, keeper.numbering)
            came = try await writer.changeConfiguration(to: building, actor: asked.actor, rebound: rebound)
        } catch let error where asked.waiting != nil && !(error is LedgerError) {
            // A building that cannot be logged is the asker's mistake, not the end of the flow.
            change = nil
            withheld = nil
            return asked.refuse(error)
        }
        switch came {
        case .waits(let fromK, let points):
            withheld = WithheldPoints(points: points, fromK: fromK)
            change?.fromK = fromK
            change?.onWait = nil
            let ids = await keeper.ids
            let fromMs = Int64(clamping: fromK * writer.identity.periodMs)
            await asked.onWait?(fromMs, points.compactMap { ids[$0] }.sorted())
            return
        case .same: withheld = nil
        case .done(let points):
            // Without anybody waiting nobody would say that the field has changed.
            withheld = points.isEmpty || asked.waiting == nil ? nil : WithheldPoints(points: points, fromK: 0)
            let numbering = try await writer.store.numbering()
            await keeper.replace(
                building: building, numbering: numbering, nowMs: Int64(clamping: clock.wallMs()))
            intake.setSources(building.sources(numbering))
            events.append(.change(revision: await writer.configuration.configuration.head.modelRevision))
        }
        change = nil
        asked.waiting?.resume(returning: came.isLogged)
    }

    func end() {
        hasEnded = true
        change?.refuse(CancellationError())
        change = nil
    }

    /// Whoever waits learns that this round could not; without anybody waiting, or when the change was told to come with an
    /// interval's end, the next round tries again.
    func refuseWaitingChange(_ why: any Error) {
        guard let waiting = change, waiting.waiting != nil, waiting.fromK == nil else { return }
        waiting.refuse(why)
        change = nil
    }
}

extension Building {
    /// Numbers of points that `later` reads from another device or place.
    fileprivate func points(reboundIn later: Building, _ numbering: Numbering) -> Set<PointNumber> {
        Set(
            points.lazy.filter { point in later.point(point.id).map { $0.binding != point.binding } ?? false }
                .compactMap { numbering.points[$0.id] })
    }
}
