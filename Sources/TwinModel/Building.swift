/// What a building is and how it speaks: entities, points and the devices they are read from. One value, one revision.
///
/// Everything is kept in rising order of id, so that equal buildings have equal canonical bytes.
/// Numbers of points and streams are not here: the ledger assigns them once and stores them (`Numbering`).
package struct Building: Hashable, Sendable {
    /// Also the namespace: `urn:building:ID#`.
    package let id: String
    package let label: String
    /// IANA name, such as `Europe/Oslo`.
    package let timeZone: String
    package let entities: [Entity]
    package let devices: [Device]
    package let points: [Point]

    package init(id: String, label: String, timeZone: String, entities: [Entity], devices: [Device], points: [Point]) {
        self.id = id
        self.label = label
        self.timeZone = timeZone
        self.entities = Self.inOrder(entities, of: \.id)
        self.devices = Self.inOrder(devices, of: \.id)
        self.points = Self.inOrder(points, of: \.id)
    }

    /// With no more room than is needed: sorting what was appended to would keep the room of twice as many.
    private static func inOrder<Value>(_ values: [Value], of id: (Value) -> String) -> [Value] {
        var ordered: [Value] = []
        ordered.reserveCapacity(values.count)
        ordered.append(contentsOf: values)
        ordered.sort { id($0) < id($1) }
        return ordered
    }

    package func entity(_ id: String) -> Entity? { Self.find(id, in: entities, by: \.id) }
    package func device(_ id: String) -> Device? { Self.find(id, in: devices, by: \.id) }
    package func point(_ id: String) -> Point? { Self.find(id, in: points, by: \.id) }

    /// The points of one entity, in order of id.
    package func points(of entity: String) -> [Point] { points.filter { $0.entity == entity } }

    /// The streams that follow from the points, in order of name; every point stands in exactly one.
    package var streams: [PointStream] {
        Dictionary(grouping: points, by: \.stream).sorted { $0.key < $1.key }.compactMap { name, members in
            guard let first = members.first else { return nil }
            return PointStream(
                name: name, privacy: first.privacy, tenant: first.tenant, points: members.map(\.id).sorted())
        }
    }

    private static func find<Value>(_ id: String, in values: [Value], by key: KeyPath<Value, String>) -> Value? {
        var low = 0
        var high = values.count
        while low < high {
            let middle = (low + high) / 2
            if values[middle][keyPath: key] < id { low = middle + 1 } else { high = middle }
        }
        return low < values.count && values[low][keyPath: key] == id ? values[low] : nil
    }
}

/// What an id may be: it becomes part of paths, topics and file names.
package enum Identifier {
    package static let lengthMax = 63

    /// Lower-case letter or digit first, then `a-z 0-9 - _`; 1 to 63 bytes.
    package static func isLegal(_ text: String) -> Bool {
        guard let first = text.utf8.first, text.utf8.count <= lengthMax, isLetterOrDigit(first) else { return false }
        return text.utf8.allSatisfy { isLetterOrDigit($0) || $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: "_") }
    }

    /// `ENTITY.NAME`, both legal ids.
    package static func splitPoint(_ text: String) -> (entity: String, name: String)? {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 2, isLegal(String(parts[0])), isLegal(String(parts[1])) else { return nil }
        return (String(parts[0]), String(parts[1]))
    }

    private static func isLetterOrDigit(_ byte: UInt8) -> Bool {
        (byte >= 0x61 && byte <= 0x7A) || (byte >= 0x30 && byte <= 0x39)
    }
}
