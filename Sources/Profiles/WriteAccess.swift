package import Readings

/// How a device takes a new value; whether anybody may is the building file's word.
package struct WriteAccess: Hashable, Sendable {
    package let way: Way
    /// Least value, in the point's unit, inclusive; `nil` for flags, texts and named values.
    package let min: ExactDecimal?
    /// Greatest value, in the point's unit, inclusive.
    package let max: ExactDecimal?
    /// Values are `min` plus whole steps, in the point's unit; `nil` when any value between the bounds will do.
    package let step: ExactDecimal?
    /// Least time between two writes of this point, milliseconds.
    package let everyMsMin: Int64

    package static let everyMsDefault: Int64 = 10_000
    package static let everyMsRange: ClosedRange<Int64> = 100...604_800_000
    package static let payloadBytesMax = 1_024

    package enum Way: Hashable, Sendable {
        /// `address` on the wire, from 0; it may be another one than the point is read from.
        case modbus(function: ModbusWriteFunction, address: UInt16)
        /// `topic` holds no name but `{root}`; the new value replaces `{value}` in `payload`.
        case mqtt(topic: TopicTemplate, payload: String)
    }

    package init(
        way: Way, min: ExactDecimal? = nil, max: ExactDecimal? = nil, step: ExactDecimal? = nil,
        everyMsMin: Int64 = everyMsDefault
    ) {
        self.way = way
        self.min = min
        self.max = max
        self.step = step
        self.everyMsMin = everyMsMin
    }
}

/// The four functions that write.
package enum ModbusWriteFunction: UInt8, Hashable, Sendable, CaseIterable {
    case singleCoil = 5
    case singleRegister = 6
    case multipleCoils = 15
    case multipleRegisters = 16

    /// Coils are single bits.
    package var writesBits: Bool { self == .singleCoil || self == .multipleCoils }
}
