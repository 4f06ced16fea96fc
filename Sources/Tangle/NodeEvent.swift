import Hashing

/// Topics of a Stardust node's event stream (TIP-28, by the names that INX-MQTT gives them). Ids and tags are `0x` and hex digits.
package enum EventTopic {
    /// JSON: index, time and id of the latest milestone the node has heard of.
    package static let latestMilestone = "milestone-info/latest"
    /// JSON: the same for the latest milestone whose cone the node has.
    package static let confirmedMilestone = "milestone-info/confirmed"
    /// Payload bytes of every milestone.
    package static let milestones = "milestones"
    /// Bytes of every block.
    package static let blocks = "blocks"
    /// Bytes of every block with tagged data.
    package static let taggedData = "blocks/tagged-data"
    /// JSON: the metadata of every block that a milestone references.
    package static let referenced = "block-metadata/referenced"

    /// Bytes of every block with data under this tag.
    package static func taggedData(_ tag: [UInt8]) -> String { "\(taggedData)/0x\(hexText(tag))" }

    /// JSON: the metadata of one block, when it becomes solid and when a milestone references it.
    package static func metadata(_ block: BlockID) -> String { "block-metadata/\(block.text)" }
}

/// What one message of an event stream says, read strictly. It is a hint and no more: whoever hears it asks the node itself.
package enum NodeEvent: Equatable, Sendable {
    case milestone(index: UInt32)
    /// Metadata of a block; `referencedBy` is `nil` while no milestone references it.
    case metadata(block: BlockID, referencedBy: UInt32?)
    /// A block with tagged data; the id is that of its bytes.
    case tagged(block: BlockID, TaggedData)

    /// Longest JSON that is read, bytes: metadata with eight parents has fewer than 1 000.
    package static let jsonBytesMax = 4_096

    /// `nil` for a topic that is none of these, or a message that is not what its topic promises: too long, no JSON, no block, another
    /// block's metadata, another tag.
    package init?(topic: String, payload: [UInt8]) {
        switch topic {
        case EventTopic.latestMilestone, EventTopic.confirmedMilestone:
            guard let json = Self.json(payload), let index = Self.milestoneIndex(json) else { return nil }
            self = .milestone(index: index)
        case EventTopic.referenced:
            guard let json = Self.json(payload), let event = Self.metadata(json) else { return nil }
            self = event
        case let topic where topic.hasPrefix(EventTopic.taggedData):
            guard let event = Self.tagged(payload, topic: topic) else { return nil }
            self = event
        default:
            guard topic.hasPrefix("block-metadata/"), let json = Self.json(payload),
                case .metadata(let block, let referencedBy)? = Self.metadata(json),
                topic == EventTopic.metadata(block)
            else { return nil }
            self = .metadata(block: block, referencedBy: referencedBy)
        }
    }

    private static func json(_ payload: [UInt8]) -> JSON? {
        guard payload.count <= jsonBytesMax else { return nil }
        // What cannot be read says nothing.
        return try? JSON.parse(payload)
    }

    /// TIP-28 names the member `milestoneIndex`; what nodes send is called `index`.
    private static func milestoneIndex(_ json: JSON) -> UInt32? {
        (json["index"] ?? json["milestoneIndex"])?.asInteger(UInt32.self)
    }

    private static func metadata(_ json: JSON) -> NodeEvent? {
        guard let block = json["blockId"]?.asString.flatMap({ BlockID($0) }) else { return nil }
        guard let part = json["referencedByMilestoneIndex"], part != .null else {
            return .metadata(block: block, referencedBy: nil)
        }
        guard let index = part.asInteger(UInt32.self) else { return nil }
        return .metadata(block: block, referencedBy: index)
    }

    private static func tagged(_ payload: [UInt8], topic: String) -> NodeEvent? {
        // Bytes that are no block say nothing.
        guard let block = try? Block.parse(payload), case .taggedData(let tagged)? = block.payload,
            topic == EventTopic.taggedData || topic == EventTopic.taggedData(tagged.tag)
        else { return nil }
        return .tagged(block: Block.id(of: payload), tagged)
    }
}
