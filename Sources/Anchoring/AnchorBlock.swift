import Hashing
import ProofOfWork
package import Tangle

/// The blocks that anchoring sends: an anchor's own, and empty ones that promote it.
package enum AnchorBlock {
    /// Tag and payload of `formats.md` section 5 above as many tips as stay in the cheapest class of trailing zeros
    /// (`tangle.md` section 4): at score 1 500 at most six.
    ///
    /// - Parameter tips: best first, as a node names them.
    /// - Throws: `tipsUnusable` for no tips, more than eight, or a tip named twice.
    package static func make(
        tag: [UInt8], payload: [UInt8], tips: [BlockID], minScore: UInt32
    ) throws(AnchoringError) -> Block {
        guard Block.parentCounts.contains(tips.count), Set(tips).count == tips.count else { throw .tipsUnusable }
        let count = cheapest(from: 1, to: tips.count, minScore: minScore) {
            Block.sizeBytes(parents: $0, tag: tag.count, data: payload.count)
        }
        let data = Payload.taggedData(TaggedData(tag: tag, data: payload))
        do { return try Block(parents: Array(tips.prefix(count)), payload: data) } catch { throw .tipsUnusable }
    }

    /// An empty block above `block` and fresh tips, so that the next milestones see it (`tangle.md` section 6).
    package static func promoting(_ block: BlockID, tips: [BlockID], minScore: UInt32) throws(AnchoringError) -> Block {
        let others = tips.filter { $0 != block }
        guard !others.isEmpty, Set(others).count == others.count else { throw .tipsUnusable }
        let most = min(others.count + 1, Block.parentCounts.upperBound)
        let count = cheapest(from: 2, to: most, minScore: minScore) { Block.frameBytes + 32 * $0 }
        do { return try Block(parents: [block] + others.prefix(count - 1), payload: nil) } catch { throw .tipsUnusable }
    }

    /// The most parents that cost no more zeros than `least` do.
    private static func cheapest(from least: Int, to most: Int, minScore: UInt32, size: (Int) -> Int) -> Int {
        let zeros = PoWTarget.zeros(minScore: minScore, size: size(least))
        return (least...most).last { PoWTarget.zeros(minScore: minScore, size: size($0)) == zeros } ?? least
    }
}
