internal import LedgerStore
package import LogEntries
package import TwinModel

/// A building that is to be put in force, and who waits for it.
struct BuildingChange {
    let building: Building
    var actor = Bytes16.zero
    var waiting: CheckedContinuation<Bool, any Error>?

    func refuse(_ why: any Error) { waiting?.resume(throwing: why) }
}

/// A changed building.
extension CaptureFlow {
    /// Puts a changed building in force in the next round.
    package func change(to building: Building) {
        change?.refuse(CaptureError.changeUnderWay)
        change = BuildingChange(building: building)
    }

    /// Puts a changed building in force in the next round and returns when it is, or throws when that round could not.
    ///
    /// - Parameter actor: who asked for it; stands in the configuration leaf.
    /// - Returns: whether the log has a new configuration.
    package func putInForce(_ building: Building, actor: Bytes16 = .zero) async throws -> Bool {
        guard !hasEnded else { throw CancellationError() }
        guard change == nil else { throw CaptureError.changeUnderWay }
        return try await withCheckedThrowingContinuation { waiting in
            change = BuildingChange(building: building, actor: actor, waiting: waiting)
        }
    }

    /// Whether a building waits for the next round.
    package var isChanging: Bool { change != nil }

    func changeBuilding() async throws {
        guard let asked = change else { return }
        let building = asked.building
        let isNew: Bool
        do {
            isNew = try await writer.changeConfiguration(to: building, actor: asked.actor)
        } catch let error where asked.waiting != nil && !(error is LedgerError) {
            // A building that cannot be logged is the asker's mistake, not the end of the flow.
            change = nil
            return asked.refuse(error)
        }
        change = nil
        if isNew {
            let numbering = try await writer.store.numbering()
            await keeper.replace(
                building: building, numbering: numbering, nowMs: Int64(clamping: clock.wallMs()))
            intake.setSources(building.sources(numbering))
            events.append(.change(revision: await writer.configuration.configuration.head.modelRevision))
        }
        asked.waiting?.resume(returning: isNew)
    }

    func end() {
        hasEnded = true
        change?.refuse(CancellationError())
        change = nil
    }

    /// Whoever waits learns that this round could not; without anybody waiting the next round tries again.
    func refuseWaitingChange(_ why: any Error) {
        guard let waiting = change, waiting.waiting != nil else { return }
        waiting.refuse(why)
        change = nil
    }
}
