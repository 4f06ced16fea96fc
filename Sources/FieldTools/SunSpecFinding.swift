package import Profiles
import Readings

/// The SunSpec models of one unit, and what the device says of itself in the first.
package struct SunSpecFinding: Hashable, Sendable {
    package let map: SunSpecMap
    /// Registers of the models, by address; those of the common model alone when only that was read.
    package let words: [UInt16: UInt16]

    package init(map: SunSpecMap, words: [UInt16: UInt16]) {
        self.map = map
        self.words = words
    }

    package var profile: SunSpecProfile { SunSpecProfile(map, words: words) }

    /// `nil` when there is no marker.
    ///
    /// - Parameter isWhole: every model with known points is read, not only the common one.
    package static func find(
        _ unit: UInt8, _ reader: some FieldReading, isWhole: Bool = false
    ) throws(FieldReadingError) -> SunSpecFinding? {
        let found = try SunSpecMap.discover { (address, count) throws(FieldReadingError) -> [UInt16]? in
            try quiet { () throws(FieldReadingError) in
                try reader.read(unit: unit, .holdingRegisters, address: address, count: count)
            }
        }
        guard let map = found else { return nil }
        let models = map.models.filter { isWhole ? SunSpecProfile.label($0.id) != nil : $0.id == 1 }
        let wants = models.prefix(isWhole ? SunSpecMap.modelCountMax : 1).map {
            FieldRecorder.Want(
                .holdingRegisters, $0.span.lowerBound...min($0.span.upperBound, $0.span.lowerBound + 1_999))
        }
        let taken = try FieldRecorder.take(Array(wants), registerCountMax: 125) {
            (function, address, count) throws(FieldReadingError) in
            try reader.read(unit: unit, function, address: address, count: count)
        }
        var words: [UInt16: UInt16] = [:]
        for run in taken.runs {
            for (offset, word) in run.words.enumerated() { words[run.address &+ UInt16(clamping: offset)] = word }
        }
        return SunSpecFinding(map: map, words: words)
    }

    package var lines: [String] {
        let profile = profile
        let name = [profile.manufacturer, profile.model, profile.version, profile.serial].filter { !$0.isEmpty }
        var lines = [
            "sunspec at \(map.address): " + (name.isEmpty ? "no common model" : shown(name.joined(separator: ", ")))
        ]
        for model in map.models {
            lines.append(
                "  model \(model.id) at \(model.address), \(model.length) registers"
                    + (SunSpecProfile.label(model.id).map { ": " + $0 } ?? ""))
        }
        if map.end != .ended { lines.append("  " + map.end.rawValue) }
        return lines
    }

    package var json: ToolJSON {
        let profile = profile
        return .members([
            "address": .number(map.address), "manufacturer": .string(profile.manufacturer),
            "model": .string(profile.model), "version": .string(profile.version), "serial": .string(profile.serial),
            "models": .array(
                map.models.map {
                    .members([
                        "id": .number($0.id), "address": .number($0.address), "registers": .number($0.length),
                        "label": .text(SunSpecProfile.label($0.id)),
                    ])
                }),
            "end": .string(map.end.rawValue),
        ])
    }
}

extension SunSpecFinding {
    /// The profile file with test words: the first value of each type that was read from the device.
    package var yaml: String {
        let made = profile
        // A file without known points has nothing to test; whoever loads it is told why.
        guard let profile = try? made.profile() else { return made.yaml }
        let runs = words.map { RegisterDump.Run(function: .holdingRegisters, address: $0.key, words: [$0.value]) }
        let dump = RegisterDump(device: "", unit: 0, profile: made.id, recordedAtMs: 0, runs: runs)
        var tested: Set<RegisterType> = []
        var lines: [String] = []
        for point in dump.decoded(profile) {
            guard let type = point.point.modbus?.type, point.quality == .good, let value = point.value,
                value.allSatisfy({ $0.isASCII && $0 != "\"" && $0 != "\\" && !$0.isNewline }),
                tested.insert(type).inserted
            else { continue }
            let digits = point.words.map { "0x" + Interpretations.hex($0, 4) }.joined(separator: ", ")
            let scale = point.scaleWord.map { ", scaleWord: 0x" + Interpretations.hex($0, 4) } ?? ""
            lines.append("  - {point: \(point.point.id), words: [\(digits)]\(scale), value: \"\(value)\"}")
        }
        return made.yaml + (lines.isEmpty ? "" : "test:\n" + lines.joined(separator: "\n") + "\n")
    }
}
