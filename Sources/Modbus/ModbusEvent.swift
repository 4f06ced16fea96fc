package import Profiles

/// A change of state worth a line for the operator. Each is told once, when it happens.
package enum ModbusEvent: Hashable, Sendable {
    case lineUp(ModbusTransport)
    /// The next attempt comes after `retryMs`; told once until the line is back.
    case lineDown(ModbusTransport, ModbusError, retryMs: Int)
    case unitOffline(device: String, unit: UInt8, ModbusError)
    case unitBack(device: String, unit: UInt8)
    /// The device under this unit id is not the one of the profile: at `address` stand `found` instead of `expected`.
    case otherDevice(device: String, unit: UInt8, address: UInt16, expected: [UInt16], found: [UInt16])
    /// The device refuses one point and nothing beside it; its block is read around it from now on.
    case pointRefused(device: String, unit: UInt8, point: String, code: UInt8)
    /// The device has none of a function's registers or bits; so many points that need it are not read.
    case functionRefused(device: String, unit: UInt8, ModbusFunction, pointCount: Int)
    /// Everything that is known about the device's refusals by now; whoever keeps it gives it back as `ModbusUnit.learned`.
    case learned(device: String, LearnedLayout)
}
