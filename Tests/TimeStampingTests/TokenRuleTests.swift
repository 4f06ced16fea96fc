import Crypto
import Hashing
import StampTesting
import Testing
import TimeStamping

/// Goal: each rule of RFC 3161, RFC 5652 and RFC 5280 that the judgement names is kept by itself.
/// Method: an authority that breaks one rule at a time and signs what it broke, so that no other rule notices.
@Suite struct `Time-stamp rules` {
    typealias Token = TestAuthority.Token
    typealias Plan = TestAuthority.Plan

    let authority = TestAuthority()
    let statement = Array("a signed note\n".utf8)
    let root: [UInt8]

    init() throws {
        root = try TestAuthority.certificate(.authority("root"), key: authority.rootKey, by: authority.rootKey)
    }

    private func signer(_ change: (inout Plan) -> Void = { _ in }) throws -> [UInt8] {
        var plan = Plan.signer()
        change(&plan)
        return try TestAuthority.certificate(plan, key: authority.signerKey, by: authority.rootKey)
    }

    private func check(
        _ certificates: [[UInt8]], trusting trusted: [[UInt8]]? = nil, _ change: (inout Token) -> Void = { _ in }
    ) throws -> TimeStampToken {
        var plan = Token(over: statement, certificates: certificates)
        change(&plan)
        var trust = TimeStampTrust()
        try trust.add(pem: TestAuthority.pem(trusted ?? [root]))
        let token = try TimeStampToken.parse(response: authority.response(plan))
        try token.check(statement: statement, nonce: 0xf234_5678_9abc_def0, trust: trust)
        return token
    }

    @Test func `an honest token holds, and says when`() throws {
        let token = try check([signer()])
        #expect(token.timeMs == 1_772_447_405_000)
        #expect(token.latestMs == token.timeMs + 1_500)
        #expect(token.serial == "1001")
    }

    @Test(
        arguments: [
            ("20260302103005.5Z", 500, 2_000), ("20260302103005.1234Z", 123, 1_624), ("20260302103005Z", 0, 1_500),
        ] as [(String, Int64, Int64)])
    func `a fraction of a second is rounded down for the time and up for its limit`(
        _ text: String, _ fractionMs: Int64, _ limitMs: Int64
    ) throws {
        let token = try check([signer()]) { $0.time = text }
        #expect(token.timeMs == 1_772_447_405_000 + fractionMs)
        #expect(token.latestMs == 1_772_447_405_000 + limitMs)
    }

    @Test(
        arguments: [
            ("19700101000000Z", 0), ("20000229120000Z", 951_825_600_000), ("20991231235959Z", 4_102_444_799_000),
        ] as [(String, Int64)])
    func `a date is the right number of milliseconds`(_ text: String, _ ms: Int64) throws {
        let wide = try signer {
            $0.from = "19500101000000Z"
            $0.to = "21990101000000Z"
        }
        // The signer itself is trusted, so that no other date counts.
        #expect(try check([wide], trusting: [wide]) { $0.time = text }.timeMs == ms)
    }

    struct Rule: CustomStringConvertible, Sendable {
        let description: String
        let error: TimeStampError
        let change: @Sendable (inout Token) -> Void

        init(_ description: String, _ error: TimeStampError, _ change: @escaping @Sendable (inout Token) -> Void) {
            self.description = description
            self.error = error
            self.change = change
        }
    }

    static let tokenRules = [
        Rule("another statement", .otherStatement) { $0.imprint[0] ^= 1 },
        Rule("another digest of the statement", .unsupported("a digest of the statement other than SHA-256")) {
            $0.imprintAlgorithm = DER.sequence(DER.oid(2, 16, 840, 1, 101, 3, 4, 2, 3), DER.null)
            $0.imprint += $0.imprint
        },
        Rule("another nonce", .otherNonce) { $0.nonce = 1 },
        Rule("no nonce", .otherNonce) { $0.nonce = nil },
        Rule("another version of the content", .unsupported("a token of another version than 1")) {
            $0.infoVersion = 2
        },
        Rule("a critical extension", .unsupported("a critical extension of the token")) {
            $0.infoExtensions = DER.tagged(
                1, DER.sequence(DER.oid(1, 2, 3), DER.boolean(true), DER.octets(DER.null)))
        },
        Rule("a day that does not exist", .malformed(part: "the token's content")) { $0.time = "20260230103005Z" },
        Rule("a time with a zone", .malformed(part: "the token's content")) { $0.time = "20260302103005+0100" },
        Rule("a fraction that ends with zero", .malformed(part: "the token's content")) {
            $0.time = "20260302103005.10Z"
        },
        Rule("thousandths of a second beyond 999", .malformed(part: "the token's content")) {
            $0.accuracy = DER.sequence(DER.node(0x80, [0x03, 0xe8]))
        },
        Rule("an accuracy beyond a day", .unsupported("an accuracy of 86401 s")) {
            $0.accuracy = DER.sequence(DER.integer(86_401))
        },
        Rule("another kind of content", .unsupported("a token of another content")) {
            $0.contentType = DER.oid(1, 2, 840, 113_549, 1, 7, 1)
        },
        Rule("an attribute that states another kind", .malformed(part: "the token's signed attributes")) {
            $0.statedType = DER.oid(1, 2, 840, 113_549, 1, 7, 1)
        },
        Rule("the digest of other content", .badSignature(of: "the token's content")) {
            $0.messageDigest = Array(repeating: 0, count: 32)
        },
        Rule("the digest of another certificate", .badSignature(of: "the signer's certificate in the token")) {
            $0.certificateDigest = Array(repeating: 0, count: 32)
        },
        Rule("no certificate named", .unsupported("a token that does not name its signer's certificate")) {
            $0.namesCertificate = false
        },
        Rule("another signer named", .unsupported("a token without its signer's certificate")) { $0.serial = 8 },
        Rule("no certificates", .unsupported("a token without its certificate")) { $0.certificates = [] },
        Rule("two signers", .unsupported("a token with more than one signer")) { $0.signers = 2 },
        Rule("SHA-1 as digest", .unsupported("the digest of the token")) {
            $0.digestAlgorithm = DER.sequence(DER.oid(1, 3, 14, 3, 2, 26), DER.null)
        },
        Rule("a signature algorithm of another digest", .malformed(part: "the signature algorithm of the token")) {
            $0.signatureAlgorithm = DER.sequence(DER.oid(1, 2, 840, 10_045, 4, 3, 3))
        },
        Rule("an RSA signature by a key that is none", .badSignature(of: "the token")) {
            $0.signatureAlgorithm = DER.sequence(DER.oid(1, 2, 840, 113_549, 1, 1, 1), DER.null)
        },
        Rule("a refusal with a token", .notGranted(status: 4, reason: ", later")) {
            $0.status = DER.sequence(DER.integer(4), DER.sequence(DER.text("later")))
        },
        Rule("a status that does not exist", .malformed(part: "the response's status")) {
            $0.status = DER.sequence(DER.integer(6))
        },
    ]

    @Test(arguments: tokenRules) func `a token that breaks one rule does not hold`(_ rule: Rule) throws {
        let certificate = try signer()
        #expect(throws: rule.error) { try check([certificate], rule.change) }
    }

    @Test func `a token signed by another key does not hold`() throws {
        let stranger = try TestAuthority.certificate(
            .signer(), key: P256.Signing.PrivateKey(), by: authority.rootKey)
        #expect(throws: TimeStampError.badSignature(of: "the token")) { try check([stranger]) }
    }

    @Test func `only a certificate for time stamping alone signs tokens`() throws {
        let codeSigning = DER.oid(1, 3, 6, 1, 5, 5, 7, 3, 3)
        let changes: [(inout Plan) -> Void] = [
            { $0.purposes = [] }, { $0.purposes = [codeSigning] },
            { $0.purposes = [DER.timeStamping, codeSigning] }, { $0.arePurposesCritical = false },
            { $0.keyUsage = 0x20 },
        ]
        for change in changes {
            let certificate = try signer(change)
            #expect(throws: TimeStampError.notForTimeStamping) { try check([certificate]) }
            #expect(throws: TimeStampError.notForTimeStamping) { try check([certificate], trusting: [certificate]) }
        }
        #expect(throws: TimeStampError.unsupported("an extension of the signer's certificate")) {
            try check([signer { $0.unknownCritical = true }])
        }
    }

    @Test func `a signer counts only while its certificate is valid`() throws {
        for (from, to) in [("20260302103006Z", "20360101000000Z"), ("20260101000000Z", "20260302103004Z")] {
            let certificate = try signer { ($0.from, $0.to) = (from, to) }
            #expect(throws: TimeStampError.notValidThen) { try check([certificate]) }
        }
        let edge = try signer { ($0.from, $0.to) = ("20260302103005Z", "20260302103005Z") }
        #expect(try check([edge]).timeMs == 1_772_447_405_000)
    }

    /// One authority between the root and the signer, both in the token.
    private func checkChain(trusting: [[UInt8]]? = nil, _ change: (inout Plan) -> Void = { _ in }) throws
        -> TimeStampToken
    {
        var plan = Plan.authority("middle", by: "root")
        change(&plan)
        let middle = try TestAuthority.certificate(plan, key: authority.middleKey, by: authority.rootKey)
        let last = try TestAuthority.certificate(
            .signer(by: "middle"), key: authority.signerKey, by: authority.middleKey)
        return try check([last, middle], trusting: trusting) { $0.issuer = "middle" }
    }

    @Test func `an authority in between leads to the root when it may sign certificates`() throws {
        #expect(try checkChain().timeMs == 1_772_447_405_000)
        #expect(try checkChain { $0.pathLength = 0 }.timeMs == 1_772_447_405_000)
        #expect(try checkChain { $0.purposes = [DER.timeStamping] }.timeMs == 1_772_447_405_000)
        let changes: [(inout Plan) -> Void] = [
            { $0.isAuthority = false }, { $0.keyUsage = 0x80 }, { $0.unknownCritical = true },
            { $0.to = "20260302103004Z" }, { $0.from = "20260302103006Z" }, { $0.issuer = "another root" },
            { $0.purposes = [DER.oid(1, 3, 6, 1, 5, 5, 7, 3, 1)] }, { $0.version = 1 },
        ]
        for change in changes {
            #expect(throws: TimeStampError.notTrusted) { try checkChain(change) }
        }
    }

    @Test func `a root that allows no authority below it leads to no chain`() throws {
        var plan = Plan.authority("root")
        plan.pathLength = 0
        let strict = try TestAuthority.certificate(plan, key: authority.rootKey, by: authority.rootKey)
        #expect(throws: TimeStampError.notTrusted) { try checkChain(trusting: [strict]) }
        #expect(try check([signer()], trusting: [strict]).timeMs == 1_772_447_405_000)
    }

    @Test func `a trusted root that was not valid then is told`() throws {
        var plan = Plan.authority("root")
        plan.to = "20260301000000Z"
        let expired = try TestAuthority.certificate(plan, key: authority.rootKey, by: authority.rootKey)
        #expect(throws: TimeStampError.notValidThen) { try check([signer()], trusting: [expired]) }
    }

    @Test func `a certificate in the name of the root is not the root`() throws {
        let impostorKey = P256.Signing.PrivateKey()
        let impostor = try TestAuthority.certificate(.authority("root"), key: impostorKey, by: impostorKey)
        let last = try TestAuthority.certificate(.signer(), key: authority.signerKey, by: impostorKey)
        #expect(throws: TimeStampError.notTrusted) { try check([last, impostor]) }
    }

    @Test func `look-alikes cannot make the judgement long`() throws {
        // Authorities of one name that could all have signed each other.
        var crowd: [[UInt8]] = []
        for number in 0..<15 {
            var plan = Plan.authority("crowd")
            plan.serial = UInt64(100 + number)
            crowd.append(try TestAuthority.certificate(plan, key: authority.middleKey, by: authority.middleKey))
        }
        let last = try TestAuthority.certificate(
            .signer(by: "crowd"), key: authority.signerKey, by: authority.middleKey)
        #expect(throws: TimeStampError.notTrusted) { try check([last] + crowd) { $0.issuer = "crowd" } }
        #expect(throws: TimeStampError.malformed(part: "the token")) {
            try check([last] + crowd + [root]) { $0.issuer = "crowd" }
        }
    }
}
