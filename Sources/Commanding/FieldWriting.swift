package import Profiles
package import Readings

/// The way to the devices. The gateway lays it over its connections; tests make one up.
package protocol FieldWriting: Sendable {
    /// Writes one value and reads back what the device holds then.
    ///
    /// It ends within seconds, whatever the device does, and never tries twice by itself: a value that changes on every write
    /// would change twice.
    /// - Returns: `nil` when the value was written and nothing could be read back.
    func write(device: String, point: ProfilePoint, value: RawValue) async throws(FieldWriteError) -> RawValue?
}

package enum FieldWriteError: Error, Hashable, Sendable {
    /// The device's own word, a Modbus exception code 1…11.
    case refused(code: UInt8)
    /// Sent, and no whole answer came: unknown whether the device took it.
    case noAnswer
    /// Nothing was sent: the link is down, or there is none. `why` for the journal.
    case notSent(why: String)
    /// The gateway is ending: unknown whether the device took it.
    case interrupted
}
