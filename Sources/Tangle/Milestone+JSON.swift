import Hashing

extension Milestone {
    /// The payload as the REST API gives it; throws for a milestone with a receipt.
    package func json() throws(TangleError) -> JSON {
        var optionParts: [JSON] = []
        for option in options { optionParts.append(try option.json()) }
        return .members([
            "type": .number(Payload.milestoneType),
            "index": .number(index),
            "timestamp": .number(timestamp),
            "protocolVersion": .number(protocolVersion),
            "previousMilestoneId": .string(previousMilestoneID.text),
            "parents": .array(parents.map { .string($0.text) }),
            "inclusionMerkleRoot": .hex(inclusionRoot.bytes),
            "appliedMerkleRoot": .hex(appliedRoot.bytes),
            "metadata": metadata.isEmpty ? nil : .hex(metadata),
            "options": optionParts.isEmpty ? nil : .array(optionParts),
            "signatures": .array(
                signatures.map {
                    .members([
                        "type": .number("0"), "publicKey": .hex($0.publicKey), "signature": .hex($0.signature),
                    ])
                }),
        ])
    }

    package init(json: JSON) throws(TangleError) {
        let type: UInt32 = try json.integer("type")
        guard type == Payload.milestoneType else { throw .payloadType(type) }
        var options: [MilestoneOption] = []
        if let part = json["options"], part != .null {
            guard let values = part.asArray, values.count <= 255 else { throw .json(field: "options") }
            for value in values { options.append(try MilestoneOption(json: value)) }
        }
        guard let signers = json["signatures"]?.asArray else { throw .json(field: "signatures") }
        var signatures: [MilestoneSignature] = []
        for signer in signers {
            guard signer["type"]?.asInteger(UInt8.self) == 0 else { throw .milestoneSignatures }
            signatures.append(
                MilestoneSignature(
                    publicKey: try signer.bytes("publicKey", count: 32),
                    signature: try signer.bytes("signature", count: 64)))
        }
        self.init(
            index: try json.integer("index"), timestamp: try json.integer("timestamp"),
            protocolVersion: try json.integer("protocolVersion"),
            previousMilestoneID: MilestoneID(try json.hash("previousMilestoneId")),
            parents: try json.blockIDs("parents"), inclusionRoot: try json.hash("inclusionMerkleRoot"),
            appliedRoot: try json.hash("appliedMerkleRoot"), metadata: try json.optionalBytes("metadata"),
            options: options, signatures: signatures)
        try check()
    }
}

extension MilestoneOption {
    func json() throws(TangleError) -> JSON {
        switch self {
        case .receipt: throw .noJSONForm(type: 0)
        case .protocolParameters(let targetIndex, let version, let parameters):
            .members([
                "type": .number("1"), "targetMilestoneIndex": .number(targetIndex),
                "protocolVersion": .number(version), "params": .hex(parameters),
            ])
        }
    }

    init(json: JSON) throws(TangleError) {
        let type: UInt8 = try json.integer("type")
        guard type == 1 else { throw .milestoneOption(type) }
        self = .protocolParameters(
            targetIndex: try json.integer("targetMilestoneIndex"), version: try json.integer("protocolVersion"),
            parameters: try json.optionalBytes("params"))
    }
}
