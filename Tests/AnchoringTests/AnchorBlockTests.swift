import Anchoring
import Hashing
import ProofOfWork
import Tangle
import Testing

struct AnchorBlockTests {
    private let tips = (0..<8).map { BlockID(sha256([UInt8($0)])) }
    private let tag = [UInt8](repeating: 1, count: 20)
    private let payload = [UInt8](repeating: 2, count: 109)

    @Test func `of eight tips as many are taken as cost no further zero`() throws {
        let block = try AnchorBlock.make(tag: tag, payload: payload, tips: tips, minScore: 1_500)
        #expect(block.parents == tips.prefix(6).sorted() && block.sizeBytes == 152 + 32 * 6)
        #expect(PoWTarget.zeros(minScore: 1_500, size: block.sizeBytes) == 12)
        #expect(try AnchorBlock.make(tag: tag, payload: payload, tips: tips, minScore: 0).parents.count == 8)
    }

    @Test func `an anchor's block carries tag and payload and nothing else`() throws {
        let block = try AnchorBlock.make(tag: tag, payload: payload, tips: [tips[3]], minScore: 1_500)
        #expect(block.payload == .taggedData(TaggedData(tag: tag, data: payload)) && block.parents == [tips[3]])
        #expect(try Block.parse(block.serialized()) == block)
    }

    @Test func `tips that are none, too many or named twice are refused`() {
        for bad in [[], tips + [BlockID(sha256([9]))], [tips[0], tips[0]]] {
            #expect(throws: AnchoringError.tipsUnusable) {
                try AnchorBlock.make(tag: tag, payload: payload, tips: bad, minScore: 1_500)
            }
        }
    }

    @Test func `a promoting block is empty and stands above the block and something fresh`() throws {
        let block = try AnchorBlock.promoting(tips[0], tips: tips, minScore: 1_500)
        #expect(block.payload == nil && block.parents.contains(tips[0]) && block.parents.count == 3)
        #expect(PoWTarget.zeros(minScore: 1_500, size: block.sizeBytes) == 11)
        #expect(throws: AnchoringError.tipsUnusable) {
            try AnchorBlock.promoting(tips[0], tips: [tips[0]], minScore: 0)
        }
    }
}
