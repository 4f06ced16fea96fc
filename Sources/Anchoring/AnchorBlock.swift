import Hashing
package import ProofOfWork
package import Tangle

/// The block of one anchor: tag and payload of `formats.md` section 5 above as many tips as cost no extra work.
package enum AnchorBlock {
    /// Picks parents: of the tips, the most that stay in the cheapest class of trailing zeros (`tangle.md` section 4).
    ///
    /// - Throws: `tipsUnusable` for no tips, more than eight, or a tip named twice.
    package static func make(
        tag: [UInt8], payload: [UInt8], tips: [BlockID], minScore: UInt32
    ) throws(AnchoringError) -> (block: Block, zeros: Int) {
        let sorted = Set(tips).sorted()
        guard Block.parentCounts.contains(sorted.count), sorted.count == tips.count else { throw .tipsUnusable }
        func zeros(_ parents: Int) -> Int {
            PoWTarget.zeros(minScore: minScore, size: Block.sizeBytes(parents: parents, tag: tag.count, data: payload.count))
        }
        let cheapest = zeros(1)
        let count = (1...sorted.count).last { zeros($0) == cheapest } ?? 1
        // The node names its best tips first.
        let parents = tips.prefix(count).sorted()
        let data = Payload.taggedData(TaggedData(tag: tag, data: payload))
        do { return (try Block(parents: parents, payload: data), cheapest) } catch { throw .tipsUnusable }
    }
}
