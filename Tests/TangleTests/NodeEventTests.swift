import Foundation
import Hashing
import Tangle
import Testing
import TestTools

/// Goal: an event is what its topic promises, or nothing. Method: messages as nodes send them, then each of them spoiled.
@Suite struct NodeEventTests {
    private static let block = BlockID(sha256([1]))
    private static let tag = Array("twa1".utf8) + Array(repeating: UInt8(7), count: 16)

    private func event(_ topic: String, _ text: String) -> NodeEvent? {
        NodeEvent(topic: topic, payload: Array(text.utf8))
    }

    private func tagged() throws -> [UInt8] {
        try Block(
            parents: [.genesis], payload: .taggedData(TaggedData(tag: Self.tag, data: Array("data".utf8))), nonce: 5
        ).serialized()
    }

    @Test func `topics are those of the Stardust event interface`() {
        #expect(EventTopic.taggedData([0x01, 0xAB]) == "blocks/tagged-data/0x01ab")
        #expect(EventTopic.metadata(.genesis) == "block-metadata/0x" + String(repeating: "0", count: 64))
    }

    @Test func `a milestone is read by either name of its index`() {
        for topic in [EventTopic.latestMilestone, EventTopic.confirmedMilestone] {
            let sent = #"{"index":7204113,"timestamp":1700000000,"milestoneId":"0x00"}"#
            #expect(event(topic, sent) == .milestone(index: 7_204_113))
            #expect(event(topic, #"{"milestoneIndex":8,"milestoneTimestamp":1}"#) == .milestone(index: 8))
        }
        for text in [
            "", "{}", "7", #"{"index":-1}"#, #"{"index":4294967296}"#, #"{"index":1.5}"#, #"{"index":"7"}"#,
            #"{"index":7"#, #"{"index":7,"index":8}"#, "\u{0}",
        ] { #expect(event(EventTopic.latestMilestone, text) == nil, "\(text)") }
    }

    @Test func `metadata counts for the block of its topic only`() {
        let topic = EventTopic.metadata(Self.block)
        let text = #"{"blockId":"\#(Self.block.text)","isSolid":true,"referencedByMilestoneIndex":9}"#
        #expect(event(topic, text) == .metadata(block: Self.block, referencedBy: 9))
        #expect(event(EventTopic.referenced, text) == .metadata(block: Self.block, referencedBy: 9))
        let waiting = #"{"blockId":"\#(Self.block.text)","isSolid":true}"#
        #expect(event(topic, waiting) == .metadata(block: Self.block, referencedBy: nil))
        #expect(
            event(topic, waiting.replacing("true}", with: #"true,"referencedByMilestoneIndex":null}"#))
                == .metadata(block: Self.block, referencedBy: nil))
        #expect(event(EventTopic.metadata(BlockID(sha256([2]))), text) == nil)
        #expect(event("block-metadata/", text) == nil && event("block-metadata/0x00", text) == nil)
        #expect(event(topic, text.replacing("9}", with: "-9}")) == nil)
        #expect(event(topic, text.replacing("0x", with: "0X")) == nil)
        #expect(event(topic + "/more", text) == nil)
    }

    @Test func `a tagged block is named by its own bytes, under its own tag`() throws {
        let bytes = try tagged()
        for topic in [EventTopic.taggedData, EventTopic.taggedData(Self.tag)] {
            let found = NodeEvent(topic: topic, payload: bytes)
            #expect(found == .tagged(block: Block.id(of: bytes), TaggedData(tag: Self.tag, data: Array("data".utf8))))
        }
        #expect(NodeEvent(topic: EventTopic.taggedData([1]), payload: bytes) == nil)
        #expect(NodeEvent(topic: EventTopic.taggedData + "x", payload: bytes) == nil)
        for count in 0..<bytes.count {
            #expect(NodeEvent(topic: EventTopic.taggedData(Self.tag), payload: Array(bytes.prefix(count))) == nil)
        }
        #expect(NodeEvent(topic: EventTopic.taggedData(Self.tag), payload: bytes + [0]) == nil)
        let empty = try Block(parents: [.genesis], payload: nil).serialized()
        #expect(NodeEvent(topic: EventTopic.taggedData, payload: empty) == nil)
    }

    @Test func `ten megabytes of noise and deep JSON say nothing, at once`() {
        let noise = [UInt8](repeating: UInt8(ascii: "["), count: 10 << 20)
        let clock = ContinuousClock()
        let began = clock.now
        for topic in [
            EventTopic.latestMilestone, EventTopic.referenced, EventTopic.metadata(Self.block), EventTopic.taggedData,
            EventTopic.taggedData(Self.tag), "noise", "",
        ] { #expect(NodeEvent(topic: topic, payload: noise) == nil) }
        #expect(clock.now - began < .seconds(1))
        #expect(NodeEvent(topic: EventTopic.latestMilestone, payload: Array(noise.prefix(4_000))) == nil)
    }

    @Test func `whatever bytes come, nothing traps`() throws {
        var random = SeededGenerator(seed: 28)
        let samples = [
            (EventTopic.latestMilestone, Array(#"{"index":7,"timestamp":1}"#.utf8)),
            (
                EventTopic.metadata(Self.block),
                Array(#"{"blockId":"\#(Self.block.text)","referencedByMilestoneIndex":9}"#.utf8)
            ),
            (EventTopic.taggedData(Self.tag), try tagged()),
        ]
        for (topic, sound) in samples {
            for _ in 0..<2_000 {
                var bytes = sound
                for _ in 0..<Int.random(in: 1...4, using: &random) {
                    bytes[Int.random(in: 0..<bytes.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
                }
                _ = NodeEvent(topic: topic, payload: bytes)
            }
        }
    }
}
