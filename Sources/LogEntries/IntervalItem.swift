import CanonicalCBOR
package import Hashing
package import Readings

/// Bytes that are not an item of the expected kind: not deterministic CBOR, or an element of a wrong type or count.
package enum ItemError: Error, Equatable {
    case nonCanonical
}

/// Runs a reader over the array that `bytes` encode; every failure is `nonCanonical`.
func decodeItem<Value>(
    _ bytes: [UInt8], _ read: (inout Fields) throws(Fields.Mismatch) -> Value
) throws(ItemError) -> Value {
    do {
        var fields = try Fields(try CBOR.decode(bytes))
        let value = try read(&fields)
        try fields.end()
        return value
    } catch {
        throw .nonCanonical
    }
}

/// What one stream said in one interval: `[1, stream, k, salt16, payload]`. Empty ones are items too.
package struct IntervalItem: Hashable, Sendable {
    package let stream: StreamNumber
    package let k: UInt64
    /// Random, never reused, deleted with the item.
    package let salt: Bytes16
    /// Deterministic CBOR of the quadruples; see `Payload`.
    package let payload: [UInt8]

    package init(stream: StreamNumber, k: UInt64, salt: Bytes16, payload: [UInt8]) {
        self.stream = stream
        self.k = k
        self.salt = salt
        self.payload = payload
    }

    package func encoded() -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(payload.count + 48)
        CBOR.append(arrayOf: 5, to: &bytes)
        CBOR.append(unsigned: 1, to: &bytes)
        CBOR.append(unsigned: UInt64(stream.rawValue), to: &bytes)
        CBOR.append(unsigned: k, to: &bytes)
        CBOR.append(bytes: salt.bytes, to: &bytes)
        CBOR.append(bytes: payload, to: &bytes)
        return bytes
    }

    package var hash: Hash { sha256Leaf(encoded()) }

    /// The payload's bytes are taken as they are; its rules are judged by `Payload.problems`.
    package static func decode(_ bytes: [UInt8]) throws(ItemError) -> IntervalItem {
        try decodeItem(bytes) { fields throws(Fields.Mismatch) in
            try fields.constant(1)
            return IntervalItem(
                stream: try fields.stream(), k: try fields.unsigned(), salt: try fields.bytes16(),
                payload: try fields.bytes())
        }
    }
}
