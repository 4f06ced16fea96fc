import Hashing
package import MerkleLog

/// What a witness remembers between two runs: for every log the latest checkpoint it cosigned, as a note with the log's
/// and its own signature, in one file named after the origin.
package struct WitnessMemory: Sendable {
    /// A note of a log and a witness with a few keys each is far below this, bytes.
    package static let noteBytesMax = 16 << 10

    /// `STORE/latest`.
    package let folder: String
    private let fault: StoreFiles.Fault

    /// - Parameter fault: lets tests fail a step of every write.
    package init(folder: String, fault: @escaping StoreFiles.Fault = { _ in }) {
        self.folder = folder
        self.fault = fault
    }

    /// Hex of SHA-256 of the origin: the file's name here, and the log's name in C2SP `tlog-witness` section "Monitor
    /// Retrieval Mechanism".
    package static func name(origin: String) -> String { sha256(Array(origin.utf8)).hex }

    private func path(_ origin: String) -> String { folder + "/" + Self.name(origin: origin) }

    /// The latest checkpoint; `nil` when there never was one.
    ///
    /// It is read from the disk every time: after a write whose end is unknown the disk alone knows what will be there.
    /// Throws `memoryDamaged` for anything that is not a note of this log that `witness` signed.
    package func latest(of origin: String, by witness: VerifierKey) throws -> SignedNote? {
        let path = path(origin)
        guard let bytes = try StoreFiles.read(path, sizeBytesMax: Self.noteBytesMax) else { return nil }
        guard let text = String(validating: bytes, as: UTF8.self), let note = SignedNote(text),
            note.checkpoint?.origin == origin, note.isSigned(by: witness)
        else { throw WitnessError.memoryDamaged(path: path) }
        return note
    }

    /// When this returns, the checkpoint is on disk in the place of the one before.
    package func keep(_ note: SignedNote, of origin: String) throws {
        try StoreFiles.replace(path(origin), with: Array(note.note.utf8), fault: fault)
    }
}
