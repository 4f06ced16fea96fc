import Foundation
import Hashing
import Testing

/// Reads every vector file of a kind, whatever further files of that kind are added.
enum VectorFiles {
    static var folder: URL {
        if let path = ProcessInfo.processInfo.environment["PLUMBLINE_VECTORS"] { return URL(fileURLWithPath: path) }
        return ours
    }

    private static let ours = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .appendingPathComponent("Vectors")

    /// Members of the first case of a file; empty for a file of another form.
    private static func members(_ file: URL) throws -> Set<String> {
        let content = try JSONSerialization.jsonObject(with: Data(contentsOf: file)) as? [String: Any]
        return Set((content?["vectors"] as? [[String: Any]])?.first?.keys.map { $0 } ?? [])
    }

    /// Whether a file's cases have the same members as those of one of our own files `log/PREFIX*.json`.
    private static func isAlike(_ name: String, _ prefix: String, in log: URL) throws -> Bool {
        let found = try members(log.appendingPathComponent(name))
        if found.isEmpty { return false }
        let own = ours.appendingPathComponent("log")
        return try FileManager.default.contentsOfDirectory(atPath: own.path)
            .filter { $0.hasPrefix(prefix) && $0.hasSuffix(".json") }
            .contains { try members(own.appendingPathComponent($0)) == found }
    }

    /// The contents of `log/PREFIX*.json` and of every other file there with such cases; at least one.
    static func read<Content: Decodable>(_ prefix: String, as: Content.Type) throws -> [Content] {
        let log = folder.appendingPathComponent("log")
        let names = try FileManager.default.contentsOfDirectory(atPath: log.path).sorted()
            .filter { try $0.hasSuffix(".json") && ($0.hasPrefix(prefix) || isAlike($0, prefix, in: log)) }
        try #require(!names.isEmpty, "no vectors \(prefix)*.json")
        return try names.map {
            try JSONDecoder().decode(Content.self, from: Data(contentsOf: log.appendingPathComponent($0)))
        }
    }

    static func cases<Case: Decodable>(_ prefix: String, as: Case.Type) throws -> [Case] {
        let cases = try read(prefix, as: Cases<Case>.self).flatMap(\.vectors)
        try #require(!cases.isEmpty)
        return cases
    }

    private struct Cases<Case: Decodable>: Decodable { let vectors: [Case] }
}

/// Leaf i of the vectors is the 8-byte big-endian integer i.
func countingLeaf(_ i: UInt64) -> [UInt8] {
    stride(from: 56, through: 0, by: -8).map { UInt8(truncatingIfNeeded: i >> UInt64($0)) }
}

func hash(_ hex: String) throws -> Hash { try #require(Hash(hex: hex)) }
