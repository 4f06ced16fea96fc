/// How a device packs its values into bytes: records of channel, type and data, one after the other.
package struct TLVTable: Hashable, Sendable {
    /// Where the bytes stand in a JSON message.
    package let path: JSONPath
    package let encoding: Encoding
    /// Every record that the device can send; the length of one that is not here is unknown, and so is what follows it.
    package let records: [TLVRecord]

    package enum Encoding: String, Hashable, Sendable, CaseIterable {
        /// RFC 4648 section 4, with padding.
        case base64
        case hex
    }

    package enum Order: String, Hashable, Sendable, CaseIterable {
        case little, big
    }

    static let recordCountMax = 128

    package init(path: JSONPath, encoding: Encoding, records: [TLVRecord]) {
        self.path = path
        self.encoding = encoding
        self.records = records
    }
}

package struct TLVRecord: Hashable, Sendable {
    package let name: String
    package let channel: UInt8
    package let type: UInt8
    /// Bytes of data after channel and type.
    package let sizeBytes: Int

    static let sizeBytesMax = 64

    package init(name: String, channel: UInt8, type: UInt8, sizeBytes: Int) {
        self.name = name
        self.channel = channel
        self.type = type
        self.sizeBytes = sizeBytes
    }
}

/// One number in the data of a record.
package struct TLVField: Hashable, Sendable {
    package let channel: UInt8
    package let type: UInt8
    /// Offset in the record's data, bytes.
    package let at: Int
    package let number: Number
    package let order: TLVTable.Order
    /// Lowest and highest bit, 0 the least significant; `nil` for the whole number.
    package let bits: ClosedRange<Int>?
    /// Bit patterns that mean "no value".
    package let notAvailable: [UInt64]

    package enum Number: String, Hashable, Sendable, CaseIterable {
        case u8, i8, u16, i16, u24, i24, u32, i32, f32

        package var sizeBytes: Int {
            switch self {
            case .u8, .i8: 1
            case .u16, .i16: 2
            case .u24, .i24: 3
            case .u32, .i32, .f32: 4
            }
        }

        package var isSigned: Bool {
            switch self {
            case .i8, .i16, .i24, .i32: true
            default: false
            }
        }
    }

    package init(
        channel: UInt8, type: UInt8, at: Int, number: Number, order: TLVTable.Order, bits: ClosedRange<Int>?,
        notAvailable: [UInt64]
    ) {
        self.channel = channel
        self.type = type
        self.at = at
        self.number = number
        self.order = order
        self.bits = bits
        self.notAvailable = notAvailable
    }
}
