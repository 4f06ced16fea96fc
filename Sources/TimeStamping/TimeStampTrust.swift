package import Hashing
import SwiftASN1

/// Whom a verifier believes about time: certificates at hand, and fingerprints of others.
package struct TimeStampTrust: Sendable {
    package static let fileBytesMax = 1 << 18
    package static let certificatesMax = 64

    /// Trusted, and used on the way to others.
    package private(set) var certificates: [Certificate] = []
    /// SHA-256 of the DER of every trusted certificate.
    package private(set) var fingerprints: Set<Hash>

    package init(fingerprints: Set<Hash> = []) { self.fingerprints = fingerprints }

    /// Nobody is believed.
    package var isEmpty: Bool { fingerprints.isEmpty }

    /// Also trusts certificates that are known by their fingerprints alone.
    package func adding(fingerprints others: some Sequence<Hash>) -> TimeStampTrust {
        var trust = self
        trust.fingerprints.formUnion(others)
        return trust
    }

    /// Trusts every certificate of a PEM file (RFC 7468); text between them is skipped.
    ///
    /// - Throws: `malformed` for a file without a certificate or with something else in it.
    package mutating func add(pem bytes: [UInt8]) throws(TimeStampError) {
        let part = "the file of certificates"
        guard bytes.count <= Self.fileBytesMax else { throw .tooLarge(sizeBytes: bytes.count) }
        guard let text = String(validating: bytes, as: UTF8.self) else { throw .malformed(part: part) }
        let documents: [PEMDocument]
        do { documents = try PEMDocument.parseMultiple(pemString: text) } catch { throw .malformed(part: part) }
        guard !documents.isEmpty, documents.count + certificates.count <= Self.certificatesMax,
            documents.allSatisfy({ $0.discriminator == "CERTIFICATE" })
        else { throw .malformed(part: part) }
        for document in documents {
            let certificate = try Certificate(try ASN1Node.parse(document.derBytes[...], part))
            if !certificates.contains(certificate) { certificates.append(certificate) }
            fingerprints.insert(certificate.fingerprint)
        }
    }
}
