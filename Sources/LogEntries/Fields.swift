import CanonicalCBOR
import Hashing
import Readings

/// An array's elements taken one after the other, each with its one permitted type.
///
/// Element types are strict because leaves and items are hashed with the same prefix: the types keep them apart.
struct Fields {
    /// An element of another type, one missing or one too many.
    struct Mismatch: Error {}

    private var rest: ArraySlice<CBOR>

    init(_ value: CBOR) throws(Mismatch) {
        guard case .array(let elements) = value else { throw Mismatch() }
        rest = elements[...]
    }

    mutating func any() throws(Mismatch) -> CBOR {
        guard let element = rest.popFirst() else { throw Mismatch() }
        return element
    }

    mutating func unsigned() throws(Mismatch) -> UInt64 { try Fields.some(try any().asUnsigned) }
    mutating func int() throws(Mismatch) -> Int64 { try Fields.some(try any().asInt) }
    mutating func text() throws(Mismatch) -> String { try Fields.some(try any().asText) }
    mutating func bytes() throws(Mismatch) -> [UInt8] { try Fields.some(try any().asBytes) }
    mutating func array() throws(Mismatch) -> [CBOR] { try Fields.some(try any().asArray) }

    mutating func bytes(count: Int) throws(Mismatch) -> [UInt8] {
        let bytes = try bytes()
        guard bytes.count == count else { throw Mismatch() }
        return bytes
    }

    mutating func hash() throws(Mismatch) -> Hash { try Fields.some(Hash(bytes: try bytes())) }
    mutating func bytes16() throws(Mismatch) -> Bytes16 { try Fields.some(Bytes16(try bytes())) }

    mutating func stream() throws(Mismatch) -> StreamNumber {
        StreamNumber(try Fields.some(UInt32(exactly: try unsigned())))
    }

    mutating func point() throws(Mismatch) -> PointNumber {
        PointNumber(try Fields.some(UInt32(exactly: try unsigned())))
    }

    /// A fixed number, such as a type.
    mutating func constant(_ expected: UInt64) throws(Mismatch) {
        guard try unsigned() == expected else { throw Mismatch() }
    }

    /// The element, or `nil` for null.
    mutating func optional<Value>(_ read: (inout Fields) throws(Mismatch) -> Value) throws(Mismatch) -> Value? {
        if let first = rest.first, first.isNull {
            rest.removeFirst()
            return nil
        }
        return try read(&self)
    }

    /// An element that is an array of its own.
    mutating func nested<Value>(_ read: (inout Fields) throws(Mismatch) -> Value) throws(Mismatch) -> Value {
        var inner = try Fields(try any())
        let value = try read(&inner)
        try inner.end()
        return value
    }

    /// An element that is a list of arrays.
    mutating func list<Value>(_ read: (inout Fields) throws(Mismatch) -> Value) throws(Mismatch) -> [Value] {
        var values: [Value] = []
        let elements = try array()
        values.reserveCapacity(elements.count)
        for element in elements {
            var inner = try Fields(element)
            values.append(try read(&inner))
            try inner.end()
        }
        return values
    }

    func end() throws(Mismatch) {
        guard rest.isEmpty else { throw Mismatch() }
    }

    private static func some<Value>(_ value: Value?) throws(Mismatch) -> Value {
        guard let value else { throw Mismatch() }
        return value
    }
}
