import Readings

/// One difference between two revisions of a building.
package struct ModelChange: Hashable, Sendable {
    package enum Kind: String, Sendable { case added, removed, changed }
    package enum Subject: String, Sendable { case building, device, entity, point }

    package struct Field: Hashable, Sendable {
        /// Name as in the building file: `unit`, `limits.max`, `metrology.serial`, `feeds`.
        package let name: String
        /// `nil`: there was none.
        package let from: String?
        /// `nil`: there is none any more.
        package let to: String?

        package init(name: String, from: String?, to: String?) {
            self.name = name
            self.from = from
            self.to = to
        }
    }

    package let kind: Kind
    package let subject: Subject
    package let id: String
    /// In order of name; for what was added or removed, all it had.
    package let fields: [Field]
}

extension Building {
    /// What became different on the way from an older revision to this one: building, devices, entities, points, each in order of id.
    package func changes(since old: Building) -> [ModelChange] {
        var changes: [ModelChange] = []
        if facts != old.facts || id != old.id {
            changes.append(ModelChange(kind: .changed, subject: .building, id: id, fields: fields(old.facts, facts)))
        }
        changes += compare(.device, old.devices.map { ($0.id, $0.facts) }, devices.map { ($0.id, $0.facts) })
        changes += compare(.entity, old.entities.map { ($0.id, $0.facts) }, entities.map { ($0.id, $0.facts) })
        changes += compare(.point, old.points.map { ($0.id, $0.facts) }, points.map { ($0.id, $0.facts) })
        return changes
    }

    private var facts: [String: String] { ["id": id, "label": label, "timezone": timeZone] }

    private func compare(
        _ subject: ModelChange.Subject, _ old: [(String, [String: String])], _ new: [(String, [String: String])]
    ) -> [ModelChange] {
        let before = Dictionary(old, uniquingKeysWith: { first, _ in first })
        let after = Dictionary(new, uniquingKeysWith: { first, _ in first })
        var changes: [ModelChange] = []
        for id in Set(before.keys).union(after.keys).sorted() {
            let kind: ModelChange.Kind = before[id] == nil ? .added : after[id] == nil ? .removed : .changed
            if kind == .changed, before[id] == after[id] { continue }
            changes.append(
                ModelChange(kind: kind, subject: subject, id: id, fields: fields(before[id] ?? [:], after[id] ?? [:])))
        }
        return changes
    }

    private func fields(_ old: [String: String], _ new: [String: String]) -> [ModelChange.Field] {
        Set(old.keys).union(new.keys).sorted().compactMap { name in
            old[name] == new[name] ? nil : ModelChange.Field(name: name, from: old[name], to: new[name])
        }
    }
}

extension Device {
    fileprivate var facts: [String: String] {
        var facts = ["profile": profile, "profileHash": hex(profileHash), "address": address.text]
        facts["timeout"] = patience.timeoutMs.map { "\($0)ms" }
        facts["gap"] = patience.gapMs.map { "\($0)ms" }
        return facts
    }
}

extension Entity {
    fileprivate var facts: [String: String] {
        var facts = ["type": type, "label": label]
        for kind in RelationKind.allCases {
            let targets = targets(kind)
            if !targets.isEmpty { facts[kind.rawValue] = targets.joined(separator: " ") }
        }
        for annotation in annotations {
            for field in annotation.fields { facts[annotation.name + "." + field.name] = field.value }
        }
        return facts
    }
}

extension Point {
    fileprivate var facts: [String: String] {
        var facts = [
            "type": type, "nature": nature.rawValue, "privacy": privacy.rawValue, "stream": stream,
            "from": binding.device + "#" + binding.profilePoint, "profile": binding.profile,
            "profileHash": hex(binding.profileHash), "aggregate": aggregate.rawValue, "kind": String(kind.rawValue),
        ]
        facts["unit"] = unit
        facts["flow"] = flow?.rawValue
        facts["tenant"] = tenant
        facts["limits.min"] = limits.min?.description
        facts["limits.max"] = limits.max?.description
        facts["expectedSeconds"] = expectedSeconds.map { String($0) }
        facts["report.band"] = report?.band?.text
        facts["report.min"] = report.map { "\($0.minMs)ms" }
        facts["report.max"] = report.map { "\($0.maxMs)ms" }
        facts["every"] = pollSeconds.map { "\($0)s" }
        facts["scale"] = scale == .identity ? nil : "\(scale.mantissa)e\(scale.exponent)"
        facts["offset"] = scale.offsetMantissa == 0 ? nil : "\(scale.offsetMantissa)e\(scale.offsetExponent)"
        if let command {
            facts["command.min"] = command.min?.description
            facts["command.max"] = command.max?.description
            facts["command.step"] = command.step?.description
            facts["command.everyMs"] = String(command.everyMs)
            facts["command.critical"] = command.isCritical ? "true" : "false"
            if !command.labels.isEmpty {
                facts["command.labels"] = command.labels.map { "\($0.value)=\($0.name)" }.joined(separator: " ")
            }
        }
        return facts
    }
}

extension DeviceAddress {
    /// As in the building file: `tcp://10.0.0.20:502 unit 1`.
    package var text: String {
        switch self {
        case .modbus(let host, let port, let unit): "tcp://\(inAddress(host)):\(port) unit \(unit)"
        case .rtuOverTCP(let host, let port, let unit): "rtutcp://\(inAddress(host)):\(port) unit \(unit)"
        case .serial(let path, let baud, let mode, let unit): "\(path) \(baud) \(mode) unit \(unit)"
        case .mqtt(let root): "mqtt \(root)"
        }
    }

    /// An IPv6 host stands in brackets.
    private func inAddress(_ host: String) -> String { host.utf8.contains(UInt8(ascii: ":")) ? "[\(host)]" : host }
}

private func hex(_ bytes: [UInt8]) -> String {
    bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
}
