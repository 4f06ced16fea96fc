package import SourceYAML

/// A profile file made from what one SunSpec device says of itself: its models, their places, and which points it has.
package struct SunSpecProfile: Hashable, Sendable {
    /// Points that are written down, at most; further ones are named in `leftOut`.
    package static let pointCountMax = 600

    /// `sunspec-MANUFACTURER-MODEL`.
    package let id: String
    /// Empty when the device has no common model.
    package let manufacturer: String
    package let model: String
    package let version: String
    package let serial: String
    /// Points that the device says it has not implemented; by night an inverter says so of more than by day.
    package let leftOut: [String]
    /// Models whose points are not known here.
    package let unknownModels: [UInt16]
    /// The whole file.
    package let yaml: String

    private struct Entry {
        let id: String
        let fact: SunSpecFact
        let address: Int
        let scaleAddress: Int?
    }

    /// - Parameters:
    ///   - map: what `SunSpecMap.discover` found.
    ///   - words: the registers of the models, as far as they could be read, by address.
    package init(_ map: SunSpecMap, words: [UInt16: UInt16]) {
        let common = map.models.first { $0.id == 1 }
        func text(_ id: String) -> String {
            guard let common, let fact = SunSpecModel.common.first(where: { $0.id == id }) else { return "" }
            return Self.text(Self.words(words, Int(common.address) + fact.offset, fact.type.wordCount) ?? [])
        }
        manufacturer = text("manufacturer")
        model = text("model")
        version = text("version")
        serial = text("serial")
        id = Self.identifier(["sunspec", manufacturer, model])
        unknownModels = map.models.filter { SunSpecModel.known($0.id, length: $0.length) == nil }.map(\.id)
        let (entries, leftOut) = Self.entries(map, words)
        self.leftOut = leftOut
        yaml = Self.file(
            id: id, manufacturer: manufacturer, model: model, version: version, map: map, entries: entries,
            leftOut: leftOut, unknown: unknownModels)
    }

    /// The profile in the file, as a gateway would read it.
    package func profile() throws(SourceError) -> DeviceProfile {
        try DeviceProfile.load(yaml.utf8, file: id + ".yaml")
    }

    /// What a person calls a model; `nil` when it is not known here.
    package static func label(_ id: UInt16) -> String? { SunSpecModel.known(id, length: 0)?.label }

    private static func entries(_ map: SunSpecMap, _ words: [UInt16: UInt16]) -> ([Entry], [String]) {
        var entries: [Entry] = []
        var leftOut: [String] = []
        // Left out or not: the names of a device are the same by day and by night.
        var names: Set<String> = []
        var kinds: [String: Int] = [:]
        for place in map.models {
            guard let known = SunSpecModel.known(place.id, length: place.length) else { continue }
            let number = kinds[known.kind, default: 0] + 1
            kinds[known.kind] = number
            let clashes = known.facts.contains { names.contains($0.id) }
            let prefix = clashes ? known.kind + (number > 1 ? "\(number)." : ".") : ""
            for fact in known.facts {
                let id = prefix + fact.id
                let last = max(fact.offset + fact.type.wordCount - 1, fact.scaleOffset ?? 0)
                // A device may have an older, shorter form of a model.
                guard last <= Int(place.length) + 1 else { continue }
                guard names.insert(id).inserted, entries.count < pointCountMax, isImplemented(fact, place, words)
                else {
                    leftOut.append(id)
                    continue
                }
                let start = Int(place.address)
                entries.append(
                    Entry(
                        id: id, fact: fact, address: start + fact.offset,
                        scaleAddress: fact.scaleOffset.map { start + $0 }))
            }
        }
        return (entries, leftOut)
    }

    /// What cannot be read counts as implemented: the gateway will tell.
    private static func isImplemented(
        _ fact: SunSpecFact, _ place: SunSpecMap.Model, _ words: [UInt16: UInt16]
    ) -> Bool {
        let start = Int(place.address)
        if let scale = fact.scaleOffset, Self.words(words, start + scale, 1) == [0x8000] { return false }
        if fact.isMandatory { return true }
        guard let said = Self.words(words, start + fact.offset, fact.type.wordCount) else { return true }
        return !fact.type.isNotImplemented(said)
    }

    private static func words(_ words: [UInt16: UInt16], _ address: Int, _ count: Int) -> [UInt16]? {
        var found: [UInt16] = []
        for place in address..<address + count {
            guard let key = UInt16(exactly: place), let word = words[key] else { return nil }
            found.append(word)
        }
        return found
    }

    private static func text(_ words: [UInt16]) -> String {
        var bytes = words.flatMap { [UInt8($0 >> 8), UInt8($0 & 0xFF)] }.prefix { $0 != 0 }
        while bytes.last == 0x20 { bytes.removeLast() }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// The words in `a-z 0-9 -`, at most 64 bytes.
    static func identifier(_ parts: [String]) -> String {
        var id = ""
        for scalar in parts.joined(separator: " ").lowercased().unicodeScalars {
            let isLegal = ("a"..."z").contains(scalar) || ("0"..."9").contains(scalar)
            if isLegal { id.unicodeScalars.append(scalar) } else if id.last != "-" { id.append("-") }
        }
        id = String(id.prefix(64))
        while id.last == "-" { id.removeLast() }
        return id
    }
}

extension SunSpecProfile {
    private static func file(
        id: String, manufacturer: String, model: String, version: String, map: SunSpecMap, entries: [Entry],
        leftOut: [String], unknown: [UInt16]
    ) -> String {
        let used = map.models.filter { SunSpecModel.known($0.id, length: $0.length) != nil }
        let list = map.models.map { "\($0.id) at \($0.address)" }.joined(separator: ", ")
        var notes = ["Made from the models that the device lists: \(list). Scale factors are live registers."]
        if !unknown.isEmpty {
            notes.append("Models without known points: \(unknown.map(String.init).joined(separator: ", ")).")
        }
        if !leftOut.isEmpty {
            notes.append(
                "Left out, because the device said that it has not implemented them: "
                    + leftOut.prefix(100).joined(separator: ", ") + ".")
        }
        var lines = [
            "profile: \(id)", "vendor: \(quoted(manufacturer.isEmpty ? "unknown" : manufacturer))",
            "models: [\(quoted(model.isEmpty ? "unknown" : model))]", "transport: modbus", "confidence: C",
            "provenance:",
            "  - \"sunspec/models json/model_N.json: offsets, types, scale factors, states (publisher of the format)\"",
            "  - \(quoted("read from the device, firmware \(version.isEmpty ? "unknown" : version)"))",
            "notes: \(quoted(notes.joined(separator: " ")))",
            "defaults: {function: 3, order: ABCD, addressing: zero-based}", "identify:",
            "  - {address: \(map.address), words: [0x5375, 0x6E53]}",
        ]
        lines += used.prefix(16).map { "  - {address: \($0.address), words: [\($0.id), \($0.length)]}" }
        let boundaries = map.models.map { "\($0.address)" }.joined(separator: ", ")
        lines += ["read: {maxRegisters: 125, gap: 20, boundaries: [\(boundaries)]}", "points:"]
        lines += entries.map { line($0) }
        return lines.joined(separator: "\n") + "\n"
    }

    private static func line(_ entry: Entry) -> String {
        let fact = entry.fact
        var parts = ["address: \(entry.address)", "type: \(fact.type.registerType.rawValue)"]
        if case .string(let count) = fact.type { parts.append("words: \(count)") }
        if let bit = fact.bit { parts += ["words: 2", "bit: \(bit)"] }
        if let scale = entry.scaleAddress { parts.append("scaleRegister: \(scale)") }
        if let pattern = fact.type.notImplemented {
            parts.append("notAvailable: [0x\(String(pattern, radix: 16, uppercase: true))]")
        }
        if !fact.labels.isEmpty {
            parts.append("values: {\(fact.labels.map { "\($0.value): \"\($0.name)\"" }.joined(separator: ", "))}")
        }
        if fact.quantity.isKilo { parts.append("scale: 0.001") }
        if let unit = fact.quantity.unit { parts.append("unit: \"\(unit)\"") }
        parts += ["nature: \(fact.quantity.nature)", "brick: \(fact.quantity.brick)"]
        if let flow = fact.quantity.flow { parts.append("flow: \(flow)") }
        return "  \(entry.id): {\(parts.joined(separator: ", "))}"
    }

    /// A YAML text in quotation marks on one line, whatever a device has put in it.
    private static func quoted(_ text: String) -> String {
        var quoted = "\""
        for scalar in text.unicodeScalars.prefix(4_000) {
            switch scalar {
            case "\"", "\\": quoted += "\\\(scalar)"
            case " "..."~": quoted.unicodeScalars.append(scalar)
            case "\u{A0}"..."\u{D7FF}" where !(0x2028...0x202E).contains(scalar.value):
                quoted.unicodeScalars.append(scalar)
            default: quoted += "?"
            }
        }
        return quoted + "\""
    }
}
