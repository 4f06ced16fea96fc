package import MerkleLog
import Witness

/// One anchor with everything that proves it without a node (`formats.md` section 5).
package struct KeptAnchor: Hashable, Sendable {
    package let seq: UInt64
    /// The signed checkpoint, as the gateway signed it.
    package let note: SignedNote
    package let block: [UInt8]
    /// Payload bytes from `u32 7` on.
    package let milestone: [UInt8]
    /// Per step from the leaf: u8 side of the sibling, 32 bytes.
    package let path: [UInt8]

    package init(seq: UInt64, note: SignedNote, block: [UInt8], milestone: [UInt8], path: [UInt8]) {
        self.seq = seq
        self.note = note
        self.block = block
        self.milestone = milestone
        self.path = path
    }
}

/// The watcher's own copy of every anchor: `STORE/anchors/0000/00000001.block`, `.milestone`, `.path`, `.note`, named as in
/// a period file.
package struct AnchorShelf: Sendable {
    /// Numbers that names of eight digits can have.
    package static let seqMax: UInt64 = 99_999_999
    static let partBytesMax = 1 << 20

    package let folder: String
    /// Numbers that are whole on disk.
    package private(set) var kept: Set<UInt64> = []
    /// Numbers that no node could show any more: listed by the gateway, pruned by the node.
    package private(set) var missing: Set<UInt64> = []

    /// Reads which numbers are there.
    package init(folder: String) throws {
        self.folder = folder
        try StoreFiles.makeFolder(folder)
        for part in try StoreFiles.names(in: folder) {
            for name in try StoreFiles.names(in: folder + "/" + part) {
                let pieces = name.split(separator: ".", omittingEmptySubsequences: false)
                guard pieces.count == 2, let seq = UInt64(pieces[0]) else { continue }
                if pieces[1] == "note" { kept.insert(seq) }
                if pieces[1] == "missing" { missing.insert(seq) }
            }
        }
    }

    /// Every number up to here is kept or known to be missing: the list of anchors is asked for from here on.
    package var whole: UInt64 {
        var seq: UInt64 = 0
        while kept.contains(seq + 1) || missing.contains(seq + 1) { seq += 1 }
        return seq
    }

    /// Keeps an anchor; when this returns it is on disk. The note is written last and makes it whole.
    package mutating func keep(_ anchor: KeptAnchor) throws {
        try write(anchor.seq, "block", anchor.block)
        try write(anchor.seq, "milestone", anchor.milestone)
        try write(anchor.seq, "path", anchor.path)
        try write(anchor.seq, "note", Array(anchor.note.note.utf8))
        kept.insert(anchor.seq)
        missing.remove(anchor.seq)
    }

    /// Notes that no node shows this anchor's block any more.
    package mutating func giveUp(_ seq: UInt64) throws {
        guard !kept.contains(seq) else { return }
        try write(seq, "missing", [])
        missing.insert(seq)
    }

    /// `nil` for a number that is not kept. Throws `memoryDamaged` when a part is gone or is no note.
    package func anchor(_ seq: UInt64) throws -> KeptAnchor? {
        guard kept.contains(seq) else { return nil }
        let text = String(decoding: try read(seq, "note"), as: UTF8.self)
        guard let note = SignedNote(text) else { throw WitnessError.memoryDamaged(path: path(seq, "note")) }
        return KeptAnchor(
            seq: seq, note: note, block: try read(seq, "block"), milestone: try read(seq, "milestone"),
            path: try read(seq, "path"))
    }

    private func read(_ seq: UInt64, _ part: String) throws -> [UInt8] {
        let path = path(seq, part)
        guard let bytes = try StoreFiles.read(path, sizeBytesMax: Self.partBytesMax) else {
            throw WitnessError.memoryDamaged(path: path)
        }
        return bytes
    }

    private func write(_ seq: UInt64, _ part: String, _ bytes: [UInt8]) throws {
        let path = path(seq, part)
        try StoreFiles.makeFolder(String(path[..<(path.lastIndex(of: "/") ?? path.startIndex)]))
        try StoreFiles.replace(path, with: bytes)
    }

    private func path(_ seq: UInt64, _ part: String) -> String {
        let digits = String(seq)
        let name = String(repeating: "0", count: max(0, 8 - digits.utf8.count)) + digits
        return "\(folder)/\(name.prefix(4))/\(name).\(part)"
    }
}
