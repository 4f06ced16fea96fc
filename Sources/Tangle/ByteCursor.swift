import Hashing

/// Reads little-endian fields off bytes from outside; every read checks what is left.
struct ByteCursor {
    private let bytes: ArraySlice<UInt8>
    private var place: Int

    init(_ bytes: ArraySlice<UInt8>) {
        self.bytes = bytes
        place = bytes.startIndex
    }

    var left: Int { bytes.endIndex - place }

    mutating func take(_ count: Int) throws(TangleError) -> ArraySlice<UInt8> {
        guard count >= 0, count <= left else { throw .truncated }
        defer { place += count }
        return bytes[place..<(place + count)]
    }

    mutating func u8() throws(TangleError) -> UInt8 { UInt8(try little(1)) }
    mutating func u16() throws(TangleError) -> UInt16 { UInt16(try little(2)) }
    mutating func u32() throws(TangleError) -> UInt32 { UInt32(try little(4)) }
    mutating func u64() throws(TangleError) -> UInt64 { try little(8) }

    mutating func hash() throws(TangleError) -> Hash {
        guard let hash = Hash(bytes: try take(Hash.sizeBytes)) else { throw .truncated }
        return hash
    }

    /// 1…8 ids, strictly ascending, after their count.
    mutating func parents() throws(TangleError) -> [BlockID] {
        let count = Int(try u8())
        guard Block.parentCounts.contains(count) else { throw .parentCount(count) }
        var parents: [BlockID] = []
        for _ in 0..<count { parents.append(BlockID(try hash())) }
        guard isStrictlyAscending(parents) else { throw .parentsNotSorted }
        return parents
    }

    func end() throws(TangleError) {
        guard left == 0 else { throw .trailingBytes(count: left) }
    }

    private mutating func little(_ count: Int) throws(TangleError) -> UInt64 {
        var value: UInt64 = 0
        for byte in try take(count).reversed() { value = value << 8 | UInt64(byte) }
        return value
    }
}

func isStrictlyAscending(_ parents: [BlockID]) -> Bool {
    zip(parents, parents.dropFirst()).allSatisfy { $0 < $1 }
}

extension [UInt8] {
    mutating func appendLittle(_ value: some FixedWidthInteger & UnsignedInteger) {
        for shift in stride(from: 0, to: value.bitWidth, by: 8) {
            append(UInt8(truncatingIfNeeded: value >> shift))
        }
    }
}
