import Hashing

extension Block {
    /// The form of the REST API; throws for a transaction.
    package func json() throws(TangleError) -> JSON {
        .members([
            "protocolVersion": .number(protocolVersion),
            "parents": .array(parents.map { .string($0.text) }),
            "payload": try payload?.json(),
            "nonce": .string(String(nonce)),
        ])
    }

    /// Reads the form of the REST API. A missing nonce is 0; a missing or null payload is none.
    package init(json: JSON) throws(TangleError) {
        var payload: Payload?
        if let part = json["payload"], part != .null { payload = try Payload(json: part) }
        let parents = try json.blockIDs("parents")
        guard Self.parentCounts.contains(parents.count) else { throw .parentCount(parents.count) }
        guard isStrictlyAscending(parents) else { throw .parentsNotSorted }
        var nonce: UInt64 = 0
        if let part = json["nonce"] {
            guard let text = part.asString, let value = UInt64(text), String(value) == text else {
                throw .json(field: "nonce")
            }
            nonce = value
        }
        try self.init(
            protocolVersion: try json.integer("protocolVersion"), parents: parents, payload: payload, nonce: nonce)
    }
}

extension Payload {
    package func json() throws(TangleError) -> JSON {
        switch self {
        case .taggedData(let tagged):
            .members([
                "type": .number(type),
                "tag": tagged.tag.isEmpty ? nil : .hex(tagged.tag),
                "data": tagged.data.isEmpty ? nil : .hex(tagged.data),
            ])
        case .milestone(let milestone): try milestone.json()
        case .transaction: throw .noJSONForm(type: type)
        }
    }

    package init(json: JSON) throws(TangleError) {
        let type: UInt32 = try json.integer("type")
        switch type {
        case Self.taggedDataType:
            let tag = try json.optionalBytes("tag")
            guard tag.count <= TaggedData.tagBytesMax else { throw .tagTooLong(bytes: tag.count) }
            self = .taggedData(TaggedData(tag: tag, data: try json.optionalBytes("data")))
        case Self.milestoneType: self = .milestone(try Milestone(json: json))
        case Self.transactionType: throw .noJSONForm(type: type)
        default: throw .payloadType(type)
        }
    }
}

extension JSON {
    package static func hex(_ bytes: [UInt8]) -> JSON { .string("0x" + hexText(bytes)) }

    func integer<Integer: FixedWidthInteger>(_ name: String) throws(TangleError) -> Integer {
        guard let value = self[name]?.asInteger(Integer.self) else { throw .json(field: name) }
        return value
    }

    /// The bytes of a member written `0x…`; empty when there is no such member.
    func optionalBytes(_ name: String) throws(TangleError) -> [UInt8] {
        guard let part = self[name] else { return [] }
        guard let text = part.asString, text.hasPrefix("0x"),
            let bytes = Hashing.bytes(hex: String(text.dropFirst(2)))
        else { throw .json(field: name) }
        return bytes
    }

    func bytes(_ name: String, count: Int) throws(TangleError) -> [UInt8] {
        let bytes = try optionalBytes(name)
        guard bytes.count == count else { throw .json(field: name) }
        return bytes
    }

    func hash(_ name: String) throws(TangleError) -> Hash {
        guard let hash = Hash(bytes: try bytes(name, count: Hash.sizeBytes)) else { throw .json(field: name) }
        return hash
    }

    func blockIDs(_ name: String) throws(TangleError) -> [BlockID] {
        guard let values = self[name]?.asArray else { throw .json(field: name) }
        var ids: [BlockID] = []
        for value in values {
            guard let text = value.asString, let id = BlockID(text) else { throw .json(field: name) }
            ids.append(id)
        }
        return ids
    }
}
