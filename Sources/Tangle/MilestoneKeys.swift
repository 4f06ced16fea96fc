import Crypto
import FoundationEssentials

/// A public key that may sign milestones, as pinned by whoever judges them. Data with a range, never code.
package struct MilestoneKey: Hashable, Sendable {
    /// 32 bytes, Ed25519.
    package var publicKey: [UInt8]
    /// First milestone index it may sign.
    package var start: UInt32
    /// Last one; 0 = for ever.
    package var end: UInt32
    /// Who holds the private key. Two keys of one holder count once.
    package var holder: String

    package init(publicKey: [UInt8], start: UInt32 = 0, end: UInt32 = 0, holder: String) {
        self.publicKey = publicKey
        self.start = start
        self.end = end
        self.holder = holder
    }

    package func covers(_ index: UInt32) -> Bool { index >= start && (end == 0 || index <= end) }
}

/// What one signature of a milestone is worth under a list of keys.
package enum SignatureFinding: Equatable, Sendable {
    case valid(holder: String)
    /// Signed by a known key of this index, but not over this id.
    case invalid
    /// The list has no such key: the list may be old.
    case unknownKey
    /// The list has the key, for other indexes.
    case outOfRange
}

/// What all signatures of a milestone are worth together.
package enum MilestoneVerdict: Equatable, Sendable {
    case holds(holders: Set<String>)
    /// A signer is unknown or out of its range: nothing can be said with this list.
    case unknownSigner
    /// All signers are known, one signature is wrong.
    case invalidSignature
    case tooFewHolders(have: Int, need: Int)
}

extension Milestone {
    /// One finding per signature, in their order. Ed25519 as in RFC 8032: stricter than the network's ZIP-215, and
    /// every honest signature passes.
    package func signatureFindings(keys: [MilestoneKey]) -> [SignatureFinding] {
        let message = id.bytes
        return signatures.map { signature in
            let known = keys.filter { $0.publicKey == signature.publicKey }
            guard !known.isEmpty else { return .unknownKey }
            guard let key = known.first(where: { $0.covers(index) }) else { return .outOfRange }
            return isValidEd25519(signature.signature, of: message, by: signature.publicKey)
                ? .valid(holder: key.holder) : .invalid
        }
    }

    /// Holds when every signature is by a key valid for the index and right, and `threshold` holders signed.
    package func verdict(keys: [MilestoneKey], threshold: Int) -> MilestoneVerdict {
        let findings = signatureFindings(keys: keys)
        var holders: Set<String> = []
        for finding in findings {
            switch finding {
            case .unknownKey, .outOfRange: return .unknownSigner
            case .valid(let holder): holders.insert(holder)
            case .invalid: continue
            }
        }
        if findings.contains(.invalid) { return .invalidSignature }
        guard holders.count >= max(1, threshold) else { return .tooFewHolders(have: holders.count, need: threshold) }
        return .holds(holders: holders)
    }
}

private func isValidEd25519(_ signature: [UInt8], of message: [UInt8], by publicKey: [UInt8]) -> Bool {
    guard let key = try? Curve25519.Signing.PublicKey(rawRepresentation: publicKey) else {
        return false  // Bytes that are no point sign nothing.
    }
    return key.isValidSignature(signature, for: message)
}
