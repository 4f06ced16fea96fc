import Readings
import TwinModel

/// What a grant that is bound to streams may know of. Everything else is answered as if it were not there.
extension Facility {
    /// Whether the grant reaches a stream; a stream without a number is nobody's.
    func reaches(_ grant: Grant, _ stream: StreamNumber?) -> Bool {
        guard let bound = grant.streams else { return true }
        return stream.map { bound.contains($0) } ?? false
    }

    func reaches(_ grant: Grant, _ point: Point) async -> Bool {
        if grant.streams == nil { return true }
        return reaches(grant, await keeper.numbering.streams[point.stream])
    }

    /// The point and its number, or the refusal that says there is none.
    func known(_ id: String, _ grant: Grant) async throws -> (point: Point, number: PointNumber) {
        let building = await keeper.building
        guard let point = building.point(id), let number = await keeper.numbering.points[id],
            await reaches(grant, point)
        else { throw Refusal.noSuchResource(kind: "points", id: id) }
        return (point, number)
    }

    /// Refuses a command of a point that the grant does not reach, as if there were none.
    package func mayCommand(_ point: String, grant: Grant) async throws {
        if grant.streams != nil { _ = try await known(point, grant) }
    }

    /// Ids of the points that the grant reaches; `nil` for all.
    func reachedPoints(_ grant: Grant) async -> Set<String>? {
        guard grant.streams != nil else { return nil }
        let numbers = await keeper.numbering.streams
        return Set(await keeper.building.points.filter { reaches(grant, numbers[$0.stream]) }.map(\.id))
    }

    /// The entities that have such a point, and what these are parts of or stand at; `nil` for all.
    func reachedEntities(_ grant: Grant) async -> Set<String>? {
        guard let points = await reachedPoints(grant) else { return nil }
        let building = await keeper.building
        var reached: Set<String> = []
        for point in building.points where points.contains(point.id) {
            var next = [point.entity]
            while let id = next.popLast() {
                guard reached.insert(id).inserted, let entity = building.entity(id) else { continue }
                next += entity.relations.filter { $0.kind == .in || $0.kind == .at }.map(\.target)
            }
        }
        return reached
    }
}
