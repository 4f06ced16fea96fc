package import Profiles

/// A plain line for tools: each call blocks the calling thread until it is answered, and nothing is polled.
///
/// Belongs to one thread at a time. A line that broke is opened again by the next call.
package final class ModbusSession {
    private let settings: ModbusSettings
    private let interrupt = Interrupt()
    private var line: ModbusLine?
    private var transaction: UInt16 = 0

    /// Opens the line.
    package init(_ settings: ModbusSettings) throws(ModbusError) {
        self.settings = settings
        line = try ModbusLine(settings, interrupt: interrupt)
    }

    /// Registers, or 0 and 1 for coils and discrete inputs, exactly `count` of them.
    /// - Parameter withinMs: instead of the settings' limit for an answer.
    package func read(
        unit: UInt8, _ function: ModbusFunction, address: UInt16, count: Int, withinMs: Int? = nil
    ) throws(ModbusError) -> [UInt16] {
        Array(
            try onLine { line throws(ModbusError) in
                try line.read(
                    unit: unit, function, address: address, count: count,
                    withinMs: withinMs ?? self.settings.responseMsMax)
            })
    }

    /// The same into an array that is used again, for loops that must not allocate. `words` holds exactly `count` afterwards.
    package func read(
        unit: UInt8, _ function: ModbusFunction, address: UInt16, count: Int, into words: inout [UInt16]
    ) throws(ModbusError) {
        let answer = try onLine { line throws(ModbusError) in
            try line.read(
                unit: unit, function, address: address, count: count, withinMs: self.settings.responseMsMax)
        }
        words.removeAll(keepingCapacity: true)
        words.append(contentsOf: answer)
    }

    /// Sent once. `noAnswer`, `garbled` and `lineDown` leave open whether the device took it.
    package func write(unit: UInt8, _ write: ModbusWrite) throws(ModbusError) {
        if let line, !line.isOpen { try reopen() }
        try onLine { line throws(ModbusError) in
            try line.write(unit: unit, write, withinMs: self.settings.responseMsMax)
        }
    }

    /// What the device says about itself (function 43, type 14): object ids and their texts, basic and regular, at most 64.
    package func identification(unit: UInt8) throws(ModbusError) -> [(id: UInt8, text: String)] {
        try onLine { line throws(ModbusError) in
            try line.identification(unit: unit, withinMs: self.settings.responseMsMax)
        }
    }

    /// Closes the line and opens it.
    package func reopen() throws(ModbusError) {
        transaction = line?.transaction ?? transaction
        line = nil
        line = try ModbusLine(settings, transaction: transaction, interrupt: interrupt)
    }

    private func onLine<Answer>(
        _ body: (ModbusLine) throws(ModbusError) -> Answer
    ) throws(ModbusError) -> Answer {
        if line == nil { try reopen() }
        guard let line else { throw .lineDown(errno: 0) }
        do throws(ModbusError) {
            return try body(line)
        } catch {
            if line.isBroken {
                transaction = line.transaction
                self.line = nil
            }
            throw error
        }
    }
}
