package import Profiles

/// Registers that are read once, in requests that a device may refuse in part.
package struct FieldRecorder: Sendable {
    /// Requests for one recording, at most: enough for a hole at every second of 4 000 registers.
    package static let requestCountMax = 8_000

    /// What is asked for: function and first and last address.
    package struct Want: Hashable, Sendable {
        package let function: ModbusFunction
        package let span: ClosedRange<Int>

        package init(_ function: ModbusFunction, _ span: ClosedRange<Int>) {
            self.function = function
            self.span = span
        }

        /// `3:0-199`, one address as `4:12`. `nil` for anything else or addresses beyond 65 535.
        package init?(_ text: String) {
            let parts = text.split(separator: ":", omittingEmptySubsequences: false)
            guard parts.count == 2, let number = UInt8(parts[0]), let function = ModbusFunction(rawValue: number) else {
                return nil
            }
            let ends = parts[1].split(separator: "-", omittingEmptySubsequences: false).map { UInt16($0) }
            guard (1...2).contains(ends.count), let first = ends[0], let last = ends[ends.count - 1], first <= last
            else { return nil }
            self.init(function, Int(first)...Int(last))
        }
    }

    /// What came of it.
    package struct Taken: Hashable, Sendable {
        package var runs: [RegisterDump.Run] = []
        package var refused: [RegisterDump.Refusal] = []
        package var requests = 0
    }

    /// The requests of a profile's whole plan, its identity included.
    package static func wants(_ profile: DeviceProfile) -> [Want] {
        guard let dialect = profile.modbus else { return [] }
        let plan = ReadPlan(points: profile.points.compactMap(\.modbus), limits: dialect.limits)
        return dialect.identify.map { Want($0.function, Int($0.address)...Int($0.address) + $0.words.count - 1) }
            + plan.requests.map { Want($0.function, $0.span) }
    }

    /// Reads everything; a block that the device refuses is halved until the registers that it lacks are known one by one.
    ///
    /// - Parameters:
    ///   - registerCountMax: registers in one request, at most.
    ///   - read: may throw `refused`, which is noted; everything else ends the recording.
    /// - Returns: what was taken, also when `requestCountMax` was reached.
    package static func take(
        _ wants: [Want], registerCountMax: Int,
        read: (ModbusFunction, UInt16, Int) throws(FieldReadingError) -> [UInt16]
    ) throws(FieldReadingError) -> Taken {
        var taken = Taken()
        var open = wants.flatMap { cut($0, registerCountMax: registerCountMax) }
        open.reverse()
        while let want = open.popLast(), taken.requests < requestCountMax {
            taken.requests += 1
            let (first, last) = (UInt16(clamping: want.span.lowerBound), UInt16(clamping: want.span.upperBound))
            do throws(FieldReadingError) {
                let words = try read(want.function, first, want.span.count)
                taken.runs.append(RegisterDump.Run(function: want.function, address: first, words: words))
            } catch .refused(let code) {
                let isDivisible = want.span.count > 1 && [2, 3, 4].contains(code)
                guard isDivisible else {
                    taken.refused.append(
                        RegisterDump.Refusal(function: want.function, first: first, last: last, code: code))
                    continue
                }
                let middle = want.span.lowerBound + want.span.count / 2
                open.append(Want(want.function, middle...want.span.upperBound))
                open.append(Want(want.function, want.span.lowerBound...middle - 1))
            }
        }
        taken.refused = joined(taken.refused)
        return taken
    }

    private static func cut(_ want: Want, registerCountMax: Int) -> [Want] {
        let most = want.function.readsBits ? want.function.countMax : min(max(registerCountMax, 1), 125)
        return stride(from: want.span.lowerBound, through: want.span.upperBound, by: most).map {
            Want(want.function, $0...min($0 + most - 1, want.span.upperBound))
        }
    }

    /// Holes beside each other with the same code are one hole.
    private static func joined(_ holes: [RegisterDump.Refusal]) -> [RegisterDump.Refusal] {
        var joined: [RegisterDump.Refusal] = []
        let sorted = holes.sorted { ($0.function.rawValue, $0.first) < ($1.function.rawValue, $1.first) }
        for hole in sorted {
            if let last = joined.last, last.function == hole.function, last.code == hole.code,
                Int(hole.first) <= Int(last.last) + 1
            {
                joined[joined.count - 1] = RegisterDump.Refusal(
                    function: hole.function, first: last.first, last: max(last.last, hole.last), code: hole.code)
            } else {
                joined.append(hole)
            }
        }
        return joined
    }
}
