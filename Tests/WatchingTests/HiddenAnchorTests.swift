import BrokerClient
import Evidence
import Hashing
import LocalTangle
import MerkleLog
import Tangle
import TangleClient
import Testing
import Watching
import Witness
import WitnessClient

/// Goal: an anchor that the gateway keeps off its list is found, kept with its proof and told, and no honest gateway is accused.
/// Method: a development network, events handed in as the broker's thread does, a clock that is later at the next start.
@Suite struct HiddenAnchorTests {
    private static let tag = anchorTag(origin: TestLog.origin)

    private func stream() throws -> NodeEventStream {
        let broker = try #require(BrokerAddress("mqtt://127.0.0.1:1"))
        return NodeEventStream(
            [NodeEventStream.Source(node: "test node", broker: broker)], tag: Self.tag, clientID: "test",
            nowMs: { 0 }, chance: { 0 })
    }

    private func tell(_ id: BlockID, of house: WatchedHouse, to stream: NodeEventStream) async throws {
        let bytes = try await house.network.block(id)
        stream.hear(MQTTMessage(topic: EventTopic.taggedData(Self.tag), payload: bytes), from: 0)
    }

    @Test func `a hidden anchor is told after some patience, over restarts, until it is listed`() async throws {
        let log = try TestLog(size: 700)
        let house = try await WatchedHouse(log)
        let events = try stream()
        try await house.anchor(log.note(100), by: log.key, seq: 1)
        house.shown.show(try log.note(300), of: log)
        let id = try await house.anchor(log.note(200), by: log.key, seq: 2, isListed: false)
        do {
            let run = try await house.open(events: events)
            try await tell(id, of: house, to: events)
            let report = try await run.once()
            #expect(report.state == .consistent && report.hidden.isEmpty, "\(report.text)")
        }
        let lateMs = Watcher.patienceMs + 60_000
        do {
            let report = try await house.open(laterMs: lateMs).once()
            #expect(report.state == .hidden && report.exitCode == 1 && report.hidden == [id.hash], "\(report.text)")
            #expect(report.text.contains("HIDDEN    block \(id.text)"))
            #expect(report.json.contains(#""anchorsHidden":1,"hidden":["\#(id.text)"]"#))
        }
        let shelf = try SightingShelf(folder: house.path + "/sighted")
        let kept = try shelf.anchor(id.hash)
        var check = NetworkCheck(card: house.card)
        var found = FindingList()
        let answer = check.anchor(
            "sighted", block: kept.block[...], path: kept.path[...], milestone: kept.milestone[...], into: &found)
        #expect(answer.isGood && answer.blockID == id.hash && kept.note.isSigned(by: log.key.verifierKey))
        do {
            house.shown.fail(.unreachable("on purpose"))
            let run = try await house.open(laterMs: lateMs)
            #expect(await run.watcher.report.hidden == [id.hash], "known from the start, without the gateway")
            #expect(try await run.once().hidden == [id.hash])
            house.shown.fail(nil)
            house.shown.list(ListedAnchor(seq: 2, size: 200, blockID: id.hash))
            let report = try await run.once()
            #expect(report.state == .consistent && report.anchorsKept == 2, "\(report.text)")
        }
        #expect(try SightingShelf(folder: house.path + "/sighted").sighted.isEmpty)
    }

    @Test func `another block of a listed anchor is nothing hidden`() async throws {
        let log = try TestLog(size: 300)
        let house = try await WatchedHouse(log)
        let events = try stream()
        let first = try await house.anchor(log.note(100), by: log.key, seq: 1, isListed: false)
        let again = try await house.anchor(log.note(100), by: log.key, seq: 1)
        house.shown.show(try log.note(200), of: log)
        for laterMs in [0, 10 * Watcher.patienceMs] {
            let run = try await house.open(events: events, laterMs: laterMs)
            for id in [first, again] { try await tell(id, of: house, to: events) }
            let report = try await run.once()
            #expect(report.state == .consistent && report.anchorsKept == 1, "\(report.text)")
            #expect(try SightingShelf(folder: house.path + "/sighted").sighted.isEmpty)
        }
    }

    @Test func `what others write under the tag, and what no node has, is not kept`() async throws {
        let log = try TestLog(size: 300)
        let house = try await WatchedHouse(log)
        let events = try stream()
        house.shown.show(try log.note(200), of: log)
        let stranger = try #require(LogSigningKey(name: TestLog.origin, seed: Array(repeating: 2, count: 32)))
        let forged = try stranger.sign(Checkpoint(origin: TestLog.origin, size: 5, root: log.tree.root(size: 5)))
        let id = try await house.anchor(forged, by: stranger, seq: 1, isListed: false)
        try await tell(id, of: house, to: events)
        // Well signed and told, and on no node.
        let payload = try #require(AnchorPayload(try log.note(77), by: log.key.verifierKey))
        let lie = try Block(
            parents: [.genesis], payload: .taggedData(TaggedData(tag: Self.tag, data: payload.bytes)), nonce: 9)
        events.hear(MQTTMessage(topic: EventTopic.taggedData(Self.tag), payload: lie.serialized()), from: 0)
        for laterMs in [0, 10 * Watcher.patienceMs] {
            let report = try await house.open(events: events, laterMs: laterMs).once()
            #expect(report.state == .consistent && report.troubles.isEmpty, "\(report.text)")
        }
        #expect(try SightingShelf(folder: house.path + "/sighted").sighted.isEmpty)
    }

    @Test func `a hidden second history is a fork at once`() async throws {
        let log = try TestLog(size: 400)
        let fork = try TestLog(size: 400, forkedAt: 300)
        let house = try await WatchedHouse(log)
        let events = try stream()
        house.shown.show(try log.note(400), of: log)
        let run = try await house.open(events: events)
        #expect(try await run.once().state == .consistent)
        let id = try await house.anchor(fork.note(400), by: log.key, seq: 1, isListed: false)
        try await tell(id, of: house, to: events)
        let report = try await run.once()
        #expect(report.state == .forked && report.forks == 1, "\(report.text)")
        #expect(try SightingShelf(folder: house.path + "/sighted").sighted == [id.hash])
    }

    @Test func `a block that waits is asked after until its milestone comes`() async throws {
        let log = try TestLog(size: 300)
        let house = try await WatchedHouse(log)
        let events = try stream()
        house.shown.show(try log.note(200), of: log)
        let run = try await house.open(events: events)
        let payload = try #require(AnchorPayload(try log.note(150), by: log.key.verifierKey))
        let block = try Block(
            parents: Array(try await house.network.tips().prefix(1)),
            payload: .taggedData(TaggedData(tag: Self.tag, data: payload.bytes)))
        let id = try await house.network.submit(block.serialized())
        try await tell(id, of: house, to: events)
        for _ in 0..<3 { #expect(try await run.once().troubles.isEmpty) }
        #expect(try SightingShelf(folder: house.path + "/sighted").sighted.isEmpty)
        // What was told of the block itself has had its look.
        try await events.pause(.max) { _ in for await _ in AsyncStream(Never.self, { _ in }) {} }
        let before = events.views[0].wakes
        try await house.network.issueMilestone()
        let text = #"{"blockId":"\#(id.text)","referencedByMilestoneIndex":2}"#
        events.hear(MQTTMessage(topic: EventTopic.metadata(id), text: text), from: 0)
        #expect(events.views[0].wakes == before + 1, "its metadata is followed")
        _ = try await run.once()
        #expect(try SightingShelf(folder: house.path + "/sighted").sighted == [id.hash])
    }
}
