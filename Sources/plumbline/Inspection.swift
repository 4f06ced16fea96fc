import Evidence
import Hashing
import LogEntries
import MerkleLog
import ProofOfWork
import Readings
import Tangle

/// What is inside something, as a tree of named values: printed as indented text or as JSON.
struct Inspection {
    private let title: String
    private let members: [JSON.Member]

    var json: JSON { .object([.init("kind", .string(title))] + members) }

    var text: String { ([title] + members.flatMap { Inspection.lines($0, indent: "  ") }).joined(separator: "\n") }

    /// Objects become indented blocks, lists of objects one line each, everything else one line.
    private static func lines(_ member: JSON.Member, indent: String) -> [String] {
        switch member.value {
        case .object(let members):
            return ["\(indent)\(member.name)"] + members.flatMap { lines($0, indent: indent + "  ") }
        case .array(let values) where values.contains(where: isObject):
            return ["\(indent)\(member.name) (\(values.count))"] + values.map { "\(indent)  \(row($0))" }
        default: return ["\(indent)\(member.name): \(row(member.value))"]
        }
    }

    private static func isObject(_ value: JSON) -> Bool { if case .object = value { true } else { false } }

    private static func row(_ value: JSON) -> String {
        switch value {
        case .string(let text): Terminal.safe(text)
        case .null: "none"
        case .array(let values): values.isEmpty ? "none" : values.map(row).joined(separator: ", ")
        case .object(let members): members.map { "\($0.name) \(row($0.value))" }.joined(separator: "  ")
        default: value.text
        }
    }

    static func card(_ card: PolicyCard) -> Inspection {
        Inspection(
            title: "policy card",
            members: [
                .init("origin", .string(card.origin)), .init("logKey", .string(card.logKey)),
                .init("recoveryHash", .string(card.recoveryHash.hex)), .init("genesis", .string(card.genesis.hex)),
                .init("network", .string(card.network)),
                .init(
                    "milestone",
                    .object([.init("index", .number(card.milestoneIndex)), .init("id", hex(card.milestoneID))])),
                .init(
                    "milestoneKeys",
                    .array(
                        card.milestoneKeys.map {
                            .object([
                                .init("key", .string($0.key.hex)), .init("start", .number($0.start)),
                                .init("end", .number($0.end)), .init("holder", .string($0.holder)),
                            ])
                        })),
                .init("threshold", .number(card.threshold)), .init("minPowScore", .number(card.minPowScore)),
                .init("witnesses", .array(card.witnesses.map { .string($0) })),
                .init("timeStampRoots", .array(card.timeStampRoots.map { .string($0.hex) })),
                .init("selfNetwork", .bool(card.isSelfNetwork)),
            ])
    }

    static func note(_ note: SignedNote) -> Inspection {
        Inspection(title: "signed note", members: noteMembers(note))
    }

    static func noteMembers(_ note: SignedNote) -> [JSON.Member] {
        let checkpoint: JSON =
            note.checkpoint.map { checkpoint in
                .object([
                    .init("origin", .string(checkpoint.origin)), .init("size", .number(checkpoint.size)),
                    .init("root", .string(checkpoint.root.hex)),
                ])
            } ?? .null
        return [
            .init("checkpoint", checkpoint), .init("text", note.checkpoint == nil ? .string(note.text) : .null),
            .init(
                "signatures",
                .array(
                    note.signatures.map {
                        .object([
                            .init("name", .string($0.name)), .init("keyId", .string(hexText($0.keyID))),
                            .init("signature", .string(Base64.encode($0.bytes))),
                        ])
                    })),
        ]
    }

    static func milestone(_ milestone: Milestone) -> Inspection {
        Inspection(title: "milestone", members: milestoneMembers(milestone))
    }

    static func milestoneMembers(_ milestone: Milestone) -> [JSON.Member] {
        [
            .init("index", .number(milestone.index)),
            .init("time", .string(UTCTime.text(Int64(milestone.timestamp) * 1000))),
            .init("id", .string(milestone.id.text)),
            .init("previous", .string(milestone.previousMilestoneID.text)),
            .init("parents", .array(milestone.parents.map { .string($0.text) })),
            .init("inclusionRoot", hex(milestone.inclusionRoot)), .init("appliedRoot", hex(milestone.appliedRoot)),
            .init("signers", .array(milestone.signatures.map { .string(hexText($0.publicKey)) })),
        ]
    }

    static func block(_ block: Block, _ bytes: [UInt8]) -> Inspection {
        Inspection(title: "block", members: blockMembers(block, bytes))
    }

    static func blockMembers(_ block: Block, _ bytes: [UInt8]) -> [JSON.Member] {
        let score = score(ofBlockBytes: bytes)
        var members: [JSON.Member] = [
            .init("id", .string(Block.id(of: bytes).text)), .init("sizeBytes", .number(bytes.count)),
            .init("protocolVersion", .number(block.protocolVersion)),
            .init("parents", .array(block.parents.map { .string($0.text) })),
            .init("nonce", .string(String(block.nonce))),
            .init("powZeros", score.map { .number($0.zeros) } ?? .null),
            .init("powScore", score.map { .number("\(Int($0.value.rounded(.down)))") } ?? .null),
        ]
        switch block.payload {
        case .taggedData(let data): members += statement(data)
        case .milestone(let milestone): members.append(.init("milestone", .object(milestoneMembers(milestone))))
        case .transaction(let bytes): members.append(.init("transactionBytes", .number(bytes.count)))
        case nil: break
        }
        return members
    }

    /// Tag and data; when they are a gateway's statement, what it states.
    private static func statement(_ data: TaggedData) -> [JSON.Member] {
        var members: [JSON.Member] = [
            .init("tag", .string(hexText(data.tag))), .init("data", .string(hexText(data.data))),
        ]
        if let payload = AnchorPayload(bytes: data.data) {
            members.append(
                .init(
                    "statement",
                    .object([
                        .init("kind", .string(payload.kind == .checkpoint ? "checkpoint" : "compromised")),
                        .init("size", .number(payload.size)), .init("root", .string(payload.root.hex)),
                        .init("keyId", .string(hexText(payload.keyID))),
                    ])))
        }
        return members
    }

    static func hex(_ hash: Hash) -> JSON { .string("0x" + hash.hex) }

    init(title: String, members: [JSON.Member]) {
        self.title = title
        self.members = members
    }
}
