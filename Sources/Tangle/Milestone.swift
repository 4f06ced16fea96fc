package import Hashing

/// A milestone (TIP-29): what the signers say was referenced by a moment, and the time they gave it.
package struct Milestone: Equatable, Sendable {
    package static let fieldBytesMax = 8_192

    package var index: UInt32
    /// Seconds since 1970-01-01T00:00:00Z by the coordinator's clock; strictly rising from milestone to milestone.
    package var timestamp: UInt32
    package var protocolVersion: UInt8
    package var previousMilestoneID: MilestoneID
    /// Strictly ascending.
    package var parents: [BlockID]
    /// Root over the ids of the blocks newly referenced, in white-flag order.
    package var inclusionRoot: Hash
    /// Root over those that changed the ledger.
    package var appliedRoot: Hash
    package var metadata: [UInt8]
    package var options: [MilestoneOption]
    /// Strictly ascending by public key.
    package var signatures: [MilestoneSignature]

    package init(
        index: UInt32, timestamp: UInt32, protocolVersion: UInt8 = Block.protocolVersion,
        previousMilestoneID: MilestoneID, parents: [BlockID], inclusionRoot: Hash, appliedRoot: Hash,
        metadata: [UInt8] = [], options: [MilestoneOption] = [], signatures: [MilestoneSignature] = []
    ) {
        self.index = index
        self.timestamp = timestamp
        self.protocolVersion = protocolVersion
        self.previousMilestoneID = previousMilestoneID
        self.parents = parents
        self.inclusionRoot = inclusionRoot
        self.appliedRoot = appliedRoot
        self.metadata = metadata
        self.options = options
        self.signatures = signatures
    }

    /// BLAKE2b-256 of the essence: what is signed.
    package var id: MilestoneID { MilestoneID(blake2b256(essence())) }

    package func essence() -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.appendLittle(index)
        bytes.appendLittle(timestamp)
        bytes.append(protocolVersion)
        bytes += previousMilestoneID.bytes
        bytes.append(UInt8(truncatingIfNeeded: parents.count))
        for parent in parents { bytes += parent.bytes }
        bytes += inclusionRoot.bytes + appliedRoot.bytes
        bytes.appendLittle(UInt16(truncatingIfNeeded: metadata.count))
        bytes += metadata
        bytes.append(UInt8(truncatingIfNeeded: options.count))
        for option in options { bytes += option.serialized() }
        return bytes
    }

    /// The payload: `u32 7`, essence, signatures.
    package func serialized() -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.appendLittle(Payload.milestoneType)
        bytes += essence()
        bytes.append(UInt8(truncatingIfNeeded: signatures.count))
        for signature in signatures { bytes += [0] + signature.publicKey + signature.signature }
        return bytes
    }

    /// Reads exactly one milestone payload, from `u32 7` on.
    package static func parse(_ bytes: [UInt8]) throws(TangleError) -> Milestone {
        guard bytes.count <= Block.sizeBytesMax else { throw .tooLarge(bytes: bytes.count) }
        var cursor = ByteCursor(bytes[...])
        let type = try cursor.u32()
        guard type == Payload.milestoneType else { throw .payloadType(type) }
        let index = try cursor.u32()
        let timestamp = try cursor.u32()
        let version = try cursor.u8()
        let previous = MilestoneID(try cursor.hash())
        let parents = try cursor.parents()
        let inclusionRoot = try cursor.hash()
        let appliedRoot = try cursor.hash()
        let metadataLength = Int(try cursor.u16())
        guard metadataLength <= fieldBytesMax else { throw .fieldTooLong(bytes: metadataLength) }
        let metadata = Array(try cursor.take(metadataLength))
        var options: [MilestoneOption] = []
        for _ in 0..<(try cursor.u8()) { options.append(try MilestoneOption.parse(&cursor)) }
        var signatures: [MilestoneSignature] = []
        for _ in 0..<(try cursor.u8()) {
            guard try cursor.u8() == 0 else { throw .milestoneSignatures }
            let key = Array(try cursor.take(32))
            signatures.append(MilestoneSignature(publicKey: key, signature: Array(try cursor.take(64))))
        }
        try cursor.end()
        let milestone = Milestone(
            index: index, timestamp: timestamp, protocolVersion: version, previousMilestoneID: previous,
            parents: parents, inclusionRoot: inclusionRoot, appliedRoot: appliedRoot, metadata: metadata,
            options: options, signatures: signatures)
        try milestone.check()
        return milestone
    }

    func check() throws(TangleError) {
        guard Block.parentCounts.contains(parents.count) else { throw .parentCount(parents.count) }
        guard isStrictlyAscending(parents) else { throw .parentsNotSorted }
        guard metadata.count <= Self.fieldBytesMax else { throw .fieldTooLong(bytes: metadata.count) }
        for (one, next) in zip(options, options.dropFirst()) where one.type >= next.type {
            throw .milestoneOption(next.type)
        }
        for option in options { try option.check() }
        guard (1...255).contains(signatures.count),
            signatures.allSatisfy({ $0.publicKey.count == 32 && $0.signature.count == 64 }),
            zip(signatures, signatures.dropFirst()).allSatisfy({
                $0.publicKey.lexicographicallyPrecedes($1.publicKey)
            })
        else { throw .milestoneSignatures }
    }
}

/// One signer's Ed25519 signature over the milestone id.
package struct MilestoneSignature: Equatable, Sendable {
    /// 32 bytes.
    package var publicKey: [UInt8]
    /// 64 bytes.
    package var signature: [UInt8]

    package init(publicKey: [UInt8], signature: [UInt8]) {
        self.publicKey = publicKey
        self.signature = signature
    }
}
