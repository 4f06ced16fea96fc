import CanonicalCBOR
package import Hashing
import MerkleLog
package import Readings

/// First item of a configuration: `[3, 0, [building id, time zone, period_ms, model revision, model hash]]`.
package struct ConfigHead: Hashable, Sendable {
    package let buildingID: String
    package let timeZone: String
    package let periodMs: UInt64
    package let modelRevision: UInt64
    package let modelHash: Hash

    package init(buildingID: String, timeZone: String, periodMs: UInt64, modelRevision: UInt64, modelHash: Hash) {
        self.buildingID = buildingID
        self.timeZone = timeZone
        self.periodMs = periodMs
        self.modelRevision = modelRevision
        self.modelHash = modelHash
    }

    package func encoded() -> [UInt8] {
        CBOR.array([
            .unsigned(3), .unsigned(0),
            .array([
                .text(buildingID), .text(timeZone), .unsigned(periodMs), .unsigned(modelRevision), .hash(modelHash),
            ]),
        ]).encoded()
    }

    package static func decode(_ bytes: [UInt8]) throws(ItemError) -> ConfigHead {
        try decodeItem(bytes) { fields throws(Fields.Mismatch) in
            try fields.constant(3)
            try fields.constant(0)
            return try fields.nested { fields throws(Fields.Mismatch) in
                ConfigHead(
                    buildingID: try fields.text(), timeZone: try fields.text(), periodMs: try fields.unsigned(),
                    modelRevision: try fields.unsigned(), modelHash: try fields.hash())
            }
        }
    }
}

/// One stream of a configuration: `[3, stream, salt16, class, rows]`, in the order in which items stand in intervals.
package struct ConfigStream: Hashable, Sendable {
    package let stream: StreamNumber
    package let salt: Bytes16
    /// Privacy class; a class this version does not know stays readable.
    package let className: String
    package let rows: [ConfigRow]

    package var privacyClass: PrivacyClass? { PrivacyClass(rawValue: className) }

    package init(stream: StreamNumber, salt: Bytes16, className: String, rows: [ConfigRow]) {
        self.stream = stream
        self.salt = salt
        self.className = className
        self.rows = rows
    }

    package init(stream: StreamNumber, salt: Bytes16, privacyClass: PrivacyClass, rows: [ConfigRow]) {
        self.init(stream: stream, salt: salt, className: privacyClass.rawValue, rows: rows)
    }

    package func encoded() -> [UInt8] {
        CBOR.array([
            .unsigned(3), .stream(stream), .bytes(salt.bytes), .text(className), .array(rows.map(\.element)),
        ]).encoded()
    }

    package static func decode(_ bytes: [UInt8]) throws(ItemError) -> ConfigStream {
        try decodeItem(bytes) { fields throws(Fields.Mismatch) in
            try fields.constant(3)
            return ConfigStream(
                stream: try fields.stream(), salt: try fields.bytes16(), className: try fields.text(),
                rows: try fields.list(ConfigRow.read))
        }
    }
}

/// What one point is: how its raw values become engineering values, and which device and profile it comes from.
package struct ConfigRow: Hashable, Sendable {
    package let point: PointNumber
    package let id: String
    /// UCUM.
    package let unit: String
    package let kind: ValueKind
    package let scale: Scale
    package let nature: String
    package let deviceID: String
    package let profileID: String
    package let profileHash: Hash

    package init(
        point: PointNumber, id: String, unit: String, kind: ValueKind, scale: Scale, nature: String, deviceID: String,
        profileID: String, profileHash: Hash
    ) {
        self.point = point
        self.id = id
        self.unit = unit
        self.kind = kind
        self.scale = scale
        self.nature = nature
        self.deviceID = deviceID
        self.profileID = profileID
        self.profileHash = profileHash
    }

    fileprivate var element: CBOR {
        .array([
            .point(point), .text(id), .text(unit), .unsigned(UInt64(kind.rawValue)), .int(scale.mantissa),
            .int(scale.exponent), .int(scale.offsetMantissa), .int(scale.offsetExponent), .text(nature),
            .text(deviceID),
            .text(profileID), .hash(profileHash),
        ])
    }

    fileprivate static func read(_ fields: inout Fields) throws(Fields.Mismatch) -> ConfigRow {
        let point = try fields.point()
        let id = try fields.text()
        let unit = try fields.text()
        guard let number = UInt8(exactly: try fields.unsigned()), let kind = ValueKind(rawValue: number) else {
            throw Fields.Mismatch()
        }
        let scale = Scale(
            mantissa: try fields.int(), exponent: try fields.int(), offsetMantissa: try fields.int(),
            offsetExponent: try fields.int())
        return ConfigRow(
            point: point, id: id, unit: unit, kind: kind, scale: scale, nature: try fields.text(),
            deviceID: try fields.text(), profileID: try fields.text(), profileHash: try fields.hash())
    }
}

/// A whole configuration: the head and its streams in order.
package struct Configuration: Hashable, Sendable {
    package let head: ConfigHead
    package let streams: [ConfigStream]

    package init(head: ConfigHead, streams: [ConfigStream]) {
        self.head = head
        self.streams = streams
    }

    /// The items' bytes, head first.
    package var items: [[UInt8]] { [head.encoded()] + streams.map { $0.encoded() } }

    /// RFC 6962 root over the items; every interval leaf names it.
    package var hash: Hash { innerRoot(of: items) }
}

/// RFC 6962 root over the bytes of items: of an interval, a snapshot, an access leaf or a configuration.
package func innerRoot(of items: [[UInt8]]) -> Hash { MerkleTree.root(of: items.map { leafHash($0) }) }
