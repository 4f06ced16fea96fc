package import Readings
package import TwinModel

/// What the twin says of one point on the broker.
package enum TwinMessage {
    /// `{"at":"…Z","value":21.4,"unit":"Cel","quality":"good"}`; text values are not republished as numbers.
    ///
    /// The unit is a UCUM code of a closed table and the quality a word of ours: neither holds what JSON would have to escape.
    package static func json(_ reading: Reading, _ point: Point) -> String {
        let isUsable = reading.quality == .good || reading.quality == .overridden
        let number = isUsable ? point.engineering(reading.value)?.description : nil
        let unit = point.unit.map { "\"\($0)\"" } ?? "null"
        return "{\"at\":\"\(UTCTime.text(reading.capturedAtMs))\",\"value\":\(number ?? "null"),\"unit\":\(unit),"
            + "\"quality\":\"\(reading.quality.name)\"}"
    }
}
