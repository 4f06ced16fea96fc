package import Hashing

/// One resource of a log in C2SP tlog-tiles: 256 hashes of one level, or the entries of a level-0 tile.
package struct Tile: Hashable, Sendable {
    package enum Content: Hashable, Sendable {
        /// Hashes of the full subtrees of tree level 8·`level`; `level` is 0 … 7 for sizes below 2⁶⁴.
        case hashes(level: Int)
        case entries
    }

    package static let widthMax = 256
    package static let height = 8

    package let content: Content
    package let index: UInt64
    /// 1 … 256; below 256 the tile is partial.
    package let width: Int

    /// `nil` for a level outside 0 … 7, a width outside 1 … 256, or an index beyond a log of 2⁶⁴ entries.
    package init?(_ content: Content, index: UInt64, width: Int = Tile.widthMax) {
        var level = 0
        if case .hashes(let stated) = content { level = stated }
        guard (0...7).contains(level), (1...Tile.widthMax).contains(width) else { return nil }
        guard index <= UInt64.max >> UInt64(Tile.height * (level + 1)) else { return nil }
        self.content = content
        self.index = index
        self.width = width
    }

    /// Reads `tile/L/N[.p/W]` and `tile/entries/N[.p/W]` (C2SP tlog-tiles); `nil` for any other spelling.
    package init?(path: String) {
        var parts = path.split(separator: "/", omittingEmptySubsequences: false)[...]
        guard parts.popFirst() == "tile", let kind = parts.popFirst(), var last = parts.popLast() else { return nil }
        var width = Tile.widthMax
        if let stem = parts.last, stem.hasSuffix(".p") {
            guard let stated = Int(last), stated < Tile.widthMax else { return nil }
            width = stated
            last = stem.dropLast(2)
            parts.removeLast()
        }
        var index: UInt64 = 0
        for part in parts {
            guard part.first == "x" else { return nil }
            guard Tile.extend(&index, by: part.dropFirst()) else { return nil }
        }
        guard Tile.extend(&index, by: last) else { return nil }
        if kind == "entries" {
            self.init(.entries, index: index, width: width)
        } else {
            guard let level = Int(kind) else { return nil }
            self.init(.hashes(level: level), index: index, width: width)
        }
        // One tile has one path: leading zeros, signs and useless groups are refused here.
        guard self.path == path else { return nil }
    }

    package var path: String {
        var groups: [String] = []
        var rest = index
        repeat {
            let digits = String(rest % 1_000)
            groups.append(String(repeating: "0", count: 3 - digits.count) + digits)
            rest /= 1_000
        } while rest > 0
        let number = groups.reversed().enumerated().map { $0 < groups.count - 1 ? "x" + $1 : $1 }.joined(separator: "/")
        let kind =
            switch content {
            case .hashes(let level): String(level)
            case .entries: "entries"
            }
        return "tile/\(kind)/\(number)" + (width < Tile.widthMax ? ".p/\(width)" : "")
    }

    /// The leaves or subtrees of the tile's own level that it holds, counted from the left of the tree.
    package var range: Range<UInt64> {
        let start = index * UInt64(Tile.widthMax)
        let (end, isOver) = start.addingReportingOverflow(UInt64(width))
        return start..<(isOver ? UInt64.max : end)
    }

    /// Whether a log of `size` entries has this tile; a partial tile counts as long as the log has that many.
    package func exists(size: UInt64) -> Bool {
        var level = 0
        if case .hashes(let stated) = content { level = stated }
        return range.upperBound <= size >> UInt64(Tile.height * level)
    }

    /// The bytes of a tile of hashes; `node` reads the full subtree (level, index). Only for `.hashes`.
    package func hashBytes<Failure: Error>(node: (Int, UInt64) throws(Failure) -> Hash) throws(Failure) -> [UInt8] {
        guard case .hashes(let level) = content else { return [] }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(width * Hash.sizeBytes)
        for index in range { bytes += try node(Tile.height * level, index).bytes }
        return bytes
    }

    private static func extend(_ index: inout UInt64, by digits: Substring) -> Bool {
        guard digits.utf8.count == 3, digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let group = UInt64(digits)
        else { return false }
        let (product, isOver) = index.multipliedReportingOverflow(by: 1_000)
        let (sum, isCarried) = product.addingReportingOverflow(group)
        index = sum
        return !isOver && !isCarried
    }
}

/// An entry bundle of C2SP tlog-tiles: each entry with its length in two bytes, big-endian, before it.
package enum EntryBundle {
    /// Every entry must have at most 65 535 bytes.
    package static func encode(_ entries: some Sequence<[UInt8]>) -> [UInt8] {
        var bytes: [UInt8] = []
        for entry in entries {
            precondition(entry.count <= Int(UInt16.max))
            bytes.append(UInt8(entry.count >> 8))
            bytes.append(UInt8(entry.count & 255))
            bytes += entry
        }
        return bytes
    }

    /// `nil` when the bytes end inside an entry.
    package static func decode(_ bytes: [UInt8]) -> [[UInt8]]? {
        var entries: [[UInt8]] = []
        var at = 0
        while at < bytes.count {
            guard bytes.count - at >= 2 else { return nil }
            let count = Int(bytes[at]) << 8 | Int(bytes[at + 1])
            at += 2
            guard bytes.count - at >= count else { return nil }
            entries.append(Array(bytes[at..<(at + count)]))
            at += count
        }
        return entries
    }
}
