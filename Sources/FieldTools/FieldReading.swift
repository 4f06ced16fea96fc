package import Profiles

/// The far end of a wire, as far as the installer's tools need it: registers are read, a device says who it is.
package protocol FieldReading {
    /// - Parameter count: 1 to the function's bound.
    /// - Returns: `count` registers, or 0 and 1 for coils and discrete inputs.
    func read(
        unit: UInt8, _ function: ModbusFunction, address: UInt16, count: Int
    ) throws(FieldReadingError) -> [UInt16]

    /// Function 43/14: the objects in rising order of id.
    func identification(unit: UInt8) throws(FieldReadingError) -> [DeviceObject]
}

/// One object of a device's identification.
package struct DeviceObject: Hashable, Sendable {
    package let id: UInt8
    package let text: String

    package init(id: UInt8, text: String) {
        self.id = id
        self.text = text
    }

    /// The protocol's name of the object: Modbus Application Protocol 1.1b3, section 6.21.
    package var name: String {
        switch id {
        case 0: "vendor"
        case 1: "product code"
        case 2: "revision"
        case 3: "vendor url"
        case 4: "product name"
        case 5: "model name"
        case 6: "application name"
        default: "object \(id)"
        }
    }
}

/// Why nothing was read.
package enum FieldReadingError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The device, or a gateway before it, refused with this exception code.
    case refused(code: UInt8)
    /// No whole answer in time.
    case silent(afterMs: Int)
    /// An answer that is none; the connection cannot be used further.
    case garbled
    /// There is no connection; why, in words.
    case lineDown(String)

    package var description: String {
        switch self {
        case .refused(let code): "the device refuses: \(Self.words(exception: code))"
        case .silent(let ms): "no answer within \(ms) ms"
        case .garbled: "the answer makes no sense"
        case .lineDown(let why): why
        }
    }

    /// A gateway's own words for "there is nobody under this unit id" (exceptions 10 and 11).
    package var isNobodyThere: Bool { self == .refused(code: 10) || self == .refused(code: 11) }

    /// What to look at next.
    package var hint: String? {
        switch self {
        case .refused(code: 1): "try another --function: many devices know only 3 or only 4"
        case .refused(code: 2):
            "the register does not exist here: try the address one lower or higher, another --function, or fewer registers"
        case .refused(code: 3): "ask for fewer registers at once"
        case .refused(code: 10), .refused(code: 11): "is the unit id right, and has the device power?"
        case .refused: nil
        case .silent: "is the unit id right? plumblined scan shows who answers"
        case .garbled: "does this address speak Modbus TCP? try rtutcp:// for a plain serial server"
        case .lineDown: nil
        }
    }

    /// `exception 2: illegal data address`, Modbus Application Protocol 1.1b3, section 7.
    package static func words(exception code: UInt8) -> String {
        let words: String =
            switch code {
            case 1: "illegal function"
            case 2: "illegal data address"
            case 3: "illegal data value"
            case 4: "device failure"
            case 5: "accepted, takes a while"
            case 6: "device busy"
            case 8: "memory parity error"
            case 10: "gateway path unavailable"
            case 11: "gateway: the device behind it does not answer"
            default: "unknown to the protocol"
            }
        return "exception \(code): \(words)"
    }
}
