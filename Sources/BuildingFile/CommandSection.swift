import Profiles
import Readings
import SourceYAML
import TwinModel

/// `command:` of a point: the building's own leave to write what the profile says can be written.
enum CommandSection {
    static let everyMs = WriteAccess.everyMsRange

    static func read(
        _ node: YAMLNode?, of id: String, _ source: ProfilePoint, profile: DeviceProfile, privacy: PrivacyClass
    ) throws(SourceError) -> CommandRule? {
        guard let node else { return nil }
        try node.allow(["min", "max", "every", "critical"], in: "command of point \(id)")
        guard let access = source.write else {
            let writable = profile.points.filter { $0.write != nil }.map(\.id)
            throw node.error(
                "point \(id) cannot be commanded: profile \(profile.id) has no 'write' for \(source.id)",
                hint: writable.isEmpty ? nil : "it has for: \(writable.joined(separator: ", "))")
        }
        guard privacy == .none else {
            throw node.error(
                "point \(id) cannot be commanded: it is of class '\(privacy.rawValue)'",
                hint: "a command stands in the log for everybody, so only points of class 'none' take one")
        }
        let (min, max) = try bounds(node, of: id, access)
        var everyMs = access.everyMsMin
        if let place = node["every"] {
            everyMs = try place.duration(Self.everyMs)
            guard everyMs >= access.everyMsMin else {
                throw place.error(
                    "profile \(profile.id) allows one write of \(source.id) in \(access.everyMsMin) ms, not more")
            }
        }
        return CommandRule(
            min: min, max: max, step: access.step, everyMs: everyMs, isCritical: try node["critical"]?.bool() ?? false,
            labels: source.labels.map { CommandRule.Label(value: $0.value, name: $0.name) })
    }

    /// The building's bounds, which lie inside the profile's; what is not said is the profile's.
    private static func bounds(
        _ node: YAMLNode, of id: String, _ access: WriteAccess
    ) throws(SourceError) -> (ExactDecimal?, ExactDecimal?) {
        guard let low = access.min, let high = access.max else {
            for key in ["min", "max"] {
                if let place = node[key] {
                    throw place.error("'\(key)' is for numbers without names, point \(id) is none")
                }
            }
            return (nil, nil)
        }
        let min = try bound(node["min"], within: low, high)
        let max = try bound(node["max"], within: low, high)
        if let min, let step = access.step, min.subtracting(low)?.nearestMultiple(of: step) != min.subtracting(low) {
            throw (node["min"] ?? node).error(
                "min \(min) is not \(low) plus whole steps of \(step), as the profile asks")
        }
        let (least, greatest) = (min ?? low, max ?? high)
        if greatest.isLess(than: least) { throw node.error("min \(least) is above max \(greatest)") }
        return (least, greatest)
    }

    private static func bound(
        _ node: YAMLNode?, within low: ExactDecimal, _ high: ExactDecimal
    ) throws(SourceError) -> ExactDecimal? {
        guard let node else { return nil }
        guard let value = ExactDecimal(text: try node.number()) else {
            throw node.expected("a number of at most 38 digits")
        }
        guard !value.isLess(than: low), !high.isLess(than: value) else {
            throw node.error("\(value) is outside what the profile allows, \(low) to \(high)")
        }
        return value
    }
}
