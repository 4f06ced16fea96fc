/// Where a value lies in a Modbus device and how its words make a number.
package struct ModbusPoint: Hashable, Sendable {
    package let function: ModbusFunction
    /// On the wire, from 0.
    package let address: UInt16
    package let type: RegisterType
    package let order: WordOrder
    /// Registers the value takes; 1 for coils and discrete inputs.
    package let wordCount: Int
    /// Lowest and highest bit, 0 the least significant, for `bit` and `bits`.
    package let bits: ClosedRange<Int>?
    /// Patterns, after word order, that mean "no value".
    package let notAvailable: [UInt64]
    /// A register beside it that holds the power of ten by which the value is multiplied now (SunSpec `sunssf`).
    package let scaleRegister: UInt16?

    package init(
        function: ModbusFunction, address: UInt16, type: RegisterType, order: WordOrder = .abcd, wordCount: Int,
        bits: ClosedRange<Int>? = nil, notAvailable: [UInt64] = [], scaleRegister: UInt16? = nil
    ) {
        self.function = function
        self.address = address
        self.type = type
        self.order = order
        self.wordCount = wordCount
        self.bits = bits
        self.notAvailable = notAvailable
        self.scaleRegister = scaleRegister
    }

    /// First and last address that one request must cover, the live scale register included.
    package var span: ClosedRange<Int> {
        let first = Int(address)
        let last = first + max(wordCount, 1) - 1
        guard let scale = scaleRegister.map({ Int($0) }) else { return first...last }
        return min(first, scale)...max(last, scale)
    }
}

/// The four functions that read.
package enum ModbusFunction: UInt8, Hashable, Sendable, CaseIterable {
    case coils = 1
    case discreteInputs = 2
    case holdingRegisters = 3
    case inputRegisters = 4

    /// Coils and discrete inputs are single bits.
    package var readsBits: Bool { self == .coils || self == .discreteInputs }

    /// The protocol's own bound for one request.
    package var countMax: Int { readsBits ? 2000 : 125 }
}

package enum RegisterType: String, Hashable, Sendable, CaseIterable {
    case u16, i16, u32, i32, u64, i64, f32, f64
    /// One bit of a register.
    case bit
    /// Several bits of a register, or of two or four, as a number.
    case bits
    /// A number whose values have names.
    case `enum`
    /// A coil or discrete input, or a register that is not 0.
    case bool
    /// Bytes of text, ended by NUL or the last register; spaces at the end do not count.
    case text
    /// Four decimal digits in each register.
    case bcd

    /// Registers, where the type alone tells.
    package var wordCount: Int? {
        switch self {
        case .u16, .i16, .bit, .bool: 1
        case .u32, .i32, .f32: 2
        case .u64, .i64, .f64: 4
        case .bits, .enum, .text, .bcd: nil
        }
    }
}

/// The order in which the bytes of a 32-bit value arrive, A the most significant. It holds for every width and for text:
/// `CDAB` is all registers reversed, `BADC` the two bytes of every register swapped, `DCBA` both.
package enum WordOrder: String, Hashable, Sendable, CaseIterable {
    case abcd = "ABCD"
    case cdab = "CDAB"
    case badc = "BADC"
    case dcba = "DCBA"

    /// The registers as if they had come in order `ABCD`.
    package func normalized(_ words: some BidirectionalCollection<UInt16>) -> [UInt16] {
        switch self {
        case .abcd: Array(words)
        case .cdab: Array(words.reversed())
        case .badc: words.map(\.byteSwapped)
        case .dcba: words.reversed().map(\.byteSwapped)
        }
    }
}
