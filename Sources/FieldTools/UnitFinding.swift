package import Profiles

/// What answers under one unit id.
package struct UnitFinding: Hashable, Sendable {
    package let unit: UInt8
    /// What the first question brought.
    package let answer: Answer
    package let identification: [DeviceObject]
    package let sunSpec: SunSpecFinding?
    /// Ids of the profiles whose `identify` words stand there.
    package let profiles: [String]

    package enum Answer: Hashable, Sendable {
        /// A register was given.
        case words
        /// An exception: somebody is there.
        case refused(code: UInt8)
    }

    package init(
        unit: UInt8, answer: Answer, identification: [DeviceObject], sunSpec: SunSpecFinding?, profiles: [String]
    ) {
        self.unit = unit
        self.answer = answer
        self.identification = identification
        self.sunSpec = sunSpec
        self.profiles = profiles
    }

    /// One device in three lines or fewer.
    package var lines: [String] {
        var first = "unit \(unit)"
        if !profiles.isEmpty { first += "  profile \(profiles.joined(separator: ", "))" }
        if case .refused(let code) = answer { first += "  (answers with \(FieldReadingError.words(exception: code)))" }
        var lines = [first]
        if !identification.isEmpty {
            lines.append("  " + identification.map { "\($0.name) \(shown($0.text))" }.joined(separator: ", "))
        }
        if let sunSpec { lines += sunSpec.lines.map { "  " + $0 } }
        return lines
    }

    package var json: ToolJSON {
        let code: ToolJSON = if case .refused(let code) = answer { .number(code) } else { .null }
        return .members([
            "unit": .number(unit), "exception": code,
            "identification": .array(
                identification.map {
                    .members(["id": .number($0.id), "name": .string($0.name), "text": .string($0.text)])
                }),
            "sunspec": sunSpec?.json ?? .null, "profiles": .array(profiles.map { .string($0) }),
        ])
    }

    /// Asks one unit whether it is there and, when it is, who it is.
    ///
    /// - Parameters:
    ///   - profiles: those with `identify` words are tried.
    ///   - isStopped: asked between two questions; what is known by then is told.
    /// - Returns: `nil` when nobody answers, or only a gateway that says so.
    package static func ask(
        _ unit: UInt8, _ reader: some FieldReading, profiles: [DeviceProfile], isStopped: () -> Bool = { false }
    ) throws(FieldReadingError) -> UnitFinding? {
        guard let answer = try presence(unit, reader) else { return nil }
        var identification: [DeviceObject] = []
        var sunSpec: SunSpecFinding?
        var matches: [String] = []
        if !isStopped() {
            identification = try quiet { () throws(FieldReadingError) in try reader.identification(unit: unit) } ?? []
        }
        if !isStopped() { sunSpec = try SunSpecFinding.find(unit, reader) }
        if !isStopped() { matches = try matching(unit, reader, profiles) }
        return UnitFinding(
            unit: unit, answer: answer, identification: identification, sunSpec: sunSpec, profiles: matches)
    }

    /// Register 0 of function 3, then of function 4: any answer will do. Only a silent unit costs the whole waiting time, once.
    private static func presence(_ unit: UInt8, _ reader: some FieldReading) throws(FieldReadingError) -> Answer? {
        do throws(FieldReadingError) {
            _ = try reader.read(unit: unit, .holdingRegisters, address: 0, count: 1)
            return .words
        } catch {
            if error.isNobodyThere { return nil }
            switch error {
            case .silent: return nil
            case .refused(let code):
                let input = try quiet { () throws(FieldReadingError) in
                    try reader.read(unit: unit, .inputRegisters, address: 0, count: 1)
                }
                return input == nil ? .refused(code: code) : .words
            case .garbled, .lineDown: throw error
            }
        }
    }

    private static func matching(
        _ unit: UInt8, _ reader: some FieldReading, _ profiles: [DeviceProfile]
    ) throws(FieldReadingError) -> [String] {
        var known: [IdentityCheck: Bool] = [:]
        var matches: [String] = []
        for profile in profiles {
            guard let checks = profile.modbus?.identify, !checks.isEmpty else { continue }
            var isMatch = true
            for check in checks where isMatch {
                if known[check] == nil {
                    let words = try quiet { () throws(FieldReadingError) in
                        try reader.read(
                            unit: unit, check.function, address: check.address, count: check.words.count)
                    }
                    known[check] = words.map(check.accepts) ?? false
                }
                isMatch = known[check] == true
            }
            if isMatch { matches.append(profile.id) }
        }
        return matches
    }
}

/// `nil` for a refusal and for silence, which are answers to a question that may be asked in vain.
func quiet<Value>(_ read: () throws(FieldReadingError) -> Value) throws(FieldReadingError) -> Value? {
    do throws(FieldReadingError) { return try read() } catch {
        switch error {
        case .refused, .silent, .garbled: return nil
        case .lineDown: throw error
        }
    }
}
