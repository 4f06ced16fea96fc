import BrokerClient
import Hashing
import Tangle

/// The node's event stream (`tangle.md` section 5): what has happened, told to a broker. Whoever hears of something finds it by HTTP.
extension LocalTangleNode {
    /// Blocks of one milestone's cone whose metadata is told, in white-flag order; what is beyond them is found by asking.
    package static let referencedToldMax = 1_000

    /// Nothing is kept for a broker that is away: old news would only come late.
    static func publisher(
        _ configuration: LocalTangleConfiguration, publicKey: [UInt8], chance: @escaping @Sendable () -> Double
    ) -> MQTTPublisher? {
        configuration.events.map { address in
            // A name of its own for each network: a second client of one name throws the first one out.
            var settings = MQTTSettings(
                host: address.host, port: address.port, clientID: "tangle-" + hexText(publicKey.prefix(8)))
            settings.version = .v311
            return MQTTPublisher(settings, chance: chance)
        }
    }

    /// A block that was taken for the first time.
    func tell(_ block: Block, bytes: [UInt8], id: BlockID) {
        guard let publish else { return }
        tellBytes(block, bytes, publish)
        if let text = form(id) { publish(MQTTMessage(topic: EventTopic.metadata(id), payload: text)) }
    }

    /// The latest milestone, its block, and what it references; everything of it is known to whoever asks now.
    func tell(_ milestone: Milestone, cone: [BlockID], blockID: BlockID) {
        guard let publish else { return }
        let info = JSON.members([
            "index": .number(milestone.index), "timestamp": .number(milestone.timestamp),
            "milestoneId": .string(milestone.id.text),
        ]).bytes
        if let held = state.cone.blocks[blockID] { publish(MQTTMessage(topic: EventTopic.blocks, payload: held.bytes)) }
        publish(MQTTMessage(topic: EventTopic.milestones, payload: milestone.serialized()))
        for topic in [EventTopic.latestMilestone, EventTopic.confirmedMilestone] {
            publish(MQTTMessage(topic: topic, payload: info, isRetained: true))
        }
        for id in cone.prefix(Self.referencedToldMax) {
            guard let text = form(id) else { continue }
            publish(MQTTMessage(topic: EventTopic.metadata(id), payload: text))
            publish(MQTTMessage(topic: EventTopic.referenced, payload: text))
        }
    }

    /// `nil` for a block that was forgotten meanwhile: it is not told then.
    private func form(_ id: BlockID) -> [UInt8]? { try? metadata(of: id).bytes }

    private func tellBytes(_ block: Block, _ bytes: [UInt8], _ publish: @Sendable (MQTTMessage) -> Void) {
        publish(MQTTMessage(topic: EventTopic.blocks, payload: bytes))
        guard case .taggedData(let tagged)? = block.payload else { return }
        publish(MQTTMessage(topic: EventTopic.taggedData, payload: bytes))
        if !tagged.tag.isEmpty { publish(MQTTMessage(topic: EventTopic.taggedData(tagged.tag), payload: bytes)) }
    }
}
