package import MerkleLog

/// What a witness answers to `add-checkpoint` (C2SP `tlog-witness`). A refusal is an answer, not an error.
package enum AddCheckpointAnswer: Hashable, Sendable {
    /// 200: the witness has kept this checkpoint as its latest; its signatures over it.
    case cosigned([SignedNote.Signature])
    /// 400: not a request, or an old size beyond the checkpoint's.
    case malformed
    /// 403: no signature by a key that the witness trusts for this origin, or one that does not hold.
    case notSigned
    /// 404: a log that the witness does not follow.
    case unknownLog
    /// 409: the size of the latest checkpoint that the witness cosigned; 0 when it never did.
    case otherSize(UInt64)
    /// 422: the proof does not lead from what the witness knows to this checkpoint.
    case inconsistent

    /// `Content-Type` of a 409.
    package static let sizeType = "text/x.tlog.size"
    /// Longest answer that is read, bytes.
    package static let bodyBytesMax = 16 << 10
    /// Signature lines of one witness at most: it may hold several keys.
    package static let signaturesMax = 8

    package var status: Int {
        switch self {
        case .cosigned: 200
        case .malformed: 400
        case .notSigned: 403
        case .unknownLog: 404
        case .otherSize: 409
        case .inconsistent: 422
        }
    }

    package var contentType: String {
        if case .otherSize = self { Self.sizeType } else { "text/plain; charset=utf-8" }
    }

    /// Lines, each ended by LF. Only those of 200 and 409 are contract; the others are for people.
    package var body: String {
        switch self {
        case .cosigned(let signatures): signatures.map { $0.line + "\n" }.joined()
        case .malformed: "not an add-checkpoint request, or its old size is beyond the checkpoint's\n"
        case .notSigned: "the checkpoint carries no valid signature of a key trusted for its origin\n"
        case .unknownLog: "this witness does not follow that origin\n"
        case .otherSize(let size): "\(size)\n"
        case .inconsistent: "the proof does not lead from the known checkpoint to this one\n"
        }
    }

    /// Reads a witness's answer; `nil` for a status outside the protocol or a body that is not what the status promises.
    package init?(status: Int, body: [UInt8]) {
        guard body.count <= Self.bodyBytesMax else { return nil }
        switch status {
        case 200:
            guard body.last == 0x0a else { return nil }
            let lines = body.dropLast().split(separator: 0x0a, omittingEmptySubsequences: false)
            guard lines.count <= Self.signaturesMax else { return nil }
            let signatures = lines.compactMap { line in
                String(validating: line, as: UTF8.self).flatMap { SignedNote.Signature(line: $0) }
            }
            guard signatures.count == lines.count else { return nil }
            self = .cosigned(signatures)
        case 400: self = .malformed
        case 403: self = .notSigned
        case 404: self = .unknownLog
        case 409:
            let text = String(decoding: body, as: UTF8.self)
            guard let size = UInt64(text.dropLast()), text == "\(size)\n" else { return nil }
            self = .otherSize(size)
        case 422: self = .inconsistent
        default: return nil
        }
    }
}
