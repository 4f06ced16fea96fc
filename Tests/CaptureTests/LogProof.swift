import CanonicalCBOR
import Hashing
import LedgerStore
import LogEntries
import MerkleLog
import Readings
import Testing

/// Goal: what is on disk proves itself. Method: everything is computed again from the bytes of the leaves and items,
/// as an
/// auditor would, and compared with what is stored beside them.
struct LogProof {
    var leaves: [Leaf] = []
    /// Every reading of the log, in the order of the log.
    var readings: [Reading] = []
    var ks: [UInt64] = []
    var gaps: [Leaf.Gap] = []
    var boots: [Leaf.Boot] = []

    init(_ reader: LedgerReader) async throws {
        let head = try await reader.head()
        let stored = try await reader.leaves(0..<head.size)
        try #require(stored.count == Int(head.size))
        let tree = MerkleTree(stored.map { leafHash($0.bytes) })
        #expect(tree.root == head.root)
        for level in 0..<64 where head.size >> UInt64(level) > 0 {
            for index in 0..<(head.size >> UInt64(level)) {
                let node = try await reader.node(level: level, index: index)
                #expect(node == tree.node(level: level, index: index), "node \(level)/\(index)")
            }
        }
        try await walk(stored, reader, tree)
    }

    private mutating func walk(_ stored: [StoredLeaf], _ reader: LedgerReader, _ tree: MerkleTree) async throws {
        var config: Hash?
        var streams: [StreamNumber] = []
        var next: UInt64?
        var lastBoot: UInt64 = 0
        for leaf in stored {
            let decoded = try Leaf.decode(leaf.bytes)
            leaves.append(decoded)
            #expect(leaf.hash == leafHash(leaf.bytes))
            #expect(UInt64(leaf.type) == decoded.body.type)
            #expect(decoded.bootNumber >= lastBoot)
            lastBoot = decoded.bootNumber
            switch decoded.body {
            case .config(let change):
                #expect(change.oldHash == config)
                config = change.newHash
                let kept = try #require(try await reader.config(change.newHash))
                #expect(innerRoot(of: kept.items.compactMap(\.item.bytes)) == change.newHash)
                streams = kept.items.dropFirst().map { StreamNumber($0.stream) }
            case .interval(let interval):
                #expect(interval.configHash == config)
                if let next { #expect(interval.k == next) }
                next = interval.k + 1
                ks.append(interval.k)
                try await check(interval, streams, reader)
            case .gap(let gap):
                #expect(gap.kFrom == next ?? gap.kFrom)
                #expect(gap.kFrom <= gap.kTo)
                next = gap.kTo + 1
                gaps.append(gap)
            case .boot(let boot):
                boots.append(boot)
                if boot.reason != Leaf.Boot.first {
                    #expect(boot.lastSize == leaf.index)
                    #expect(boot.lastRoot == tree.root(size: leaf.index))
                }
            case .snapshot(let snapshot):
                let kept = try #require(try await reader.snapshot(snapshot.number))
                #expect(innerRoot(of: kept.items.compactMap(\.item.bytes)) == snapshot.innerRoot)
                #expect(kept.leafIndex == leaf.index)
            case .access(let access):
                let items = try await reader.openings(leaf: leaf.index)
                #expect(innerRoot(of: items.compactMap(\.bytes)) == access.innerRoot)
            default: break
            }
        }
    }

    private mutating func check(_ interval: Leaf.Interval, _ streams: [StreamNumber], _ reader: LedgerReader)
        async throws
    {
        let items = try await reader.items(k: interval.k, streams: streams)
        #expect(items.count == streams.count)
        #expect(UInt64(items.count) == interval.itemCount)
        #expect(MerkleTree.root(of: items.map(\.item.hash)) == interval.innerRoot)
        var inOrder: [Reading] = []
        for row in items {
            guard let bytes = row.item.bytes else { continue }
            #expect(leafHash(bytes) == row.item.hash)
            let item = try IntervalItem.decode(bytes)
            #expect(item.stream == row.stream)
            #expect(item.k == interval.k)
            #expect(Payload.problems(item.payload, periodMs: interval.periodMs) == [])
            for quadruple in try Payload.decode(item.payload) {
                inOrder.append(
                    try #require(quadruple.reading(k: interval.k, periodMs: interval.periodMs, kind: nil)))
            }
        }
        readings += inOrder.sorted { ($0.capturedAtMs, $0.point) < ($1.capturedAtMs, $1.point) }
    }
}
