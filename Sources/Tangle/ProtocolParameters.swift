import Hashing

/// What a network's nodes agree on (TIP-49 bytes).
package struct ProtocolParameters: Equatable, Sendable {
    package var version: UInt8
    package var networkName: String
    package var bech32HRP: String
    package var minPoWScore: UInt32
    /// Milestones after which parents are too old.
    package var belowMaxDepth: UInt8
    package var vByteCost: UInt32
    package var vByteFactorData: UInt8
    package var vByteFactorKey: UInt8
    package var tokenSupply: UInt64

    package init(
        version: UInt8 = Block.protocolVersion, networkName: String, bech32HRP: String = "tst",
        minPoWScore: UInt32 = 0, belowMaxDepth: UInt8 = 15, vByteCost: UInt32 = 100, vByteFactorData: UInt8 = 1,
        vByteFactorKey: UInt8 = 10, tokenSupply: UInt64 = 2_779_530_283_277_761
    ) {
        self.version = version
        self.networkName = networkName
        self.bech32HRP = bech32HRP
        self.minPoWScore = minPoWScore
        self.belowMaxDepth = belowMaxDepth
        self.vByteCost = vByteCost
        self.vByteFactorData = vByteFactorData
        self.vByteFactorKey = vByteFactorKey
        self.tokenSupply = tokenSupply
    }

    /// Throws when a name has more than 255 bytes.
    package func serialized() throws(TangleError) -> [UInt8] {
        var bytes = [version]
        for text in [networkName, bech32HRP] {
            guard let length = UInt8(exactly: text.utf8.count) else { throw .fieldTooLong(bytes: text.utf8.count) }
            bytes.append(length)
            bytes += Array(text.utf8)
        }
        bytes.appendLittle(minPoWScore)
        bytes.append(belowMaxDepth)
        bytes.appendLittle(vByteCost)
        bytes += [vByteFactorData, vByteFactorKey]
        bytes.appendLittle(tokenSupply)
        return bytes
    }

    package static func parse(_ bytes: [UInt8]) throws(TangleError) -> ProtocolParameters {
        var cursor = ByteCursor(bytes[...])
        let version = try cursor.u8()
        let name = try text(&cursor)
        let hrp = try text(&cursor)
        let parameters = ProtocolParameters(
            version: version, networkName: name, bech32HRP: hrp, minPoWScore: try cursor.u32(),
            belowMaxDepth: try cursor.u8(), vByteCost: try cursor.u32(), vByteFactorData: try cursor.u8(),
            vByteFactorKey: try cursor.u8(), tokenSupply: try cursor.u64())
        try cursor.end()
        return parameters
    }

    /// First eight bytes, little-endian, of the hash of the network's name. Not part of a tagged-data block.
    package var networkID: UInt64 {
        blake2b256(Array(networkName.utf8)).bytes.prefix(8).reversed().reduce(0) { $0 << 8 | UInt64($1) }
    }

    private static func text(_ cursor: inout ByteCursor) throws(TangleError) -> String {
        let bytes = try cursor.take(Int(try cursor.u8()))
        guard let text = String(validating: bytes, as: UTF8.self) else { throw .json(field: "networkName") }
        return text
    }
}
