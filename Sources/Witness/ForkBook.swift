import Hashing
package import MerkleLog

/// Two signed checkpoints of one log that cannot both be true. Whoever holds both notes can show it to anybody.
package struct ForkEvidence: Hashable, Sendable {
    /// What was known when the other one appeared.
    package let known: SignedNote
    package let shown: SignedNote

    package init(known: SignedNote, shown: SignedNote) {
        self.known = known
        self.shown = shown
    }

    /// Same size, other root: the two notes alone prove it. Otherwise the log's own tiles do, which lead to the one and not
    /// to the other.
    package var isEquivocation: Bool { known.checkpoint?.size == shown.checkpoint?.size }
}

/// The forks a witness has seen, two files each. Nothing here is ever removed or replaced by the program.
package struct ForkBook: Sendable {
    /// Forks that are kept: one is enough to end a log's good name.
    package static let forksMax = 100

    /// `STORE/forks`.
    package let folder: String

    package init(folder: String) { self.folder = folder }

    /// Keeps both notes; when this returns they are on disk. The same fork again, and any beyond `forksMax`, changes nothing.
    package func keep(known: SignedNote, shown: SignedNote) throws {
        guard let a = known.checkpoint, let b = shown.checkpoint else { return }
        let name = "\(b.size)-\(b.root.hex.prefix(16))-against-\(a.size)-\(a.root.hex.prefix(16))"
        let names = try names()
        guard !names.contains(name), names.count < Self.forksMax else { return }
        // The second file makes the pair whole: a reader goes by it.
        try StoreFiles.replace("\(folder)/\(name).known", with: Array(known.note.utf8))
        try StoreFiles.replace("\(folder)/\(name).shown", with: Array(shown.note.utf8))
    }

    /// All of them, in the order of their names.
    package func all() throws -> [ForkEvidence] {
        try names().map { name in
            ForkEvidence(known: try note("\(folder)/\(name).known"), shown: try note("\(folder)/\(name).shown"))
        }
    }

    private func note(_ path: String) throws -> SignedNote {
        guard let bytes = try StoreFiles.read(path, sizeBytesMax: SignedNote.sizeBytesMax),
            let text = String(validating: bytes, as: UTF8.self), let note = SignedNote(text)
        else { throw WitnessError.memoryDamaged(path: path) }
        return note
    }

    private func names() throws -> [String] {
        try StoreFiles.names(in: folder).filter { $0.hasSuffix(".shown") }.map { String($0.dropLast(6)) }.sorted()
    }
}
