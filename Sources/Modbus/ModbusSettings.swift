package import Profiles

/// Where a Modbus line answers and how patiently it is asked.
package struct ModbusSettings: Sendable {
    /// Name or address, IPv4 or IPv6.
    package var host: String
    package var port: UInt16
    /// From the request to the last byte of its answer; also for making the connection.
    package var responseMsMax = 1_000
    /// Silence between two requests, for gateways that need it.
    package var gapMs = 0
    /// Waiting time after the first failure of the line or of a unit; it doubles up to `backOffMsMax`, and up to a quarter is taken
    /// off by chance.
    package var backOffMsMin = 250
    package var backOffMsMax = 30_000

    package init(host: String, port: UInt16 = 502) {
        self.host = host
        self.port = port
    }

    /// - Parameters:
    ///   - failures: in a row, from 1.
    ///   - chance: 0 ..< 1.
    func backOffMs(failures: Int, chance: Double) -> Int64 {
        let doubled = backOffMsMin << min(max(failures - 1, 0), 16)
        let full = Int64(min(max(doubled, 1), backOffMsMax))
        return full - Int64(Double(full) / 4 * min(max(chance, 0), 1))
    }
}

/// One device on the line: its unit id, what its profile knows and which of its points are wanted.
package struct ModbusUnit: Sendable {
    package let id: UInt8
    /// Id of the device in the building file.
    package let device: String
    package let profile: DeviceProfile
    package let points: [BoundPoint]

    package init(id: UInt8, device: String, profile: DeviceProfile, points: [BoundPoint]) {
        self.id = id
        self.device = device
        self.profile = profile
        self.points = points
    }
}

/// A change of state worth a line for the operator.
package enum ModbusEvent: Hashable, Sendable {
    case lineUp(host: String, port: UInt16)
    /// The next attempt comes after `retryMs`; told once until the line is back.
    case lineDown(ModbusError, retryMs: Int)
    case unitOffline(device: String, unit: UInt8, ModbusError)
    case unitBack(device: String, unit: UInt8)
    /// The device under this unit id is not the one of the profile: at `address` stand `found` instead of `expected`.
    case otherDevice(device: String, unit: UInt8, address: UInt16, expected: [UInt16], found: [UInt16])
    /// The device refuses one point and nothing beside it; its block is read around it from now on.
    case pointRefused(device: String, unit: UInt8, point: String, code: UInt8)
}

/// How a line and its units fare since start.
package struct ModbusStatistics: Hashable, Sendable {
    package var isUp = false
    package var connects = 0
    package var lineFailures = 0
    package var units: [UInt8: UnitStatistics] = [:]

    package init() {}

    package struct UnitStatistics: Hashable, Sendable {
        package var isAnswering = false
        package var requests = 0
        package var answers = 0
        package var timeouts = 0
        package var exceptions = 0
        package var garbled = 0
        /// The last round trip, microseconds; half of it is the uncertainty of a capture instant.
        package var roundTripUs: Int64 = 0
        /// Milliseconds since 1970.
        package var lastAnswerAtMs: Int64?

        package init() {}
    }
}
