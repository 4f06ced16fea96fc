package import Crypto
import FoundationEssentials

/// A time-stamping authority that does as it is told, right or wrong. Its keys live as long as the test.
package struct TestAuthority: Sendable {
    /// What a certificate says; every part can be wrong.
    package struct Plan: Sendable {
        package var subject: String
        package var issuer: String
        package var serial: UInt64 = 7
        package var from = "20260101000000Z"
        package var to = "20360101000000Z"
        package var isAuthority = false
        package var pathLength: UInt64?
        /// First octet of the key usage.
        package var keyUsage: UInt8?
        package var purposes: [[UInt8]] = []
        package var arePurposesCritical = true
        package var unknownCritical = false
        package var version: UInt64 = 2

        package static func authority(_ subject: String, by issuer: String? = nil) -> Plan {
            Plan(subject: subject, issuer: issuer ?? subject, isAuthority: true, keyUsage: 0x06)
        }
        package static func signer(_ subject: String = "signer", by issuer: String = "root") -> Plan {
            Plan(subject: subject, issuer: issuer, keyUsage: 0x80, purposes: [DER.timeStamping])
        }
    }

    /// What a token says; every part can be wrong.
    package struct Token: Sendable {
        package var imprint: [UInt8]
        package var imprintAlgorithm = DER.sha256
        package var nonce: UInt64? = 0xf234_5678_9abc_def0
        package var time = "20260302103005Z"
        package var accuracy: [UInt8] = DER.sequence(DER.integer(1), DER.node(0x80, [0x01, 0xf4]))
        package var infoVersion: UInt64 = 1
        package var infoExtensions: [UInt8] = []
        package var contentType = DER.timeStampInfo
        package var statedType = DER.timeStampInfo
        /// In place of the right digests.
        package var messageDigest: [UInt8]?
        package var certificateDigest: [UInt8]?
        package var namesCertificate = true
        package var certificates: [[UInt8]]
        /// Issuer and serial in the signer's part.
        package var issuer = "root"
        package var serial: UInt64 = 7
        package var signers = 1
        package var digestAlgorithm = DER.sha256
        package var signatureAlgorithm = DER.ecdsaWithSHA256
        package var status: [UInt8] = DER.sequence(DER.integer(0))

        package init(over statement: [UInt8], certificates: [[UInt8]]) {
            imprint = Array(SHA256.hash(data: statement))
            self.certificates = certificates
        }
    }

    package init() {}

    package let rootKey = P256.Signing.PrivateKey()
    package let middleKey = P256.Signing.PrivateKey()
    package let signerKey = P256.Signing.PrivateKey()

    package static func certificate(
        _ plan: Plan, key: P256.Signing.PrivateKey, by issuerKey: P256.Signing.PrivateKey
    ) throws -> [UInt8] {
        var extensions: [UInt8] = []
        func add(_ oid: [UInt8], _ critical: Bool, _ value: [UInt8]) {
            extensions += DER.sequence(oid, critical ? DER.boolean(true) : [], DER.octets(value))
        }
        if plan.isAuthority {
            add(
                DER.oid(2, 5, 29, 19), true,
                DER.sequence(DER.boolean(true), plan.pathLength.map { DER.integer($0) } ?? []))
        }
        if let usage = plan.keyUsage { add(DER.oid(2, 5, 29, 15), true, DER.bits([usage], unused: 1)) }
        if !plan.purposes.isEmpty {
            add(DER.oid(2, 5, 29, 37), plan.arePurposesCritical, DER.node(0x30, plan.purposes.flatMap(\.self)))
        }
        if plan.unknownCritical { add(DER.oid(1, 2, 3, 4), true, DER.null) }
        let signed = DER.sequence(
            DER.tagged(0, DER.integer(plan.version)), DER.integer(plan.serial), DER.ecdsaWithSHA256,
            DER.name(plan.issuer), DER.sequence(DER.time(plan.from), DER.time(plan.to)), DER.name(plan.subject),
            [UInt8](key.publicKey.derRepresentation), DER.tagged(3, DER.node(0x30, extensions)))
        return DER.sequence(signed, DER.ecdsaWithSHA256, DER.bits(try signature(of: signed, by: issuerKey)))
    }

    package static func signature(of bytes: [UInt8], by key: P256.Signing.PrivateKey) throws -> [UInt8] {
        [UInt8](try key.signature(for: bytes).derRepresentation)
    }

    package static func pem(_ certificates: [[UInt8]]) -> [UInt8] {
        Array(
            certificates.map { certificate in
                let text = Data(certificate).base64EncodedString(options: [
                    .lineLength64Characters, .endLineWithLineFeed,
                ])
                return "-----BEGIN CERTIFICATE-----\n\(text)\n-----END CERTIFICATE-----\n"
            }.joined().utf8)
    }

    /// TimeStampResp. The digests are those of SHA-256 unless the plan says otherwise.
    package func response(_ plan: Token) throws -> [UInt8] {
        let info = DER.sequence(
            DER.integer(plan.infoVersion), DER.oid(1, 2, 3, 4, 1),
            DER.sequence(plan.imprintAlgorithm, DER.octets(plan.imprint)),
            DER.integer(4_097), DER.time(plan.time), plan.accuracy, plan.nonce.map { DER.integer($0) } ?? [],
            plan.infoExtensions)
        let digest = plan.messageDigest ?? Array(SHA256.hash(data: info))
        let certificate = plan.certificates.first ?? []
        let id = plan.certificateDigest ?? Array(SHA256.hash(data: certificate))
        func attribute(_ type: [UInt8], _ value: [UInt8]) -> [UInt8] { DER.sequence(type, DER.set(value)) }
        let attributes =
            attribute(DER.oid(1, 2, 840, 113_549, 1, 9, 3), plan.statedType)
            + attribute(DER.oid(1, 2, 840, 113_549, 1, 9, 4), DER.octets(digest))
            + (plan.namesCertificate
                ? attribute(
                    DER.oid(1, 2, 840, 113_549, 1, 9, 16, 2, 47),
                    DER.sequence(DER.sequence(DER.sequence(DER.octets(id))))) : [])
        let signer = DER.sequence(
            DER.integer(1), DER.sequence(DER.name(plan.issuer), DER.integer(plan.serial)), plan.digestAlgorithm,
            DER.node(0xa0, attributes), plan.signatureAlgorithm,
            DER.octets(try Self.signature(of: DER.node(0x31, attributes), by: signerKey)))
        let signers = Array(repeating: signer, count: plan.signers).flatMap(\.self)
        let signedData = DER.sequence(
            DER.integer(3), DER.set(plan.digestAlgorithm),
            DER.sequence(plan.contentType, DER.tagged(0, DER.octets(info))),
            plan.certificates.isEmpty ? [] : DER.node(0xa0, plan.certificates.flatMap(\.self)), DER.node(0x31, signers))
        return DER.sequence(
            plan.status, DER.sequence(DER.oid(1, 2, 840, 113_549, 1, 7, 2), DER.tagged(0, signedData)))
    }

    /// Answers a request as it should be, at the given moment; `change` makes it wrong.
    ///
    /// - Parameter imprint: SHA-256 of what the token is over.
    package func response(
        imprint: [UInt8], nonce: UInt64, time: String, certificates: [[UInt8]],
        _ change: (inout Token) -> Void = { _ in }
    ) throws -> [UInt8] {
        var plan = Token(over: [], certificates: certificates)
        plan.imprint = imprint
        plan.nonce = nonce
        plan.time = time
        change(&plan)
        return try response(plan)
    }
}
