import Foundation
import Hashing

/// Reads a vector file below `$PLUMBLINE_VECTORS`, or `Tests/Vectors` beside this folder.
func vectorData(_ path: String) throws -> Data {
    let folder: URL
    if let given = ProcessInfo.processInfo.environment["PLUMBLINE_VECTORS"] {
        folder = URL(fileURLWithPath: given)
    } else {
        folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .appendingPathComponent("Vectors")
    }
    return try Data(contentsOf: folder.appendingPathComponent(path))
}

func vectors<Case: Decodable>(_ path: String, as _: Case.Type = Case.self) throws -> Case {
    try JSONDecoder().decode(Case.self, from: vectorData(path))
}

/// A seeded generator (SplitMix64): the same numbers in every run.
struct SeededGenerator: RandomNumberGenerator {
    var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var z = state
        z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
        return z ^ (z >> 31)
    }
}

/// Bytes of lower-case hexadecimal, with or without `0x`.
func hexBytes(_ text: String) throws -> [UInt8] {
    struct NotHex: Error { var text: String }
    guard let bytes = Hashing.bytes(hex: text.hasPrefix("0x") ? String(text.dropFirst(2)) : text) else {
        throw NotHex(text: text)
    }
    return bytes
}
