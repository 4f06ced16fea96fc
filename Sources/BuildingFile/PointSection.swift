import Hashing
import Profiles
import Readings
import SourceYAML
import TwinModel

/// `points:` of a building file.
enum PointSection {
    static func read(
        _ node: YAMLNode?, entities: Set<String>, devices: [String: DeviceSection.Found]
    ) throws(SourceError) -> [Point] {
        let entries = try node?.entries() ?? []
        if let node, entries.count > BuildingFile.pointCountMax {
            throw node.error("\(entries.count) points; a building has at most \(BuildingFile.pointCountMax)")
        }
        var points: [Point] = []
        var streams: [String: Point] = [:]
        for entry in entries {
            let point = try point(entry, entities: entities, devices: devices)
            if let first = streams[point.stream], first.privacy != point.privacy || first.tenant != point.tenant {
                throw (entry.value["stream"] ?? entry.value).error(
                    "stream '\(point.stream)' holds \(first.id) of another privacy class or tenant",
                    hint: "points of one stream are disclosed and erased together")
            }
            if streams[point.stream] == nil { streams[point.stream] = point }
            points.append(point)
        }
        return points
    }

    private static func point(
        _ entry: YAMLEntry, entities: Set<String>, devices: [String: DeviceSection.Found]
    ) throws(SourceError) -> Point {
        guard let (entity, _) = Identifier.splitPoint(entry.key) else {
            throw entry.error(
                "'\(entry.key.prefix(80))' is no point id", hint: "write ENTITY.NAME; \(BuildingFile.identifierHint)")
        }
        guard entities.contains(entity) else {
            throw entry.error(
                "point \(entry.key) belongs to the unknown entity '\(entity)'", hint: didYouMean(entity, in: entities))
        }
        let node = entry.value
        try node.allow(
            [
                "type", "unit", "nature", "flow", "privacy", "tenant", "limits", "from", "every", "stream", "aggregate",
                "report", "command",
            ],
            in: "point \(entry.key)")
        let (device, source) = try binding(node.required("from"), devices: devices)
        let nature = try node["nature"]?.choice(Nature.self) ?? source.nature
        let isQuiet = nature == .event || nature == .session
        let every = try node["every"].map { node throws(SourceError) in try DeviceSection.seconds(node) }
        let report = try ReportSection.read(node["report"], of: entry.key, nature: nature, kind: source.kind)
        let expected = isQuiet ? every : every ?? device.everySeconds
        let privacy = try privacy(node, source)
        return Point(
            id: entry.key, entity: entity, type: try type(node, source), unit: try unit(node, source, of: entry.key),
            nature: nature,
            flow: try node["flow"]?.choice(Flow.self) ?? source.flow.flatMap(Flow.init(rawValue:)),
            privacy: privacy,
            tenant: try node["tenant"].map { node throws(SourceError) in
                try BuildingFile.identifier(node, what: "tenant")
            },
            limits: try limits(node["limits"]),
            binding: Binding(
                device: device.device.id, profilePoint: source.id, profile: device.profile.id,
                profileHash: device.device.profileHash),
            expectedSeconds: report.map { max(expected ?? 0, UInt32(clamping: $0.maxMs / 1_000)) } ?? expected,
            kind: source.kind, scale: source.scale,
            stream: try node["stream"].map { node throws(SourceError) in
                try BuildingFile.identifier(node, what: "stream")
            },
            aggregate: try node["aggregate"]?.choice(Aggregate.self), report: report,
            pollSeconds: report == nil ? nil : expected,
            command: try CommandSection.read(
                node["command"], of: entry.key, source, profile: device.profile, privacy: privacy))
    }

    /// `DEVICE#PROFILE.POINT`.
    private static func binding(
        _ node: YAMLNode, devices: [String: DeviceSection.Found]
    ) throws(SourceError) -> (DeviceSection.Found, ProfilePoint) {
        let text = try node.string()
        let parts = text.split(separator: "#", omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 2 else {
            throw node.error("'\(text.prefix(80))' names no point of a device", hint: "write DEVICE#POINT")
        }
        guard let device = devices[parts[0]] else {
            throw node.error("unknown device '\(parts[0].prefix(80))'", hint: didYouMean(parts[0], in: devices.keys))
        }
        guard let point = device.profile.point(parts[1]) else {
            throw node.error(
                "profile \(device.profile.id) has no point '\(parts[1].prefix(80))'",
                hint: didYouMean(parts[1], in: device.profile.points.map(\.id)))
        }
        return (device, point)
    }

    private static func type(_ node: YAMLNode, _ source: ProfilePoint) throws(SourceError) -> String {
        let place = node["type"]
        let type = try place?.string() ?? source.brick
        guard TypeTable.kind(of: type) == .point else {
            throw EntitySection.unknownType(type, at: place ?? node, kinds: [.point], noun: "a point")
        }
        return type
    }

    /// The unit is the profile's; a file that repeats it must repeat it right, because the scale belongs to it.
    private static func unit(_ node: YAMLNode, _ source: ProfilePoint, of id: String) throws(SourceError) -> String? {
        guard let place = node["unit"] else {
            if let unit = source.unit, Unit(ucum: unit) == nil {
                throw (node["from"] ?? node).error(
                    "point \(id) has the unknown unit '\(unit.prefix(40))' by its profile",
                    hint: NearestName.find(unit, in: Unit.known.map(\.ucum)).map { "did you mean '\($0)'?" })
            }
            return source.unit
        }
        let text = try place.string()
        guard Unit(ucum: text) != nil else {
            throw place.error(
                "unknown unit '\(text.prefix(40))'",
                hint: NearestName.find(text, in: Unit.known.map(\.ucum)).map { "did you mean '\($0)'?" })
        }
        guard text == source.unit else {
            throw place.error("point \(id) is in '\(source.unit ?? "no unit")' by its profile, not in '\(text)'")
        }
        return text
    }

    private static func privacy(_ node: YAMLNode, _ source: ProfilePoint) throws(SourceError) -> PrivacyClass {
        guard let place = node["privacy"] else {
            guard source.privacy != .direct else {
                throw node.error(
                    "\(source.id) tells about single persons",
                    hint: "write 'privacy: direct' to ask for it, or leave the point out")
            }
            return source.privacy
        }
        let privacy = try place.choice(PrivacyClass.self)
        guard strength(privacy) >= strength(source.privacy) else {
            throw place.error("\(source.id) is at least of class '\(source.privacy.rawValue)' by its profile")
        }
        return privacy
    }

    private static func strength(_ privacy: PrivacyClass) -> Int { PrivacyClass.allCases.firstIndex(of: privacy) ?? 0 }

    private static func limits(_ node: YAMLNode?) throws(SourceError) -> Limits {
        guard let node else { return .none }
        try node.allow(["min", "max"], in: "limits")
        let bounds = Limits(min: try decimal(node["min"]), max: try decimal(node["max"]))
        if let min = bounds.min, let max = bounds.max, max.isLess(than: min) { throw node.error("min is above max") }
        return bounds
    }

    private static func decimal(_ node: YAMLNode?) throws(SourceError) -> ExactDecimal? {
        guard let node else { return nil }
        guard let value = ExactDecimal(text: try node.number()) else {
            throw node.expected("a number of at most 38 digits")
        }
        return value
    }
}
