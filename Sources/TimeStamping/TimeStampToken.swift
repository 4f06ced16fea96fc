package import Hashing
import SwiftASN1

/// An authority's answer with a token in it: these bytes existed at that moment, says its key.
///
/// The bytes are those of TimeStampResp (RFC 3161 section 2.4.2), as `openssl ts -verify -in` reads them.
package struct TimeStampToken: Sendable {
    package static let sizeBytesMax = 1 << 16
    /// `application/timestamp-reply`.
    package static let mediaType = "application/timestamp-reply"

    /// The authority's clock, ms since 1970, rounded down.
    package var timeMs: Int64 { info.time.ms }
    /// The latest moment that the authority allows for: its clock and its stated accuracy, rounded up, ms since 1970.
    package var latestMs: Int64 { info.time.ms + (info.time.isRounded ? 1 : 0) + (info.accuracyMs ?? 0) }
    /// Stated by the authority; nil when it states none.
    package var accuracyMs: Int64? { info.accuracyMs }
    /// SHA-256 of the bytes that the token is over; nil when the authority used another digest.
    package var imprint: Hash? { info.imprint }
    /// The authority's number of this token, hexadecimal.
    package var serial: String { info.serial }
    /// The authority's policy, as an object identifier in dots.
    package var policy: String { info.policy }
    /// The common name of the signer's certificate; nil when it has none.
    package var authority: String? { signed.signer.commonName }

    private let info: TimeStampInfo
    private let signed: SignedData

    /// Reads a response. Nothing is judged yet: see `check`.
    ///
    /// - Throws: `notGranted` when the authority refused; `malformed`, `unsupported` or `tooLarge` for everything else.
    package static func parse(response: some Collection<UInt8>) throws(TimeStampError) -> TimeStampToken {
        let part = "the response"
        guard response.count <= sizeBytesMax else { throw .tooLarge(sizeBytes: response.count) }
        var fields = try DERFields(try ASN1Node.parse(ArraySlice(response), part), part)
        let status = try Status(try fields.next())
        guard status.isGranted else { throw .notGranted(status: status.number, reason: status.reason) }
        let signed = try SignedData(try fields.next())
        try fields.end()
        return TimeStampToken(info: try TimeStampInfo(signed.content[...]), signed: signed)
    }

    private init(info: TimeStampInfo, signed: SignedData) {
        self.info = info
        self.signed = signed
    }

    /// Returns when the token is over exactly these bytes, signed as it should be, by somebody who is trusted.
    ///
    /// - Parameter nonce: of the request, for whoever has made it; nil for everybody else.
    /// - Throws: `notTrusted` only when all the rest holds.
    package func check(
        statement: some Collection<UInt8>, nonce: UInt64?, trust: TimeStampTrust
    ) throws(TimeStampError) {
        guard let imprint else { throw .unsupported("a digest of the statement other than SHA-256") }
        guard imprint == sha256(statement) else { throw .otherStatement }
        if let nonce, info.nonce != nonce { throw .otherNonce }
        try signed.checkSignature()
        try CertificatePath.check(signed.signer, among: signed.certificates, trust: trust, atMs: info.time.ms)
    }

    /// PKIStatusInfo (RFC 3161 section 2.4.2).
    private struct Status {
        static let textsMax = 8
        static let textBytesMax = 200

        let number: UInt64
        /// For people, beginning with a comma; empty when the authority gives none.
        let reason: String
        /// Granted, or granted with changes: a token must be there, and is judged as it is.
        var isGranted: Bool { number <= 1 }

        init(_ node: ASN1Node) throws(TimeStampError) {
            let part = "the response's status"
            var fields = try DERFields(node, part)
            number = try fields.next().unsigned(part)
            guard number <= 5 else { throw .malformed(part: part) }
            var words: [String] = []
            if let texts = fields.optional(.sequence) {
                var list = try DERFields(texts, part)
                for text in try list.rest(countMax: Self.textsMax) {
                    guard text.identifier == .utf8String, case .primitive(let bytes) = text.content else {
                        throw .malformed(part: part)
                    }
                    words.append(String(decoding: bytes.prefix(Self.textBytesMax), as: UTF8.self))
                }
            }
            if let failure = fields.optional(.bitString) {
                words.append(Self.name(try failure.bits(part).bytes))
            }
            try fields.end()
            reason = words.filter { !$0.isEmpty }.map { ", \($0)" }.joined()
        }

        /// The first bit that is set, by its name.
        private static func name(_ bytes: ArraySlice<UInt8>) -> String {
            let names: [Int: String] = [
                0: "badAlg", 2: "badRequest", 5: "badDataFormat", 14: "timeNotAvailable", 15: "unacceptedPolicy",
                16: "unacceptedExtension", 17: "addInfoNotAvailable", 25: "systemFailure",
            ]
            for (place, byte) in bytes.enumerated() where byte != 0 {
                let bit = place * 8 + byte.leadingZeroBitCount
                return names[bit] ?? "failure \(bit)"
            }
            return ""
        }
    }
}
