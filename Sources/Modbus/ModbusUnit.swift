package import Profiles

/// One device on the line: its unit id, what its profile knows and which of its points are wanted.
package struct ModbusUnit: Hashable, Sendable {
    package let id: UInt8
    /// Id of the device in the building file.
    package let device: String
    package let profile: DeviceProfile
    package let points: [BoundPoint]
    /// What was learned from this device in an earlier run, under this same profile; `nil` to learn anew.
    package let learned: LearnedLayout?

    package init(
        id: UInt8, device: String, profile: DeviceProfile, points: [BoundPoint], learned: LearnedLayout? = nil
    ) {
        self.id = id
        self.device = device
        self.profile = profile
        self.points = points
        self.learned = learned
    }
}
