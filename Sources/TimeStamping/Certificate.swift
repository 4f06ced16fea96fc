package import Hashing
import SwiftASN1

/// An X.509 certificate (RFC 5280 section 4.1), with what the way from a token to a trusted authority needs.
///
/// Read, not judged: `CertificatePath` does that.
package struct Certificate: Sendable, Equatable {
    /// SHA-256 of the certificate's DER: what a policy card names it by.
    package let fingerprint: Hash
    let bytes: [UInt8]
    /// What the issuer signed.
    let signedPart: [UInt8]
    let signature: [UInt8]
    /// nil when it is not understood: then nobody is known to have signed it. A trusted one needs no signature.
    let signatureAlgorithm: SignatureAlgorithm?
    /// As it stands: an integer of any length.
    let serial: [UInt8]
    /// Names are compared as bytes.
    let issuer: [UInt8]
    let subject: [UInt8]
    /// Milliseconds since 1970, both ends valid.
    let notBeforeMs: Int64
    let notAfterMs: Int64
    /// nil when it is not understood: then it signed nothing.
    let key: PublicKey?
    let extensions: CertificateExtensions
    /// The subject's common name, for people; nil when there is none that is plain text.
    let commonName: String?

    package static func == (a: Certificate, b: Certificate) -> Bool { a.fingerprint == b.fingerprint }

    init(_ node: ASN1Node) throws(TimeStampError) {
        let part = "a certificate"
        bytes = Array(node.encodedBytes)
        fingerprint = sha256(bytes)
        var fields = try DERFields(node, part)
        let signed = try fields.next()
        signedPart = Array(signed.encodedBytes)
        let algorithm = try fields.next()
        signatureAlgorithm = try understood { () throws(TimeStampError) in
            try SignatureAlgorithm(AlgorithmIdentifier(algorithm, part), digest: nil, part)
        }
        signature = Array(try fields.next().wholeBits(part))
        try fields.end()

        var inner = try DERFields(signed, part)
        guard let version = inner.optional(.tag(0)),
            try version.onlyChild(as: .tag(0), part).unsigned(part) == 2
        else { throw .unsupported("a certificate of another version than 3") }
        serial = Array(try inner.next().integerBytes(part))
        guard try inner.next().encodedBytes == algorithm.encodedBytes else { throw .malformed(part: part) }
        issuer = Array(try inner.next().encodedBytes)
        var validity = try DERFields(try inner.next(), part)
        notBeforeMs = try DERTime.validity(try validity.next(), part)
        notAfterMs = try DERTime.validity(try validity.next(), part)
        try validity.end()
        let subject = try inner.next()
        self.subject = Array(subject.encodedBytes)
        commonName = Self.commonName(subject)
        let keyNode = try inner.next()
        key = try understood { () throws(TimeStampError) in try PublicKey(keyNode) }
        _ = inner.optional(.tag(1))
        _ = inner.optional(.tag(2))
        if let list = inner.optional(.tag(3)) {
            extensions = try CertificateExtensions(try list.onlyChild(as: .tag(3), part))
        } else {
            extensions = CertificateExtensions()
        }
        try inner.end()
    }

    func isValid(atMs ms: Int64) -> Bool { (notBeforeMs...max(notBeforeMs, notAfterMs)).contains(ms) }

    /// Whether this certificate's key signed the other.
    func signed(_ other: Certificate) -> Bool {
        guard let key, let algorithm = other.signatureAlgorithm else { return false }
        return key.isSignature(other.signature[...], over: other.signedPart, algorithm)
    }

    /// The last common name, when it is UTF8String or PrintableString.
    private static func commonName(_ name: ASN1Node) -> String? {
        guard case .constructed(let sets) = name.content else { return nil }
        var found: String?
        for set in sets {
            guard case .constructed(let attributes) = set.content else { return nil }
            for attribute in attributes {
                // A name that cannot be read is none; the certificate is judged by its bytes.
                guard var fields = try? DERFields(attribute, "a name"), let type = try? fields.next().oid("a name"),
                    type == .commonName, let value = try? fields.next(),
                    value.identifier == .utf8String || value.identifier == .printableString,
                    case .primitive(let bytes) = value.content
                else { continue }
                found = String(validating: bytes, as: UTF8.self)
            }
        }
        return found
    }
}

/// nil for what is read and not supported; what cannot be read is thrown on.
private func understood<Value>(_ read: () throws(TimeStampError) -> Value) throws(TimeStampError) -> Value? {
    do { return try read() } catch {
        guard case .unsupported = error else { throw error }
        return nil
    }
}

/// The extensions that are understood (RFC 5280 section 4.2.1).
struct CertificateExtensions: Sendable {
    static let countMax = 32

    var isAuthority = false
    /// Authorities that may follow below this one; nil for any number.
    var pathLengthMax: UInt64?
    /// The first octet of the key usage, bit 0 leftmost; nil when there is none.
    var keyUsage: UInt8?
    var purposes: [ASN1ObjectIdentifier]?
    var arePurposesCritical = false
    var subjectKeyID: [UInt8]?
    /// A critical extension that is not understood, or name constraints, which are never judged here.
    var hasUnknown = false

    static let digitalSignature: UInt8 = 0x80
    static let contentCommitment: UInt8 = 0x40
    static let keyCertSign: UInt8 = 0x04

    private static let understood: Set<ASN1ObjectIdentifier> = [
        .basicConstraints, .keyUsage, .extendedKeyUsage, .subjectKeyID, .nameConstraints, .certificatePolicies,
    ]

    init() {}

    init(_ node: ASN1Node) throws(TimeStampError) {
        let part = "a certificate's extensions"
        var list = try DERFields(node, part)
        var seen: Set<ASN1ObjectIdentifier> = []
        for entry in try list.rest(countMax: Self.countMax) {
            var fields = try DERFields(entry, part)
            let oid = try fields.next().oid(part)
            guard seen.insert(oid).inserted else { throw .malformed(part: part) }
            var isCritical = false
            if let critical = fields.optional(.boolean) { isCritical = try critical.boolean(part) }
            let value = try fields.next().octets(part)
            try fields.end()
            if Self.understood.contains(oid) {
                try take(oid, try ASN1Node.parse(value, part), isCritical: isCritical, part)
            } else {
                hasUnknown = hasUnknown || isCritical
            }
        }
    }

    private mutating func take(
        _ oid: ASN1ObjectIdentifier, _ value: ASN1Node, isCritical: Bool, _ part: String
    ) throws(TimeStampError) {
        switch oid {
        case .basicConstraints:
            var fields = try DERFields(value, part)
            if let authority = fields.optional(.boolean) { isAuthority = try authority.boolean(part) }
            if let length = fields.optional(.integer) { pathLengthMax = try length.unsigned(part) }
            try fields.end()
        case .keyUsage: keyUsage = try value.bits(part).bytes.first ?? 0
        case .extendedKeyUsage:
            var fields = try DERFields(value, part)
            var purposes: [ASN1ObjectIdentifier] = []
            for purpose in try fields.rest(countMax: Self.countMax) { purposes.append(try purpose.oid(part)) }
            self.purposes = purposes
            arePurposesCritical = isCritical
        case .subjectKeyID: subjectKeyID = Array(try value.octets(part))
        case .nameConstraints: hasUnknown = true
        // Any policy is good here, so that a list of policies forbids nothing.
        default: break
        }
    }
}
