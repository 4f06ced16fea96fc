/// Where a Modbus line answers and how patiently it is asked.
package struct ModbusSettings: Hashable, Sendable {
    package var transport: ModbusTransport
    /// From the request to the last byte of its answer; also for making the connection.
    package var responseMsMax = 1_000
    /// Silence between an answer and the next request. On a serial line it is never less than 3.5 characters.
    package var gapMs = 0
    /// Waiting time after the first failure of the line or of a unit; it doubles up to `backOffMsMax`, and up to a quarter is taken
    /// off by chance.
    package var backOffMsMin = 250
    package var backOffMsMax = 30_000

    package init(_ transport: ModbusTransport) { self.transport = transport }

    /// - Parameters:
    ///   - failures: in a row, from 1.
    ///   - chance: 0 ..< 1.
    func backOffMs(failures: Int, chance: Double) -> Int64 {
        let doubled = backOffMsMin << min(max(failures - 1, 0), 16)
        let full = Int64(min(max(doubled, 1), backOffMsMax))
        return full - Int64(Double(full) / 4 * min(max(chance, 0), 1))
    }
}
