package import Profiles
import Readings
package import SourceYAML
package import TwinModel

/// Reads `building.yaml`: what the building is, which devices speak for it, and which of their points are its points.
///
/// The first mistake is thrown with file, line, column and the nearest known name. The same text and profiles always give the same building.
package enum BuildingFile {
    /// Points one building may have.
    package static let pointCountMax = 65_536

    /// `file` is only for messages.
    package static func load(
        text: String, file: String, profiles: ProfileLibrary
    ) throws(SourceError) -> Building {
        try load(try YAMLNode.parse(text, file: file), profiles: profiles)
    }

    static func load(_ root: YAMLNode, profiles: ProfileLibrary) throws(SourceError) -> Building {
        try root.allow(["building", "label", "timezone", "entities", "devices", "points"], in: "the building file")
        let id = try identifier(root.required("building"), what: "building")
        let zone = try root.required("timezone")
        let timeZone = try zone.string()
        guard ZoneRules.isLegalName(timeZone) else {
            throw zone.error("'\(timeZone)' is no time zone name", hint: "write a name such as Europe/Oslo")
        }
        let entities = try EntitySection.read(root.required("entities"))
        let devices = try DeviceSection.read(root["devices"], profiles: profiles)
        let points = try PointSection.read(root["points"], entities: Set(entities.map(\.id)), devices: devices)
        return Building(
            id: id, label: try root["label"]?.string(sizeBytesMax: labelSizeBytesMax) ?? id, timeZone: timeZone,
            entities: entities, devices: devices.values.map(\.device), points: points)
    }

    static let labelSizeBytesMax = 200

    static func identifier(_ node: YAMLNode, what: String) throws(SourceError) -> String {
        let text = try node.string()
        if let problem = identifierProblem(text, what: what) { throw node.error(problem, hint: identifierHint) }
        return text
    }

    static func checkKey(_ entry: YAMLEntry, what: String) throws(SourceError) {
        if let problem = identifierProblem(entry.key, what: what) { throw entry.error(problem, hint: identifierHint) }
    }

    static let identifierHint =
        "an id has 1 to \(Identifier.lengthMax) of a-z 0-9 - _ and begins with a letter or digit"

    private static func identifierProblem(_ text: String, what: String) -> String? {
        Identifier.isLegal(text) ? nil : "'\(text.prefix(80))' is no \(what) id"
    }
}
