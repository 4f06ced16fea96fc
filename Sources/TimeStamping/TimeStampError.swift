/// Why a time-stamp response, or a file of certificates, is of no use.
package enum TimeStampError: Error, Equatable {
    /// Longer than `TimeStampToken.sizeBytesMax`, or a PEM file longer than `TimeStampTrust.fileBytesMax`.
    case tooLarge(sizeBytes: Int)
    /// Not the DER of this part; `part` is for people.
    case malformed(part: String)
    /// The authority answered, and gave no token. `status` is PKIStatus, 2...5 (RFC 3161 section 2.4.2).
    case notGranted(status: UInt64, reason: String)
    /// A structure or an algorithm that this room does not know.
    case unsupported(String)
    /// The token is over other bytes.
    case otherStatement
    /// The token answers another request.
    case otherNonce
    /// `what` is the name of what is signed.
    case badSignature(of: String)
    /// The signer's certificate is not for time stamping alone, or its extension is not critical (RFC 3161 section 2.3).
    case notForTimeStamping
    /// A certificate on the way was not valid at the time that the token states.
    case notValidThen
    /// Everything in the token agrees, but no certificate on its way is trusted.
    case notTrusted
}

extension TimeStampError: CustomStringConvertible {
    /// For the journal and for reports: what it is, in lower case, without a full stop.
    package var description: String {
        switch self {
        case .tooLarge(let sizeBytes): "\(sizeBytes) bytes are too many"
        case .malformed(let part): "\(part) cannot be read"
        case .notGranted(let status, let reason): "the authority gave no token: status \(status)\(reason)"
        case .unsupported(let what): "\(what) is not supported"
        case .otherStatement: "the token is over other bytes"
        case .otherNonce: "the token answers another request"
        case .badSignature(let what): "the signature of \(what) does not hold"
        case .notForTimeStamping: "the signer's certificate is not for time stamping alone"
        case .notValidThen: "a certificate was not valid at the time that the token states"
        case .notTrusted: "no certificate of the token is trusted"
        }
    }
}
