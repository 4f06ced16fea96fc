import LedgerStore
package import Readings
package import TwinModel

/// One entity with the points that hang on it.
package struct EntityView: Hashable, Sendable {
    package let entity: Entity
    package let points: [String]
}

/// One point with its number and its state now.
package struct PointView: Hashable, Sendable {
    package let point: Point
    package let number: PointNumber?
    package let state: PointState?

    /// How far the point can be relied on now.
    package var quality: Quality { state?.quality ?? .offline }
    package var value: ShownValue { state?.latest.map { ShownValue($0.value, scale: point.scale) } ?? .none }
}

/// Which points a list asks for; what is empty does not restrict.
package struct PointFilter: Hashable, Sendable {
    package var entities: [String] = []
    package var types: [String] = []
    package var qualities: [Quality] = []
    package var streams: [StreamNumber] = []
    package var natures: [Nature] = []
    package var privacies: [PrivacyClass] = []
    package var tenants: [String] = []
    package var units: [String] = []
    package var devices: [String] = []

    package init() {}
}

extension Facility {
    /// Entities of these types (all when empty), by id.
    package func entities(types: [String] = [], grant: Grant) async -> [EntityView] {
        let building = await keeper.building
        let points = Dictionary(grouping: building.points, by: \.entity)
        let (reached, shown) = (await reachedEntities(grant), await reachedPoints(grant))
        return building.entities.filter { types.isEmpty || types.contains($0.type) }
            .filter { reached?.contains($0.id) ?? true }
            .map { entity in
                let ids = (points[entity.id] ?? []).map(\.id)
                return EntityView(entity: entity, points: ids.filter { shown?.contains($0) ?? true })
            }
    }

    package func entity(_ id: String, grant: Grant) async throws(Refusal) -> EntityView {
        let building = await keeper.building
        guard let entity = building.entity(id), await reachedEntities(grant)?.contains(id) ?? true else {
            throw .noSuchResource(kind: "entities", id: id)
        }
        let shown = await reachedPoints(grant)
        return EntityView(
            entity: entity, points: building.points(of: id).map(\.id).filter { shown?.contains($0) ?? true })
    }

    /// Points with their states, by id. What the filter names must exist: a misspelt entity is refused, not an empty list.
    package func points(_ filter: PointFilter, grant: Grant) async throws -> [PointView] {
        let building = await keeper.building
        let numbering = await keeper.numbering
        let reached = await reachedEntities(grant)
        for id in filter.entities where building.entity(id) == nil || reached?.contains(id) == false {
            throw Refusal.notTaken(parameter: "entity", expected: "the id of an entity of this building")
        }
        let states = await keeper.states()
        var found: [PointView] = []
        for point in building.points where reaches(grant, numbering.streams[point.stream]) {
            let view = PointView(point: point, number: numbering.points[point.id], state: states[point.id])
            guard matches(view, filter, numbering) else { continue }
            found.append(view)
        }
        return found
    }

    private func matches(_ view: PointView, _ filter: PointFilter, _ numbering: Numbering) -> Bool {
        func passes<Value: Equatable>(_ wanted: [Value], _ value: Value?) -> Bool {
            wanted.isEmpty || value.map { wanted.contains($0) } ?? false
        }
        let point = view.point
        return passes(filter.entities, point.entity) && passes(filter.types, point.type)
            && passes(filter.qualities, view.quality) && passes(filter.streams, numbering.streams[point.stream])
            && passes(filter.natures, point.nature) && passes(filter.privacies, point.privacy)
            && passes(filter.tenants, point.tenant) && passes(filter.units, point.unit)
            && passes(filter.devices, point.binding.device)
    }

    /// Counts the values of a page of points that was given out.
    package func noteShown(_ views: [PointView], grant: Grant) async throws {
        for view in views where view.state?.latest != nil {
            try await note(grant, view.point, what: "current", count: 1)
        }
    }

    package struct CurrentPoint: Sendable {
        package let view: PointView
        /// `nil` when nothing was ever read.
        package let proof: ProofState?
        package let stream: StreamNumber?
        package let revision: Int
    }

    package func point(_ id: String, grant: Grant) async throws -> CurrentPoint {
        let (point, number) = try await known(id, grant)
        let state = await keeper.state(of: id)
        var proof: ProofState?
        if let latest = state?.latest { proof = try await proofLine().state(k: interval(of: latest.capturedAtMs)) }
        try await note(grant, point, what: "current", count: state?.latest == nil ? 0 : 1)
        return CurrentPoint(
            view: PointView(point: point, number: number, state: state), proof: proof,
            stream: await keeper.numbering.streams[point.stream], revision: try await modelRevision())
    }

    /// Number of the interval an instant lies in; 0 before 1970.
    func interval(of ms: Int64) -> UInt64 { UInt64(clamping: ms) / reader.identity.periodMs }
}
