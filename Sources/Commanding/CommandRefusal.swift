package import Readings

/// Why a command is not carried out. The API has one table from here to HTTP.
package enum CommandRefusal: Error, Hashable, Sendable {
    /// The role does not command.
    case outsideGrant
    case noSuchPoint(String)
    /// Profile or building file give no leave.
    case notWritable(point: String)
    case reasonLength(allowed: ClosedRange<Int>)
    /// A text for a number, or the like; `expected` in words of the API.
    case wrongForm(point: String, expected: String)
    case outOfBounds(point: String, given: String, min: ExactDecimal, max: ExactDecimal)
    /// Between two values that the point can take.
    case betweenSteps(point: String, given: String, nearest: ExactDecimal?)
    case unknownName(point: String, given: String, known: [String])
    /// The device's registers cannot say it; `why` in plain English.
    case notEncodable(point: String, given: String, why: String)
    case tooSoon(point: String, everyMs: Int64, waitMs: Int64)
    /// The device is busy with another command; its intent, once that is on disk.
    case running(device: String, point: String, intent: UInt64?)
    case keyReused
    /// As many keys as are kept are less than a day old.
    case keysFull
    /// The log takes no leaf now. `intent`: the device may have been written to, and the outcome is put on record later.
    case cannotRecord(isDiskFull: Bool, intent: UInt64?)
}
