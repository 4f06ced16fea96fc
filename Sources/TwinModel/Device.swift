/// A thing on the wire: which profile explains it and where it answers.
package struct Device: Hashable, Sendable {
    package let id: String
    package let profile: String
    /// SHA-256 of the profile's canonical form, 32 bytes.
    package let profileHash: [UInt8]
    package let address: DeviceAddress

    package init(id: String, profile: String, profileHash: [UInt8], address: DeviceAddress) {
        self.id = id
        self.profile = profile
        self.profileHash = profileHash
        self.address = address
    }
}

package enum DeviceAddress: Hashable, Sendable {
    /// Modbus TCP; units of one host and port share a connection.
    case modbus(host: String, port: UInt16, unit: UInt8)
    /// Modbus RTU over a serial line, such as `/dev/ttyUSB0`; `mode` like `8N1`.
    case serial(path: String, baud: UInt32, mode: String, unit: UInt8)
    /// The topic root that the profile's topics hang under.
    case mqtt(root: String)
}
