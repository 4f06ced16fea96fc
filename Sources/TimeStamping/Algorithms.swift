import Crypto
import CryptoExtras
import FoundationEssentials
import SwiftASN1

/// Digests that tokens and certificates may be signed with.
enum DigestAlgorithm: Hashable, Sendable {
    case sha256
    case sha384
    case sha512

    init?(_ oid: ASN1ObjectIdentifier) {
        switch oid {
        case .sha256: self = .sha256
        case .sha384: self = .sha384
        case .sha512: self = .sha512
        default: return nil
        }
    }

    func digest(_ bytes: some Collection<UInt8>) -> [UInt8] {
        let bytes = Array(bytes)
        return switch self {
        case .sha256: Array(SHA256.hash(data: bytes))
        case .sha384: Array(SHA384.hash(data: bytes))
        case .sha512: Array(SHA512.hash(data: bytes))
        }
    }
}

/// An AlgorithmIdentifier whose parameters are absent or NULL; others are kept as they stand.
struct AlgorithmIdentifier {
    let oid: ASN1ObjectIdentifier
    /// `nil` for absent or NULL.
    let parameters: ASN1Node?

    init(_ node: ASN1Node, _ part: String) throws(TimeStampError) {
        var fields = try DERFields(node, part)
        oid = try fields.next().oid(part)
        guard !fields.isAtEnd else {
            parameters = nil
            return
        }
        let node = try fields.next()
        try fields.end()
        if node.identifier == .null {
            guard case .primitive(let bytes) = node.content, bytes.isEmpty else { throw .malformed(part: part) }
            parameters = nil
        } else {
            parameters = node
        }
    }

    func digest(_ part: String) throws(TimeStampError) -> DigestAlgorithm {
        guard parameters == nil, let digest = DigestAlgorithm(oid) else {
            throw .unsupported("the digest of \(part)")
        }
        return digest
    }
}

/// RSA with PKCS #1 v1.5 padding (RFC 8017 section 8.2) or ECDSA (RFC 3279 section 2.2.3), over one of the digests.
struct SignatureAlgorithm: Hashable, Sendable {
    enum Family: Hashable, Sendable {
        case rsa
        case ecdsa
    }

    let family: Family
    let digest: DigestAlgorithm

    /// - Parameter digest: what the algorithm `rsaEncryption` leaves open, as CMS allows (RFC 3370 section 3.2); nil in
    ///   certificates, where the algorithm must name its digest.
    init(_ algorithm: AlgorithmIdentifier, digest: DigestAlgorithm?, _ part: String) throws(TimeStampError) {
        guard algorithm.parameters == nil else { throw .unsupported("the signature algorithm of \(part)") }
        let named: DigestAlgorithm
        switch algorithm.oid {
        case .sha256WithRSA: (family, named) = (.rsa, .sha256)
        case .sha384WithRSA: (family, named) = (.rsa, .sha384)
        case .sha512WithRSA: (family, named) = (.rsa, .sha512)
        case .ecdsaWithSHA256: (family, named) = (.ecdsa, .sha256)
        case .ecdsaWithSHA384: (family, named) = (.ecdsa, .sha384)
        case .ecdsaWithSHA512: (family, named) = (.ecdsa, .sha512)
        case .rsaEncryption:
            guard let digest else { throw .unsupported("the signature algorithm of \(part)") }
            (family, named) = (.rsa, digest)
        default: throw .unsupported("the signature algorithm of \(part)")
        }
        guard named == digest ?? named else { throw .malformed(part: "the signature algorithm of \(part)") }
        self.digest = named
    }
}

/// A certificate's public key: RSA of 2 048 bits or more, or a point of P-256 or P-384.
enum PublicKey: Sendable {
    case rsa(_RSA.Signing.PublicKey)
    case p256(P256.Signing.PublicKey)
    case p384(P384.Signing.PublicKey)

    /// - Parameter node: SubjectPublicKeyInfo.
    init(_ node: ASN1Node) throws(TimeStampError) {
        let part = "a certificate's key"
        var fields = try DERFields(node, part)
        let algorithm = try AlgorithmIdentifier(try fields.next(), part)
        let bytes = Array(node.encodedBytes)
        do {
            switch (algorithm.oid, try algorithm.parameters?.oid(part)) {
            case (.rsaEncryption, nil): self = .rsa(try _RSA.Signing.PublicKey(derRepresentation: bytes))
            case (.ecPublicKey, .some(.p256)): self = .p256(try P256.Signing.PublicKey(derRepresentation: bytes))
            case (.ecPublicKey, .some(.p384)): self = .p384(try P384.Signing.PublicKey(derRepresentation: bytes))
            default: throw TimeStampError.unsupported("\(part) of this kind")
            }
        } catch let error as TimeStampError {
            throw error
        } catch {
            throw .unsupported("\(part) of this kind or size")
        }
    }

    func isSignature(
        _ signature: ArraySlice<UInt8>, over bytes: some Collection<UInt8>, _ algorithm: SignatureAlgorithm
    ) -> Bool {
        let bytes = Array(bytes)
        let signature = Array(signature)
        return switch algorithm.digest {
        case .sha256: isSignature(signature, of: SHA256.hash(data: bytes), algorithm.family)
        case .sha384: isSignature(signature, of: SHA384.hash(data: bytes), algorithm.family)
        case .sha512: isSignature(signature, of: SHA512.hash(data: bytes), algorithm.family)
        }
    }

    private func isSignature(
        _ signature: [UInt8], of digest: some Digest, _ family: SignatureAlgorithm.Family
    ) -> Bool {
        switch (self, family) {
        case (.rsa(let key), .rsa):
            return key.isValidSignature(
                _RSA.Signing.RSASignature(rawRepresentation: signature), for: digest, padding: .insecurePKCS1v1_5)
        case (.p256(let key), .ecdsa):
            // What is no signature holds for nothing.
            guard let signature = try? P256.Signing.ECDSASignature(derRepresentation: signature) else { return false }
            return key.isValidSignature(signature, for: digest)
        case (.p384(let key), .ecdsa):
            guard let signature = try? P384.Signing.ECDSASignature(derRepresentation: signature) else { return false }
            return key.isValidSignature(signature, for: digest)
        default: return false
        }
    }
}

extension ASN1ObjectIdentifier {
    static let sha256: ASN1ObjectIdentifier = [2, 16, 840, 1, 101, 3, 4, 2, 1]
    static let sha384: ASN1ObjectIdentifier = [2, 16, 840, 1, 101, 3, 4, 2, 2]
    static let sha512: ASN1ObjectIdentifier = [2, 16, 840, 1, 101, 3, 4, 2, 3]
    static let rsaEncryption: ASN1ObjectIdentifier = [1, 2, 840, 113_549, 1, 1, 1]
    static let sha256WithRSA: ASN1ObjectIdentifier = [1, 2, 840, 113_549, 1, 1, 11]
    static let sha384WithRSA: ASN1ObjectIdentifier = [1, 2, 840, 113_549, 1, 1, 12]
    static let sha512WithRSA: ASN1ObjectIdentifier = [1, 2, 840, 113_549, 1, 1, 13]
    static let ecPublicKey: ASN1ObjectIdentifier = [1, 2, 840, 10_045, 2, 1]
    static let p256: ASN1ObjectIdentifier = [1, 2, 840, 10_045, 3, 1, 7]
    static let p384: ASN1ObjectIdentifier = [1, 3, 132, 0, 34]
    static let ecdsaWithSHA256: ASN1ObjectIdentifier = [1, 2, 840, 10_045, 4, 3, 2]
    static let ecdsaWithSHA384: ASN1ObjectIdentifier = [1, 2, 840, 10_045, 4, 3, 3]
    static let ecdsaWithSHA512: ASN1ObjectIdentifier = [1, 2, 840, 10_045, 4, 3, 4]

    /// RFC 5280 sections 4.2.1.2 to 4.2.1.12.
    static let subjectKeyID: ASN1ObjectIdentifier = [2, 5, 29, 14]
    static let keyUsage: ASN1ObjectIdentifier = [2, 5, 29, 15]
    static let basicConstraints: ASN1ObjectIdentifier = [2, 5, 29, 19]
    static let nameConstraints: ASN1ObjectIdentifier = [2, 5, 29, 30]
    static let certificatePolicies: ASN1ObjectIdentifier = [2, 5, 29, 32]
    static let extendedKeyUsage: ASN1ObjectIdentifier = [2, 5, 29, 37]
    static let timeStampingPurpose: ASN1ObjectIdentifier = [1, 3, 6, 1, 5, 5, 7, 3, 8]
    static let anyPurpose: ASN1ObjectIdentifier = [2, 5, 29, 37, 0]
    static let commonName: ASN1ObjectIdentifier = [2, 5, 4, 3]

    /// RFC 5652 sections 5.1, 11.1 and 11.2; RFC 3161 section 2.4.2; RFC 2634 section 5.4; RFC 5035 section 3.
    static let signedData: ASN1ObjectIdentifier = [1, 2, 840, 113_549, 1, 7, 2]
    static let contentType: ASN1ObjectIdentifier = [1, 2, 840, 113_549, 1, 9, 3]
    static let messageDigest: ASN1ObjectIdentifier = [1, 2, 840, 113_549, 1, 9, 4]
    static let timeStampInfo: ASN1ObjectIdentifier = [1, 2, 840, 113_549, 1, 9, 16, 1, 4]
    static let signingCertificate: ASN1ObjectIdentifier = [1, 2, 840, 113_549, 1, 9, 16, 2, 12]
    static let signingCertificateV2: ASN1ObjectIdentifier = [1, 2, 840, 113_549, 1, 9, 16, 2, 47]
}
