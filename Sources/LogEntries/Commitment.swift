package import CanonicalCBOR
package import Hashing
package import Readings

/// What opens an event or command leaf: `[2, leaf type, stream, salt16, payload]`; the leaf holds its hash.
package struct Commitment: Hashable, Sendable {
    package enum LeafType: UInt64, Sendable {
        case event = 2
        case command = 3
    }

    package let leafType: LeafType
    package let stream: StreamNumber
    package let salt: Bytes16
    /// Deterministic CBOR of an `EventPayload` or a `CommandPayload`.
    package let payload: [UInt8]

    package init(leafType: LeafType, stream: StreamNumber, salt: Bytes16, payload: [UInt8]) {
        self.leafType = leafType
        self.stream = stream
        self.salt = salt
        self.payload = payload
    }

    package func encoded() -> [UInt8] {
        CBOR.array([
            .unsigned(2), .unsigned(leafType.rawValue), .stream(stream), .bytes(salt.bytes), .bytes(payload),
        ]).encoded()
    }

    /// What stands in the leaf.
    package var hash: Hash { sha256Leaf(encoded()) }

    package static func decode(_ bytes: [UInt8]) throws(ItemError) -> Commitment {
        try decodeItem(bytes) { fields throws(Fields.Mismatch) in
            try fields.constant(2)
            guard let leafType = LeafType(rawValue: try fields.unsigned()) else { throw Fields.Mismatch() }
            return Commitment(
                leafType: leafType, stream: try fields.stream(), salt: try fields.bytes16(), payload: try fields.bytes()
            )
        }
    }
}

/// `[kind, point or null, [[name, value], …]]`; also the value of a point of kind `event`.
package struct EventPayload: Hashable, Sendable {
    package struct Detail: Hashable, Sendable {
        package let name: String
        package let value: CBOR

        package init(name: String, value: CBOR) {
            self.name = name
            self.value = value
        }
    }

    package let kind: String
    package let point: PointNumber?
    package let details: [Detail]

    package init(kind: String, point: PointNumber?, details: [Detail]) {
        self.kind = kind
        self.point = point
        self.details = details
    }

    package func encoded() -> [UInt8] {
        CBOR.array([
            .text(kind), point.map(CBOR.point) ?? .null, .array(details.map { .array([.text($0.name), $0.value]) }),
        ]).encoded()
    }

    package static func decode(_ bytes: [UInt8]) throws(ItemError) -> EventPayload {
        try decodeItem(bytes) { fields throws(Fields.Mismatch) in
            EventPayload(
                kind: try fields.text(),
                point: try fields.optional { fields throws(Fields.Mismatch) in try fields.point() },
                details: try fields.list { fields throws(Fields.Mismatch) in
                    Detail(name: try fields.text(), value: try fields.any())
                })
        }
    }
}

/// `[phase, leaf index of the intent or null, point, value, result code, reason]`.
package struct CommandPayload: Hashable, Sendable {
    package enum Phase: UInt64, Sendable {
        case intent = 0
        case outcome = 1
    }

    package let phase: Phase
    /// Leaf index of the intent, in an outcome.
    package let intent: UInt64?
    package let point: PointNumber
    package let value: CBOR
    package let resultCode: UInt64
    package let reason: String

    package init(phase: Phase, intent: UInt64?, point: PointNumber, value: CBOR, resultCode: UInt64, reason: String) {
        self.phase = phase
        self.intent = intent
        self.point = point
        self.value = value
        self.resultCode = resultCode
        self.reason = reason
    }

    package func encoded() -> [UInt8] {
        CBOR.array([
            .unsigned(phase.rawValue), intent.map(CBOR.unsigned) ?? .null, .point(point), value, .unsigned(resultCode),
            .text(reason),
        ]).encoded()
    }

    package static func decode(_ bytes: [UInt8]) throws(ItemError) -> CommandPayload {
        try decodeItem(bytes) { fields throws(Fields.Mismatch) in
            guard let phase = Phase(rawValue: try fields.unsigned()) else { throw Fields.Mismatch() }
            return CommandPayload(
                phase: phase, intent: try fields.optional { fields throws(Fields.Mismatch) in try fields.unsigned() },
                point: try fields.point(), value: try fields.any(), resultCode: try fields.unsigned(),
                reason: try fields.text())
        }
    }
}
