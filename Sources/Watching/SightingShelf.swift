import Glibc
package import Hashing
import Tangle
import Witness

/// Anchors that were seen on the network and that the gateway has not listed: `STORE/sighted/BLOCK.block`, `.milestone`, `.path`,
/// `.note`, and an empty `.hidden` beside those that it has not listed in time.
package struct SightingShelf: Sendable {
    /// Anchors that are kept here; more are told as a trouble and not kept.
    package static let countMax = 10_000

    package let folder: String
    /// Blocks whose anchors are whole on disk.
    package private(set) var sighted: Set<Hash> = []
    /// Those of them that the gateway hides.
    package private(set) var hidden: Set<Hash> = []

    /// Reads which blocks are there.
    package init(folder: String) throws {
        self.folder = folder
        try StoreFiles.makeFolder(folder)
        for name in try StoreFiles.names(in: folder) {
            let pieces = name.split(separator: ".", omittingEmptySubsequences: false)
            guard pieces.count == 2, let block = Hash(hex: String(pieces[0])) else { continue }
            if pieces[1] == "note" { sighted.insert(block) }
            if pieces[1] == "hidden" { hidden.insert(block) }
        }
        // A mark without its anchor is what a removal left behind that was cut off.
        hidden.formIntersection(sighted)
    }

    package var isFull: Bool { sighted.count >= Self.countMax }

    /// When this returns it is on disk.
    package mutating func keep(_ anchor: ProvenAnchor, block: Hash) throws {
        try anchor.write(at: base(block))
        sighted.insert(block)
    }

    /// Marks an anchor as hidden by the gateway; that outlives restarts.
    package mutating func hide(_ block: Hash) throws {
        guard sighted.contains(block), !hidden.contains(block) else { return }
        try StoreFiles.replace("\(base(block)).hidden", with: [])
        hidden.insert(block)
    }

    /// The gateway has listed it: what is kept of it is among the anchors.
    package mutating func remove(_ block: Hash) {
        // The note first: without it the rest is nothing. What stays behind is removed by the next run that lists it.
        for part in ["note", "hidden", "block", "milestone", "path"] { unlink("\(base(block)).\(part)") }
        sighted.remove(block)
        hidden.remove(block)
    }

    /// Throws `memoryDamaged` when a part is gone or is no note.
    package func anchor(_ block: Hash) throws -> ProvenAnchor { try ProvenAnchor(at: base(block)) }

    private func base(_ block: Hash) -> String { "\(folder)/\(block.hex)" }
}
