package import Hashing
import SwiftASN1

/// Asks an authority for a token over a statement (RFC 3161 section 2.4.1): its SHA-256 leaves the house, nothing else.
package struct TimeStampRequest: Hashable, Sendable {
    /// `application/timestamp-query` (RFC 3161 section 3.4).
    package static let mediaType = "application/timestamp-query"

    package let imprint: Hash
    /// From the system's random source; an answer to another request is told by it.
    package let nonce: UInt64

    package init(statement: some Collection<UInt8>, nonce: UInt64) {
        imprint = sha256(statement)
        self.nonce = nonce
    }

    /// DER, about 60 bytes. The authority is asked to put its certificate into the token.
    package func encoded() -> [UInt8] {
        var bytes = DER.Serializer()
        do {
            try bytes.appendConstructedNode(identifier: .sequence) { request in
                try request.serialize(UInt64(1))
                try request.appendConstructedNode(identifier: .sequence) { imprint in
                    try imprint.appendConstructedNode(identifier: .sequence) { algorithm in
                        try algorithm.serialize(ASN1ObjectIdentifier.sha256)
                        try algorithm.serialize(ASN1Null())
                    }
                    try imprint.serialize(ASN1OctetString(contentBytes: self.imprint.bytes[...]))
                }
                try request.serialize(nonce)
                try request.serialize(true)
            }
        } catch {
            preconditionFailure("numbers, octets and known identifiers can always be written: \(error)")
        }
        return bytes.serializedBytes
    }
}
