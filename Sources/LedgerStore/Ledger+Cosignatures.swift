package import Hashing

/// One witness's cosignature over a checkpoint of this log.
package struct StoredCosignature: Hashable, Sendable {
    /// The checkpoint's size; with the log's one history it says which checkpoint.
    package let size: UInt64
    /// The witness's verifier key as text.
    package let witness: String
    /// The signature line as the witness gave it, without LF.
    package let line: String

    package init(size: UInt64, witness: String, line: String) {
        self.size = size
        self.witness = witness
        self.line = line
    }
}

/// Cosignatures are kept beside the checkpoints; whoever keeps one has checked it.
extension Ledger {
    /// Keeps a cosignature of a stored checkpoint. The first of a witness over a checkpoint stays: it is the earliest.
    package func keep(_ cosignature: StoredCosignature) throws {
        try write { database in
            try database.run(
                "INSERT INTO cosignature (size, witness, line) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
                .natural(cosignature.size), .text(cosignature.witness), .text(cosignature.line))
        }
    }

    package func cosignatures(size: UInt64) throws -> [StoredCosignature] { try database().cosignatures(size: size) }

    /// RFC 6962 section 2.1.2; `old` from 1 to `size`.
    package func consistencyProof(from old: UInt64, to size: UInt64) throws -> [Hash] {
        try database().consistencyProof(from: old, to: size)
    }
}

extension LedgerReader {
    package func cosignatures(size: UInt64) throws -> [StoredCosignature] { try database().cosignatures(size: size) }
}

extension Database {
    /// In the order of the witnesses' keys.
    func cosignatures(size: UInt64) throws -> [StoredCosignature] {
        try rows("SELECT size, witness, line FROM cosignature WHERE size = ? ORDER BY witness", .natural(size)) {
            StoredCosignature(size: try $0.natural(0), witness: try $0.text(1), line: try $0.text(2))
        }
    }
}
