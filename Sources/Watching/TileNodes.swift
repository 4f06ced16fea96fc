import Hashing
import MerkleLog
import WitnessClient

/// Reads a log's Merkle nodes from its tiles (C2SP `tlog-tiles`). What the tiles say is judged by the roots they lead to.
struct TileNodes {
    /// Tiles of one comparison at most: a proof needs two of each of the eight levels.
    static let tilesMax = 64

    let log: any PublicLog
    /// Leaves of the tree whose tiles are read.
    let size: UInt64
    private var hashes: [Tile: [Hash]] = [:]

    init(log: any PublicLog, size: UInt64) {
        self.log = log
        self.size = size
    }

    private struct Place: Hashable {
        let level: Int
        let index: UInt64
    }

    /// What `make` gives when its node function reads the log.
    ///
    /// `make` runs twice: once to hear which full subtrees it asks for, and once when their tiles are here.
    mutating func proof(_ make: ((Int, UInt64) -> Hash) -> [Hash]) async throws(CallError) -> [Hash] {
        var wanted: Set<Place> = []
        _ = make { level, index in
            wanted.insert(Place(level: level, index: index))
            return .zero
        }
        var found: [Place: Hash] = [:]
        for place in wanted { found[place] = try await node(place) }
        return make { found[Place(level: $0, index: $1)] ?? .zero }
    }

    private mutating func node(_ place: Place) async throws(CallError) -> Hash {
        let level = place.level / Tile.height
        // Below the tile's own level a subtree is folded from its hashes, an aligned power of two of them.
        let height = place.level % Tile.height
        let first = place.index << UInt64(height)
        let index = first / UInt64(Tile.widthMax)
        let (start, isOver) = index.multipliedReportingOverflow(by: UInt64(Tile.widthMax))
        let count = size >> UInt64(Tile.height * level)
        guard !isOver, first < count else { throw .malformed(what: "a node beyond the tree") }
        let width = Int(min(UInt64(Tile.widthMax), count - start))
        guard let tile = Tile(.hashes(level: level), index: index, width: width) else {
            throw .malformed(what: "a tile beyond the tree")
        }
        let whole = try await hashes(of: tile)
        let from = Int(first - start)
        guard from + (1 << height) <= whole.count else { throw .malformed(what: "a node beyond its tile") }
        var row = Array(whole[from..<(from + (1 << height))])
        while row.count > 1 {
            row = stride(from: 0, to: row.count, by: 2).map { nodeHash(row[$0], row[$0 + 1]) }
        }
        return row[0]
    }

    private mutating func hashes(of tile: Tile) async throws(CallError) -> [Hash] {
        if let known = hashes[tile] { return known }
        guard hashes.count < Self.tilesMax else { throw .malformed(what: "a proof of too many tiles") }
        let bytes = try await log.tile(tile)
        guard bytes.count == tile.width * Hash.sizeBytes else { throw .malformed(what: tile.path) }
        let read = (0..<tile.width).compactMap { Hash(bytes: bytes[($0 * 32)..<($0 * 32 + 32)]) }
        hashes[tile] = read
        return read
    }
}
