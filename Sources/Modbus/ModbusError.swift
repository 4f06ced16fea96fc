/// What goes wrong on a Modbus line, each case a different thing to do.
package enum ModbusError: Error, Hashable, Sendable {
    /// The device refused; `code` is the protocol's exception code, 1 … 11.
    case refused(unit: UInt8, code: UInt8)
    /// No whole answer before the deadline. What was written may have been taken nevertheless.
    case noAnswer(unit: UInt8, afterMs: Int)
    /// An answer that is not one: wrong length, function, unit or checksum. What was written may have been taken nevertheless.
    case garbled(unit: UInt8)
    /// The connection is gone or cannot be made; every unit on it is silent until it is reopened. 0 when the name is not known.
    case lineDown(errno: Int32)
    /// The protocol has no room for such a request; nothing was sent.
    case illegalRequest(unit: UInt8)
    /// Under this unit id answers another device than the profile's; nothing was written.
    case otherDevice(unit: UInt8)
    /// No unit of this line is this device; nothing was written.
    case notOnThisLine(device: String)
}
