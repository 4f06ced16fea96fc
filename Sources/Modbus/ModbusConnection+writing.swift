package import Profiles

extension ModbusConnection {
    /// Writes once and reads back, on the running connection between two polls. A unit that is taken for dead is tried as well.
    ///
    /// - Parameters:
    ///   - device: id in the building file.
    ///   - readBack: read after the write.
    /// - Returns: its registers as they came; `nil` when nothing was to be read back, or the device took the write and did not
    ///   answer that.
    /// - Throws: `ModbusError`. `noAnswer`, `garbled` and `lineDown` leave open whether the device took it; everything else means
    ///   that it did not.
    package func write(device: String, _ write: ModbusWrite, readBack: ModbusPoint?) async throws -> [UInt16]? {
        guard let index = polls.firstIndex(where: { $0.unit.device == device }) else {
            throw ModbusError.notOnThisLine(device: device)
        }
        let line = try openForWriting()
        let unit = polls[index].unit.id
        defer {
            settle(line)
            flush(index)
        }
        try identify(index, on: line)
        let startUs = monotonicUs()
        do throws(ModbusError) {
            try line.write(unit: unit, write, withinMs: settings.responseMsMax)
            let tookUs = monotonicUs() - startUs
            pace.answered(inUs: tookUs)
            tally(unit) { unit in
                unit.requests += 1
                unit.answers += 1
                unit.roundTripUs = tookUs
            }
        } catch {
            count(unit, error, tookUs: monotonicUs() - startUs)
            throw error
        }
        guard let readBack else { return nil }
        let first = Int(readBack.address)
        let request = ReadRequest(
            function: readBack.function, span: first...first + max(readBack.wordCount, 1) - 1, points: [])
        do throws(ModbusError) {
            return Array(try exchange(unit, request, withinMs: settings.responseMsMax, on: line).words)
        } catch {
            // The write was confirmed by the device; that its value could not be read says nothing against it.
            return nil
        }
    }

    /// A connection that the other side has closed by now is made anew first, because a write must not go out twice.
    private func openForWriting() throws(ModbusError) -> ModbusLine {
        if let line, !line.isOpen {
            transaction = line.transaction
            self.line = nil
        }
        guard open(), let line else { throw .lineDown(errno: 0) }
        return line
    }

    /// Nothing is written to another device than the profile's.
    private func identify(_ index: Int, on line: ModbusLine) throws(ModbusError) {
        let unit = polls[index].unit.id
        while !polls[index].isIdentified {
            let ask = Turn.Ask.identity(polls[index].identityCount)
            guard let request = polls[index].request(of: ask) else { return }
            let before = polls[index].identityCount
            let answer = try exchange(unit, request, withinMs: settings.responseMsMax, on: line)
            polls[index].answered(ask, answer.words, UnitPoll.Instant(atMs: answer.atMs, nowMs: monotonicMs))
            if polls[index].identityCount <= before { throw .otherDevice(unit: unit) }
        }
    }
}
