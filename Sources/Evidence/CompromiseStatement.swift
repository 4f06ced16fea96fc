import CanonicalCBOR
package import Hashing
import LogEntries
import MerkleLog

/// One entry of `06-compromised.cbor`: the recovery key says that the log key was stolen, and up to which tree it still
/// vouches for the log.
package struct PeriodCompromise: Hashable, Sendable {
    /// Entries of one file at most.
    package static let countMax = 100

    /// 109 bytes, an `AnchorPayload` of kind 2.
    package var statement: [UInt8]
    /// Text of the recovery key, whose hash stands on the card.
    package var recoveryKey: String
    /// RFC 6962 consistency proof between the statement's tree and the file's, from the smaller to the larger; empty when the
    /// file shows the statement's root itself, or nothing before it.
    package var proof: [Hash]

    package init(statement: [UInt8], recoveryKey: String, proof: [Hash]) {
        self.statement = statement
        self.recoveryKey = recoveryKey
        self.proof = proof
    }

    /// What the recovery key said; `nil` unless it is a statement of this log by the key with this hash.
    func judged(origin: String, recoveryHash: Hash) -> CompromiseStatement? {
        guard let key = LogKeys.recoveryKey(recoveryKey, origin: origin, hash: recoveryHash),
            let payload = AnchorPayload(bytes: statement), payload.kind == .compromised, payload.isSigned(by: key)
        else { return nil }
        return CompromiseStatement(payload: payload, proof: proof)
    }

    static func encode(_ entries: [PeriodCompromise]) -> [UInt8] { cbor(entries).encoded() }

    static func cbor(_ entries: [PeriodCompromise]) -> CBOR {
        .array(
            entries.map { entry in
                .array([
                    .bytes(entry.statement), .text(entry.recoveryKey), .array(entry.proof.map { .bytes($0.bytes) }),
                ])
            })
    }

    /// `nil` for anything but 1 to `countMax` entries, ascending by size.
    static func list(_ value: CBOR) -> [PeriodCompromise]? {
        guard let entries = value.asArray, (1...countMax).contains(entries.count) else { return nil }
        var found: [PeriodCompromise] = []
        var last: UInt64?
        for entry in entries {
            guard let fields = entry.asArray, fields.count == 3, let statement = fields[0].asBytes,
                let payload = AnchorPayload(bytes: statement), last.map({ payload.size > $0 }) ?? true,
                let key = fields[1].asText, let proof = FileCBOR.hashes(fields[2])
            else { return nil }
            last = payload.size
            found.append(PeriodCompromise(statement: statement, recoveryKey: key, proof: proof))
        }
        return found
    }
}

/// A statement by the recovery key that holds.
package struct CompromiseStatement: Sendable {
    let payload: AnchorPayload
    let proof: [Hash]

    /// Leaves that whoever has the stolen key could have written: from the statement's size on, up to the tree that a key
    /// which came later signs too.
    func doubtful(_ keys: LogKeys) -> Range<UInt64> {
        let change = keys.changes.first { $0.leafIndex >= payload.size }
        return payload.size..<(change.map { LogKeys.sizeOfChange($0.leafIndex) } ?? .max)
    }

    /// Whether the other tree and the statement's are two states of one log.
    func isConsistent(size: UInt64, root: Hash) -> Bool {
        size <= payload.size
            ? MerkleTree.isConsistent(
                oldSize: size, oldRoot: root, size: payload.size, root: payload.root, proof: proof)
            : MerkleTree.isConsistent(
                oldSize: payload.size, oldRoot: payload.root, size: size, root: root, proof: proof)
    }
}

extension PeriodFile {
    static func compromises(_ bytes: ArraySlice<UInt8>) throws(Stop) -> [PeriodCompromise] {
        let part = "06-compromised.cbor"
        guard let entries = PeriodCompromise.list(try FileCBOR.decode(bytes, part)) else {
            throw Stop(.malformed, part)
        }
        return entries
    }
}
