import Crypto
import SwiftASN1

/// The CMS envelope of a token (RFC 5652 section 5), restricted to what RFC 3161 section 2.4.2 allows: one signer, signed
/// attributes, the content inside.
struct SignedData: Sendable {
    static let certificatesMax = 16
    static let attributesMax = 16

    /// DER of TSTInfo.
    let content: [UInt8]
    let certificates: [Certificate]
    let signer: Certificate
    private let digest: DigestAlgorithm
    private let algorithm: SignatureAlgorithm
    private let signature: [UInt8]
    /// Signed as a SET, not under their implicit tag (RFC 5652 section 5.4).
    private let signedAttributes: [UInt8]
    private let attributes: SignedAttributes

    /// - Parameter node: ContentInfo.
    init(_ node: ASN1Node) throws(TimeStampError) {
        let part = "the token"
        var info = try DERFields(node, part)
        guard try info.next().oid(part) == .signedData else { throw .unsupported("a token that is not signed data") }
        let explicit = try info.next()
        try info.end()
        var fields = try DERFields(try explicit.onlyChild(as: .tag(0), part), part)
        guard try fields.next().unsigned(part) == 3 else { throw .unsupported("signed data of another version than 3") }
        var digests = try DERFields(try fields.next(), as: .set, part)
        let digestNodes = try digests.rest(countMax: Self.attributesMax)
        content = try Self.content(try fields.next(), part)
        guard let list = fields.optional(.tag(0)) else { throw .unsupported("a token without its certificate") }
        var certificateFields = try DERFields(list, as: .tag(0), part)
        var certificates: [Certificate] = []
        for node in try certificateFields.rest(countMax: Self.certificatesMax) where node.identifier == .sequence {
            do { certificates.append(try Certificate(node)) } catch {
                // One that is not understood leads nowhere; the signer's own is missed below.
                guard case .unsupported = error else { throw error }
            }
        }
        self.certificates = certificates
        _ = fields.optional(.tag(1))
        var signers = try DERFields(try fields.next(), as: .set, part)
        try fields.end()
        var signer = try DERFields(try signers.next(), part)
        guard signers.isAtEnd else { throw .unsupported("a token with more than one signer") }

        let version = try signer.next().unsigned(part)
        self.signer = try Self.find(try signer.next(), version: version, certificates, part)
        let digestNode = try signer.next()
        digest = try AlgorithmIdentifier(digestNode, part).digest("the token")
        guard digestNodes.contains(where: { $0.encodedBytes == digestNode.encodedBytes }) else {
            throw .malformed(part: part)
        }
        guard let attributeList = signer.optional(.tag(0)) else {
            throw .unsupported("a token without signed attributes")
        }
        signedAttributes = [0x31] + attributeList.encodedBytes.dropFirst()
        attributes = try SignedAttributes(attributeList)
        algorithm = try SignatureAlgorithm(AlgorithmIdentifier(try signer.next(), part), digest: digest, part)
        signature = Array(try signer.next().octets(part))
        _ = signer.optional(.tag(1))
        try signer.end()
    }

    /// The signature over the attributes, the attributes against the content and the signer's certificate.
    func checkSignature() throws(TimeStampError) {
        guard attributes.digest == digest.digest(content) else { throw .badSignature(of: "the token's content") }
        guard attributes.names(signer) else { throw .badSignature(of: "the signer's certificate in the token") }
        guard let key = signer.key else { throw .unsupported("the key of the signer's certificate") }
        guard key.isSignature(signature[...], over: signedAttributes, algorithm) else {
            throw .badSignature(of: "the token")
        }
    }

    private static func content(_ node: ASN1Node, _ part: String) throws(TimeStampError) -> [UInt8] {
        var fields = try DERFields(node, part)
        guard try fields.next().oid(part) == .timeStampInfo else { throw .unsupported("a token of another content") }
        let octets = try fields.next().onlyChild(as: .tag(0), part).octets(part)
        try fields.end()
        return Array(octets)
    }

    /// Issuer and serial number in version 1, a subject key identifier in version 3 (RFC 5652 section 5.3).
    private static func find(
        _ node: ASN1Node, version: UInt64, _ certificates: [Certificate], _ part: String
    ) throws(TimeStampError) -> Certificate {
        let found: Certificate?
        switch version {
        case 1:
            var fields = try DERFields(node, part)
            let issuer = Array(try fields.next().encodedBytes)
            let serial = Array(try fields.next().integerBytes(part))
            try fields.end()
            found = certificates.first { $0.issuer == issuer && $0.serial == serial }
        case 3:
            guard node.identifier == .tag(0), case .primitive(let id) = node.content else {
                throw .malformed(part: part)
            }
            found = certificates.first { $0.extensions.subjectKeyID.map { $0.elementsEqual(id) } ?? false }
        default: throw .malformed(part: part)
        }
        guard let found else { throw .unsupported("a token without its signer's certificate") }
        return found
    }
}

/// What the signature covers: the content's type and digest, and which certificate is meant (RFC 5652 section 11,
/// RFC 2634 section 5.4, RFC 5035 section 3).
struct SignedAttributes: Sendable {
    let digest: [UInt8]
    /// Digests of the signer's certificate, one for each form of the attribute.
    private let certificateSHA1: [UInt8]?
    private let certificateV2: (algorithm: DigestAlgorithm, digest: [UInt8])?

    init(_ node: ASN1Node) throws(TimeStampError) {
        let part = "the token's signed attributes"
        var list = try DERFields(node, as: .tag(0), part)
        var values: [ASN1ObjectIdentifier: ASN1Node] = [:]
        for attribute in try list.rest(countMax: SignedData.attributesMax) {
            var fields = try DERFields(attribute, part)
            let type = try fields.next().oid(part)
            var set = try DERFields(try fields.next(), as: .set, part)
            try fields.end()
            let value = try set.next()
            guard values.updateValue(value, forKey: type) == nil else { throw .malformed(part: part) }
            // Attributes that are not known may have several values.
            guard !Self.known.contains(type) || set.isAtEnd else { throw .malformed(part: part) }
        }
        guard let type = values[.contentType], try type.oid(part) == .timeStampInfo,
            let message = values[.messageDigest]
        else { throw .malformed(part: part) }
        digest = Array(try message.octets(part))
        if let node = values[.signingCertificate] {
            var id = try DERFields(try Self.firstID(node, part), part)
            certificateSHA1 = Array(try id.next().octets(part))
        } else {
            certificateSHA1 = nil
        }
        if let node = values[.signingCertificateV2] {
            var id = try DERFields(try Self.firstID(node, part), part)
            var algorithm = DigestAlgorithm.sha256
            if let named = id.optional(.sequence) {
                algorithm = try AlgorithmIdentifier(named, part).digest("the signer's certificate")
            }
            certificateV2 = (algorithm, Array(try id.next().octets(part)))
        } else {
            certificateV2 = nil
        }
        guard certificateSHA1 != nil || certificateV2 != nil else {
            throw .unsupported("a token that does not name its signer's certificate")
        }
    }

    private static let known: Set<ASN1ObjectIdentifier> = [
        .contentType, .messageDigest, .signingCertificate, .signingCertificateV2,
    ]

    /// The first certificate of the list is the signer's; others restrict its way, which the trust decides here.
    private static func firstID(_ node: ASN1Node, _ part: String) throws(TimeStampError) -> ASN1Node {
        var fields = try DERFields(node, part)
        var ids = try DERFields(try fields.next(), part)
        return try ids.next()
    }

    /// Every form that is there must name this certificate.
    func names(_ certificate: Certificate) -> Bool {
        if let certificateSHA1, !Insecure.SHA1.hash(data: certificate.bytes).elementsEqual(certificateSHA1) {
            return false
        }
        if let certificateV2, certificateV2.algorithm.digest(certificate.bytes) != certificateV2.digest { return false }
        return true
    }
}
