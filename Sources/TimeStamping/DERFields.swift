import SwiftASN1

/// The children of one constructed DER node, taken one after the other.
struct DERFields {
    private var iterator: ASN1NodeCollection.Iterator
    private var ahead: ASN1Node?
    private let part: String

    /// - Parameter part: the name of the node in an error.
    init(_ node: ASN1Node, as identifier: ASN1Identifier = .sequence, _ part: String) throws(TimeStampError) {
        guard node.identifier == identifier, case .constructed(let nodes) = node.content else {
            throw .malformed(part: part)
        }
        iterator = nodes.makeIterator()
        ahead = iterator.next()
        self.part = part
    }

    var isAtEnd: Bool { ahead == nil }

    mutating func next() throws(TimeStampError) -> ASN1Node {
        guard let node = ahead else { throw .malformed(part: part) }
        ahead = iterator.next()
        return node
    }

    mutating func optional(_ identifier: ASN1Identifier) -> ASN1Node? {
        guard let node = ahead, node.identifier == identifier else { return nil }
        ahead = iterator.next()
        return node
    }

    func end() throws(TimeStampError) {
        guard isAtEnd else { throw .malformed(part: part) }
    }

    /// All children that are left.
    mutating func rest(countMax: Int) throws(TimeStampError) -> [ASN1Node] {
        var nodes: [ASN1Node] = []
        while !isAtEnd {
            guard nodes.count < countMax else { throw .malformed(part: part) }
            nodes.append(try next())
        }
        return nodes
    }
}

extension ASN1Identifier {
    /// `[number]`, context-specific.
    static func tag(_ number: UInt) -> ASN1Identifier {
        ASN1Identifier(tagWithNumber: number, tagClass: .contextSpecific)
    }
}

extension ASN1Node {
    static func parse(_ bytes: ArraySlice<UInt8>, _ part: String) throws(TimeStampError) -> ASN1Node {
        do { return try DER.parse(bytes) } catch { throw .malformed(part: part) }
    }

    func oid(_ part: String) throws(TimeStampError) -> ASN1ObjectIdentifier {
        do { return try ASN1ObjectIdentifier(derEncoded: self) } catch { throw .malformed(part: part) }
    }

    func octets(_ part: String) throws(TimeStampError) -> ArraySlice<UInt8> {
        do { return try ASN1OctetString(derEncoded: self).bytes } catch { throw .malformed(part: part) }
    }

    /// A bit string of whole octets.
    func wholeBits(_ part: String) throws(TimeStampError) -> ArraySlice<UInt8> {
        let bits = try bits(part)
        guard bits.paddingBits == 0 else { throw .malformed(part: part) }
        return bits.bytes
    }

    func bits(_ part: String) throws(TimeStampError) -> ASN1BitString {
        do { return try ASN1BitString(derEncoded: self) } catch { throw .malformed(part: part) }
    }

    /// A number from 0; `identifier` is the implicit tag where it has one.
    func unsigned(as identifier: ASN1Identifier = .integer, _ part: String) throws(TimeStampError) -> UInt64 {
        do { return try UInt64(derEncoded: self, withIdentifier: identifier) } catch { throw .malformed(part: part) }
    }

    /// The bytes of an integer of any length and sign, as they stand.
    func integerBytes(_ part: String) throws(TimeStampError) -> ArraySlice<UInt8> {
        guard identifier == .integer, case .primitive(let bytes) = content, !bytes.isEmpty else {
            throw .malformed(part: part)
        }
        return bytes
    }

    func boolean(_ part: String) throws(TimeStampError) -> Bool {
        do { return try Bool(derEncoded: self) } catch { throw .malformed(part: part) }
    }

    /// The one child of an explicit tag.
    func onlyChild(as identifier: ASN1Identifier, _ part: String) throws(TimeStampError) -> ASN1Node {
        var fields = try DERFields(self, as: identifier, part)
        let child = try fields.next()
        try fields.end()
        return child
    }
}
