/// What goes wrong on a Modbus line, each case a different thing to do.
package enum ModbusError: Error, Hashable, Sendable {
    /// The device refused; `code` is the protocol's exception code, 1 … 11.
    case refused(unit: UInt8, code: UInt8)
    /// No whole answer before the deadline. The connection was closed, because a late answer would be taken for the next one.
    case noAnswer(unit: UInt8, afterMs: Int)
    /// An answer that is not one: wrong length, function, unit or transaction.
    case garbled(unit: UInt8)
    /// The connection is gone or cannot be made; every unit on it is silent until it is reopened. 0 when the name is not known.
    case lineDown(errno: Int32)
}
