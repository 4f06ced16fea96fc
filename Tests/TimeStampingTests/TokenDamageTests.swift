import Hashing
import StampTesting
import Testing
import TestTools
import TimeStamping

/// Goal: bytes that somebody has touched never verify, and never stop the program.
/// Method: every byte of tokens of another implementation is flipped in several ways, cut off, doubled; then random bytes.
@Suite struct `Time-stamp damaged tokens` {
    static let files = ["rsa.tsr", "p256-chain.tsr", "p384.tsr", "rsa-sha1-id.tsr"]

    /// Bytes that nobody signed: in the response around the token "granted" may become "granted with changes", and
    /// certificates on the way, but for the signer's own, matter only as far as they are used.
    private static func isHarmless(_ place: Int, _ mask: UInt8, file: String) -> Bool {
        place == 8 && mask == 1 || file == "p256-chain.tsr"
    }

    @Test(arguments: files) func `a flipped byte never verifies`(_ file: String) throws {
        let whole = try `Time-stamp golden tokens`.bytes(file)
        let statement = try `Time-stamp golden tokens`.bytes("statement.note")
        let trust = try `Time-stamp golden tokens`.trust(file.hasPrefix("rsa") ? "root-rsa.pem" : "root-p384.pem")
        let honest = try TimeStampToken.parse(response: whole)
        var verified = 0
        for place in whole.indices {
            for mask: UInt8 in [0x01, 0x80] {
                var bytes = whole
                bytes[place] ^= mask
                do {
                    let token = try TimeStampToken.parse(response: bytes)
                    try token.check(statement: statement, nonce: nil, trust: trust)
                    #expect(Self.isHarmless(place, mask, file: file), "byte \(place) with \(mask) of \(file)")
                    #expect(token.timeMs == honest.timeMs && token.latestMs == honest.latestMs)
                    verified += 1
                } catch { continue }
            }
        }
        if file != "p256-chain.tsr" { #expect(verified == 1) }
    }

    @Test(arguments: files) func `a token that is cut off or goes on never verifies`(_ file: String) throws {
        let whole = try `Time-stamp golden tokens`.bytes(file)
        for size in 0..<whole.count {
            #expect(throws: TimeStampError.self) { try TimeStampToken.parse(response: whole.prefix(size)) }
        }
        #expect(throws: TimeStampError.self) { try TimeStampToken.parse(response: whole + [0]) }
        #expect(throws: TimeStampError.tooLarge(sizeBytes: 65_537)) {
            try TimeStampToken.parse(response: whole + Array(repeating: 0, count: 65_537 - whole.count))
        }
    }

    @Test(arguments: [11, 12, 13] as [UInt64]) func `random bytes are thrown at`(_ seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        let whole = try `Time-stamp golden tokens`.bytes("p256-chain.tsr")
        for round in 0..<3_000 {
            var bytes = whole
            for _ in 0..<(1 + Int(generator.next() % 12)) {
                let place = Int(generator.next() % UInt64(bytes.count))
                switch generator.next() % 3 {
                case 0: bytes[place] = UInt8(truncatingIfNeeded: generator.next())
                case 1: bytes.remove(at: place)
                default: bytes.insert(UInt8(truncatingIfNeeded: generator.next()), at: place)
                }
            }
            do {
                let token = try TimeStampToken.parse(response: bytes)
                try token.check(statement: whole, nonce: nil, trust: TimeStampTrust())
                Issue.record("a token over other bytes was taken: seed \(seed), round \(round)")
            } catch { continue }
        }
    }

    @Test func `nodes nested without end are thrown at`() {
        var bytes: [UInt8] = [0x30, 0x80]
        for _ in 0..<20_000 { bytes += [0x30, 0x80] }
        #expect(throws: TimeStampError.self) { try TimeStampToken.parse(response: bytes) }
        var nested: [UInt8] = [0x05, 0x00]
        while nested.count < 60_000 { nested = DER.node(0x30, nested) }
        #expect(throws: TimeStampError.self) { try TimeStampToken.parse(response: nested) }
    }
}
