import Hashing

/// A block of a Stardust Tangle (TIP-24), protocol version 2. Always legal: what is not was refused when it was made.
package struct Block: Equatable, Sendable {
    package static let protocolVersion: UInt8 = 2
    package static let sizeBytesMax = 32_768
    package static let parentCounts = 1...8
    /// Bytes of version, parent count, payload length and nonce.
    package static let frameBytes = 14

    package let protocolVersion: UInt8
    /// 1…8 blocks this one refers to, strictly ascending.
    package let parents: [BlockID]
    package let payload: Payload?
    package var nonce: UInt64

    /// Sorts `parents`; throws when their number, a repetition, a tag or the size of the whole is not legal.
    package init(
        protocolVersion: UInt8 = Block.protocolVersion, parents: [BlockID], payload: Payload?, nonce: UInt64 = 0
    ) throws(TangleError) {
        let sorted = parents.sorted()
        guard Self.parentCounts.contains(sorted.count) else { throw .parentCount(sorted.count) }
        guard isStrictlyAscending(sorted) else { throw .parentsNotSorted }
        try payload?.check()
        self.protocolVersion = protocolVersion
        self.parents = sorted
        self.payload = payload
        self.nonce = nonce
        let size = Self.frameBytes + 32 * sorted.count + (payload?.serialized().count ?? 0)
        guard size <= Self.sizeBytesMax else { throw .tooLarge(bytes: size) }
    }

    private init(parsed version: UInt8, _ parents: [BlockID], _ payload: Payload?, _ nonce: UInt64) {
        protocolVersion = version
        self.parents = parents
        self.payload = payload
        self.nonce = nonce
    }

    /// Reads exactly one block. Any version byte is taken: see `validate`.
    package static func parse(_ bytes: [UInt8]) throws(TangleError) -> Block {
        guard bytes.count <= sizeBytesMax else { throw .tooLarge(bytes: bytes.count) }
        var cursor = ByteCursor(bytes[...])
        let version = try cursor.u8()
        let parents = try cursor.parents()
        let length = Int(try cursor.u32())
        var payload: Payload?
        if length > 0 {
            guard length <= cursor.left else { throw .payloadLength(declared: length) }
            payload = try Payload.parse(try cursor.take(length))
        }
        let nonce = try cursor.u64()
        try cursor.end()
        return Block(parsed: version, parents, payload, nonce)
    }

    /// What a node asks of a block beyond its form: its own version, and no nonce on a milestone. Work is `meets`.
    package func validate(version: UInt8 = Block.protocolVersion) throws(TangleError) {
        guard protocolVersion == version else { throw .protocolVersion(protocolVersion) }
        if case .milestone = payload, nonce != 0 { throw .milestoneNonce(nonce) }
    }

    /// All bytes but the nonce: what the proof of work covers.
    package func head() -> [UInt8] {
        var bytes: [UInt8] = [protocolVersion, UInt8(parents.count)]
        for parent in parents { bytes += parent.bytes }
        let payloadBytes = payload?.serialized() ?? []
        bytes.appendLittle(UInt32(payloadBytes.count))
        return bytes + payloadBytes
    }

    package func serialized() -> [UInt8] {
        var bytes = head()
        bytes.appendLittle(nonce)
        return bytes
    }

    package var id: BlockID { Block.id(of: serialized()) }

    /// Id of block bytes as they stand.
    package static func id(of bytes: [UInt8]) -> BlockID { BlockID(blake2b256(bytes)) }

    package var sizeBytes: Int { head().count + 8 }

    /// Bytes of a block with tagged data of these sizes: 23 + 32 · parents + tag + data.
    package static func sizeBytes(parents: Int, tag: Int, data: Int) -> Int { 23 + 32 * parents + tag + data }
}
