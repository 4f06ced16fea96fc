/// A thing on the wire: which profile explains it and where it answers.
package struct Device: Hashable, Sendable {
    package let id: String
    package let profile: String
    /// SHA-256 of the profile's canonical form, 32 bytes.
    package let profileHash: [UInt8]
    package let address: DeviceAddress
    package let patience: Patience

    package init(
        id: String, profile: String, profileHash: [UInt8], address: DeviceAddress, patience: Patience = .standard
    ) {
        self.id = id
        self.profile = profile
        self.profileHash = profileHash
        self.address = address
        self.patience = patience
    }
}

package enum DeviceAddress: Hashable, Sendable {
    /// Modbus TCP; units of one host and port share a connection.
    case modbus(host: String, port: UInt16, unit: UInt8)
    /// Modbus RTU frames with their checksum over TCP, as simple serial servers pass them on; shared like Modbus TCP.
    case rtuOverTCP(host: String, port: UInt16, unit: UInt8)
    /// Modbus RTU over a serial line, such as `/dev/ttyUSB0`; `mode` like `8N1`.
    case serial(path: String, baud: UInt32, mode: String, unit: UInt8)
    /// The topic root that the profile's topics hang under.
    case mqtt(root: String)
}

/// How patiently a device is asked. On a shared connection the largest values of all its devices hold: a slow device is not hurried
/// by a fast one.
package struct Patience: Hashable, Sendable {
    package static let standard = Patience(timeoutMs: nil, gapMs: nil)

    /// From the request to the last byte of its answer, 50 … 30 000; `nil` leaves it to the connection.
    package let timeoutMs: UInt32?
    /// Silence between two requests, 0 … 1 000; `nil` for none.
    package let gapMs: UInt32?

    package init(timeoutMs: UInt32?, gapMs: UInt32?) {
        self.timeoutMs = timeoutMs
        self.gapMs = gapMs
    }
}
