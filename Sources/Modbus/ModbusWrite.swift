package import Profiles

/// One request that changes a device.
package struct ModbusWrite: Hashable, Sendable {
    package let function: ModbusWriteFunction
    /// On the wire, from 0.
    package let address: UInt16
    /// Registers as they go out, or 0 and 1 for coils. Exactly one for functions 5 and 6.
    package let words: [UInt16]

    package init(function: ModbusWriteFunction, address: UInt16, words: [UInt16]) {
        self.function = function
        self.address = address
        self.words = words
    }

    /// Most coils or registers in one request.
    var countMax: Int {
        switch function {
        case .singleCoil, .singleRegister: 1
        case .multipleCoils: 1968
        case .multipleRegisters: 123
        }
    }

    /// Whether the protocol has room for it.
    var isLegal: Bool { (1...countMax).contains(words.count) && Int(address) + words.count <= 65_536 }
}
