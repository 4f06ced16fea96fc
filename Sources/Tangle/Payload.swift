/// What a block carries.
package enum Payload: Equatable, Sendable {
    case taggedData(TaggedData)
    case milestone(Milestone)
    /// Bytes from `u32 6` on, kept as they are: token transactions mean nothing here.
    case transaction([UInt8])

    static let taggedDataType: UInt32 = 5
    static let transactionType: UInt32 = 6
    static let milestoneType: UInt32 = 7

    package var type: UInt32 {
        switch self {
        case .taggedData: Self.taggedDataType
        case .transaction: Self.transactionType
        case .milestone: Self.milestoneType
        }
    }

    /// Reads exactly one payload, type first.
    package static func parse(_ bytes: ArraySlice<UInt8>) throws(TangleError) -> Payload {
        var cursor = ByteCursor(bytes)
        let type = try cursor.u32()
        switch type {
        case taggedDataType: return .taggedData(try TaggedData.parse(&cursor))
        case milestoneType: return .milestone(try Milestone.parse(Array(bytes)))
        case transactionType: return .transaction(Array(bytes))
        default: throw .payloadType(type)
        }
    }

    package func serialized() -> [UInt8] {
        switch self {
        case .taggedData(let tagged): tagged.serialized()
        case .milestone(let milestone): milestone.serialized()
        case .transaction(let bytes): bytes
        }
    }

    func check() throws(TangleError) {
        switch self {
        case .taggedData(let tagged):
            guard tagged.tag.count <= TaggedData.tagBytesMax else { throw .tagTooLong(bytes: tagged.tag.count) }
        case .milestone(let milestone):
            try milestone.check()
        case .transaction(let bytes):
            var cursor = ByteCursor(bytes[...])
            let type = try cursor.u32()
            guard type == Self.transactionType else { throw .payloadType(type) }
        }
    }
}

/// Data under a tag (TIP-23): a statement that costs nothing but the work and changes no ledger.
package struct TaggedData: Equatable, Sendable {
    package static let tagBytesMax = 64

    package var tag: [UInt8]
    package var data: [UInt8]

    package init(tag: [UInt8], data: [UInt8]) {
        self.tag = tag
        self.data = data
    }

    package func serialized() -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.appendLittle(Payload.taggedDataType)
        bytes.append(UInt8(truncatingIfNeeded: tag.count))
        bytes += tag
        bytes.appendLittle(UInt32(truncatingIfNeeded: data.count))
        return bytes + data
    }

    /// The rest of the payload after its type.
    static func parse(_ cursor: inout ByteCursor) throws(TangleError) -> TaggedData {
        let tagLength = Int(try cursor.u8())
        guard tagLength <= tagBytesMax else { throw .tagTooLong(bytes: tagLength) }
        let tag = try cursor.take(tagLength)
        let data = try cursor.take(Int(try cursor.u32()))
        try cursor.end()
        return TaggedData(tag: Array(tag), data: Array(data))
    }
}
