import Hashing
import SwiftASN1

/// What an authority states: TSTInfo (RFC 3161 section 2.4.2).
struct TimeStampInfo: Sendable {
    static let extensionsMax = 16

    let policy: String
    /// SHA-256 of the stated bytes; nil when the authority used another digest.
    let imprint: Hash?
    /// Hexadecimal.
    let serial: String
    let time: DERTime.Moment
    /// Milliseconds, rounded up; nil when the authority states none.
    let accuracyMs: Int64?
    let nonce: UInt64?

    init(_ bytes: ArraySlice<UInt8>) throws(TimeStampError) {
        let part = "the token's content"
        var fields = try DERFields(try ASN1Node.parse(bytes, part), part)
        guard try fields.next().unsigned(part) == 1 else { throw .unsupported("a token of another version than 1") }
        policy = try fields.next().oid(part).description
        var message = try DERFields(try fields.next(), part)
        let algorithm = try AlgorithmIdentifier(try message.next(), part)
        let digest = try message.next().octets(part)
        try message.end()
        imprint = algorithm.oid == .sha256 && algorithm.parameters == nil ? Hash(bytes: digest) : nil
        serial = hexText(Array(try fields.next().integerBytes(part)))
        time = try DERTime.generalized(try fields.next(), part)
        accuracyMs = try fields.optional(.sequence).map { node throws(TimeStampError) in try Self.accuracy(node, part) }
        // Ordering says how tokens of one authority compare; nothing here rests on it.
        if let ordering = fields.optional(.boolean) { _ = try ordering.boolean(part) }
        nonce = try fields.optional(.integer).map { node throws(TimeStampError) in try node.unsigned(part) }
        // The authority's name repeats what its certificate says.
        _ = fields.optional(.tag(0))
        if let list = fields.optional(.tag(1)) { try Self.checkExtensions(list, part) }
        try fields.end()
    }

    /// Seconds, then thousandths and millionths of a second from 1 to 999. At most a day is believed.
    private static func accuracy(_ node: ASN1Node, _ part: String) throws(TimeStampError) -> Int64 {
        let daySeconds: UInt64 = 86_400
        var fields = try DERFields(node, part)
        var ms: Int64 = 0
        if let seconds = fields.optional(.integer) {
            let count = try seconds.unsigned(part)
            guard count <= daySeconds else { throw .unsupported("an accuracy of \(count) s") }
            ms += Int64(count) * 1000
        }
        for tag: UInt in [0, 1] {
            guard let fraction = fields.optional(.tag(tag)) else { continue }
            let count = try fraction.unsigned(as: .tag(tag), part)
            guard (1...999).contains(count) else { throw .malformed(part: part) }
            ms += tag == 0 ? Int64(count) : 1
        }
        try fields.end()
        return ms
    }

    /// An extension that is critical and not known makes the token useless (RFC 3161 section 2.4.2).
    private static func checkExtensions(_ node: ASN1Node, _ part: String) throws(TimeStampError) {
        var list = try DERFields(node, as: .tag(1), part)
        for entry in try list.rest(countMax: extensionsMax) {
            var fields = try DERFields(entry, part)
            _ = try fields.next().oid(part)
            if let critical = fields.optional(.boolean), try critical.boolean(part) {
                throw .unsupported("a critical extension of the token")
            }
            _ = try fields.next().octets(part)
            try fields.end()
        }
    }
}
