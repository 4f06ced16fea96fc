package import MerkleLog
import Witness

/// A signed checkpoint with everything that proves, without a node, that it stands on the network (`formats.md` section 5).
package struct ProvenAnchor: Hashable, Sendable {
    static let partBytesMax = 1 << 20

    /// The signed checkpoint, as the gateway signed it.
    package let note: SignedNote
    package let block: [UInt8]
    /// Payload bytes from `u32 7` on.
    package let milestone: [UInt8]
    /// Per step from the leaf: u8 side of the sibling, 32 bytes.
    package let path: [UInt8]

    package init(note: SignedNote, block: [UInt8], milestone: [UInt8], path: [UInt8]) {
        self.note = note
        self.block = block
        self.milestone = milestone
        self.path = path
    }

    /// Reads `BASE.note`, `.block`, `.milestone`, `.path`. Throws `memoryDamaged` when a part is gone or is no note.
    init(at base: String) throws {
        func read(_ part: String) throws -> [UInt8] {
            let path = "\(base).\(part)"
            guard let bytes = try StoreFiles.read(path, sizeBytesMax: Self.partBytesMax) else {
                throw WitnessError.memoryDamaged(path: path)
            }
            return bytes
        }
        guard let note = SignedNote(String(decoding: try read("note"), as: UTF8.self)) else {
            throw WitnessError.memoryDamaged(path: "\(base).note")
        }
        self.init(note: note, block: try read("block"), milestone: try read("milestone"), path: try read("path"))
    }

    /// Keeps the four files; when this returns they are on disk. The note is written last and makes them whole.
    func write(at base: String) throws {
        try StoreFiles.makeFolder(String(base[..<(base.lastIndex(of: "/") ?? base.startIndex)]))
        try StoreFiles.replace("\(base).block", with: block)
        try StoreFiles.replace("\(base).milestone", with: milestone)
        try StoreFiles.replace("\(base).path", with: path)
        try StoreFiles.replace("\(base).note", with: Array(note.note.utf8))
    }
}
