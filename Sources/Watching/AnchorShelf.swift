package import Hashing
import MerkleLog
import Tangle
import Witness

/// One anchor of the gateway's list with everything that proves it without a node (`formats.md` section 5).
package struct KeptAnchor: Hashable, Sendable {
    package let seq: UInt64
    package let proven: ProvenAnchor

    package init(seq: UInt64, proven: ProvenAnchor) {
        self.seq = seq
        self.proven = proven
    }
}

/// The watcher's own copy of every anchor: `STORE/anchors/0000/00000001.block`, `.milestone`, `.path`, `.note`, named as in
/// a period file.
package struct AnchorShelf: Sendable {
    /// Numbers that names of eight digits can have.
    package static let seqMax: UInt64 = 99_999_999

    package let folder: String
    /// Numbers that are whole on disk.
    package private(set) var kept: Set<UInt64> = []
    /// Numbers that no node could show any more: listed by the gateway, pruned by the node.
    package private(set) var missing: Set<UInt64> = []
    /// What the kept ones say, by size; read when it is asked for first.
    private var roots: [UInt64: Hash]?
    /// Blocks that were kept in this run.
    private var blocks: Set<Hash> = []

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
        try anchor.proven.write(at: base(anchor.seq))
        kept.insert(anchor.seq)
        missing.remove(anchor.seq)
        blocks.insert(Block.id(of: anchor.proven.block).hash)
        if let checkpoint = anchor.proven.note.checkpoint { roots?[checkpoint.size] = checkpoint.root }
    }

    /// Notes that no node shows this anchor's block any more.
    package mutating func giveUp(_ seq: UInt64) throws {
        guard !kept.contains(seq) else { return }
        let path = base(seq) + ".missing"
        try StoreFiles.makeFolder(String(path[..<(path.lastIndex(of: "/") ?? path.startIndex)]))
        try StoreFiles.replace(path, with: [])
        missing.insert(seq)
    }

    /// `nil` for a number that is not kept. Throws `memoryDamaged` when a part is gone or is no note.
    package func anchor(_ seq: UInt64) throws -> KeptAnchor? {
        guard kept.contains(seq) else { return nil }
        return KeptAnchor(seq: seq, proven: try ProvenAnchor(at: base(seq)))
    }

    /// Whether this block was kept in this run; of those of earlier runs `root(ofSize:)` knows.
    package func isListed(_ block: Hash) -> Bool { blocks.contains(block) }

    /// The root that a kept anchor has for so many leaves; `nil` when there is none.
    package mutating func root(ofSize size: UInt64) throws -> Hash? {
        if let roots { return roots[size] }
        var read: [UInt64: Hash] = [:]
        for seq in kept {
            if let checkpoint = try anchor(seq)?.proven.note.checkpoint { read[checkpoint.size] = checkpoint.root }
        }
        roots = read
        return read[size]
    }

    private func base(_ seq: UInt64) -> String {
        let digits = String(seq)
        let name = String(repeating: "0", count: max(0, 8 - digits.utf8.count)) + digits
        return "\(folder)/\(name.prefix(4))/\(name)"
    }
}
