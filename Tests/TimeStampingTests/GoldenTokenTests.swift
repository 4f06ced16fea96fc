import Foundation
import Hashing
import Testing
import TimeStamping

/// Goal: what another implementation makes is read, judged and written as it should be.
/// Method: queries and responses of `openssl ts`, see `Tests/Vectors/timestamp/make.sh`.
@Suite struct `Time-stamp golden tokens` {
    static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .appendingPathComponent("Vectors/timestamp")

    static func bytes(_ name: String) throws -> [UInt8] {
        [UInt8](try Data(contentsOf: root.appendingPathComponent(name)))
    }

    static func trust(_ name: String) throws -> TimeStampTrust {
        var trust = TimeStampTrust()
        try trust.add(pem: bytes(name))
        return trust
    }

    /// 2026-03-02T10:30:05Z.
    static let moment: Int64 = 1_772_447_405_000

    struct Case: CustomStringConvertible, Sendable {
        let file: String
        let authorities: String
        let signer: String
        /// The clock goes on while the files are made.
        let slackMs: Int64
        var description: String { file }
    }

    static let cases = [
        Case(file: "rsa.tsr", authorities: "root-rsa.pem", signer: "signer-rsa", slackMs: 0),
        Case(file: "rsa-sha512.tsr", authorities: "root-rsa.pem", signer: "signer-rsa", slackMs: 999),
        Case(file: "rsa-sha1-id.tsr", authorities: "root-rsa.pem", signer: "signer-rsa", slackMs: 0),
        Case(file: "p256-chain.tsr", authorities: "root-p384.pem", signer: "signer-p256", slackMs: 999),
        Case(file: "p384.tsr", authorities: "root-p384.pem", signer: "signer-p384", slackMs: 0),
    ]

    @Test(arguments: cases) func `a token of another implementation holds`(_ entry: Case) throws {
        let token = try TimeStampToken.parse(response: Self.bytes(entry.file))
        let statement = try Self.bytes("statement.note")
        try token.check(statement: statement, nonce: nil, trust: Self.trust(entry.authorities))
        #expect((Self.moment...(Self.moment + entry.slackMs)).contains(token.timeMs))
        // 1 s, 500 ms and 100 µs, rounded up.
        #expect(token.accuracyMs == 1_501)
        #expect((token.timeMs + 1_501...token.timeMs + 1_502).contains(token.latestMs))
        #expect(token.policy == "1.2.3.4.1")
        #expect(token.authority == entry.signer)
        #expect(token.imprint == sha256(statement))
    }

    @Test(arguments: cases) func `nobody is trusted unless the verifier says so`(_ entry: Case) throws {
        let token = try TimeStampToken.parse(response: Self.bytes(entry.file))
        let other = entry.authorities == "root-rsa.pem" ? "root-p384.pem" : "root-rsa.pem"
        for trust in [TimeStampTrust(), try Self.trust(other)] {
            #expect(throws: TimeStampError.notTrusted) {
                try token.check(statement: Self.bytes("statement.note"), nonce: nil, trust: trust)
            }
        }
    }

    @Test func `an authority in the token is enough when its fingerprint is trusted`() throws {
        let token = try TimeStampToken.parse(response: Self.bytes("p256-chain.tsr"))
        let trust = TimeStampTrust(fingerprints: try Self.trust("root-p384.pem").fingerprints)
        try token.check(statement: Self.bytes("statement.note"), nonce: nil, trust: trust)
        let lone = try TimeStampToken.parse(response: Self.bytes("p384.tsr"))
        #expect(throws: TimeStampError.notTrusted) {
            try lone.check(statement: Self.bytes("statement.note"), nonce: nil, trust: trust)
        }
    }

    @Test func `a request is written as openssl writes it`() throws {
        let query = try Self.bytes("request.tsq")
        // … INTEGER of eight octets and a zero before them, BOOLEAN at the end.
        let nonce = query.dropLast(3).suffix(8).reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        let request = TimeStampRequest(statement: try Self.bytes("statement.note"), nonce: nonce)
        #expect(request.encoded() == query)
        let token = try TimeStampToken.parse(response: Self.bytes("rsa.tsr"))
        let trust = try Self.trust("root-rsa.pem")
        try token.check(statement: Self.bytes("statement.note"), nonce: nonce, trust: trust)
        #expect(throws: TimeStampError.otherNonce) {
            try token.check(statement: Self.bytes("statement.note"), nonce: nonce ^ 1, trust: trust)
        }
    }

    @Test func `a refusal is told with the authority's reason`() throws {
        #expect(
            throws: TimeStampError.notGranted(status: 2, reason: ", Message digest algorithm is not supported., badAlg")
        ) { try TimeStampToken.parse(response: Self.bytes("rejected.tsr")) }
    }

    @Test func `a token without its certificate, over another statement or by an expired signer does not hold`() throws
    {
        #expect(throws: TimeStampError.unsupported("a token without its certificate")) {
            try TimeStampToken.parse(response: Self.bytes("bare.tsr"))
        }
        let trust = try Self.trust("root-rsa.pem")
        #expect(throws: TimeStampError.otherStatement) {
            try TimeStampToken.parse(response: Self.bytes("other-statement.tsr"))
                .check(statement: Self.bytes("statement.note"), nonce: nil, trust: trust)
        }
        #expect(throws: TimeStampError.notValidThen) {
            try TimeStampToken.parse(response: Self.bytes("expired.tsr"))
                .check(statement: Self.bytes("statement.note"), nonce: nil, trust: Self.trust("root-p384.pem"))
        }
    }

    @Test func `a file of certificates that is none is refused`() throws {
        for text in ["", "no certificate", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"] {
            var trust = TimeStampTrust()
            #expect(throws: TimeStampError.malformed(part: "the file of certificates")) {
                try trust.add(pem: Array(text.utf8))
            }
            #expect(trust.isEmpty)
        }
    }
}
