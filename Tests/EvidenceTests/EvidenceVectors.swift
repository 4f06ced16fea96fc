import Foundation

/// The vectors: `$PLUMBLINE_VECTORS`, or `Tests/Vectors` beside this folder.
enum EvidenceVectors {
    static let root: URL = {
        if let given = ProcessInfo.processInfo.environment["PLUMBLINE_VECTORS"] { return URL(fileURLWithPath: given) }
        return URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .appendingPathComponent("Vectors")
    }()

    static func bytes(_ path: String) throws -> [UInt8] {
        [UInt8](try Data(contentsOf: root.appendingPathComponent(path)))
    }

    /// Every `*.json` case list in `evidence/`.
    static func caseLists() throws -> [CaseList] {
        try names(in: "evidence").filter { $0.hasSuffix(".json") }.map {
            try JSONDecoder().decode(CaseList.self, from: Data(bytes("evidence/\($0)")))
        }
    }

    static func names(in folder: String) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: root.appendingPathComponent(folder).path).sorted()
    }

    struct CaseList: Decodable {
        let cases: [Case]
    }

    struct Case: Decodable, Sendable, CustomStringConvertible {
        let file: String
        let card: String?
        let exit: Int32
        let findings: [String]
        let t1: Int64?
        let t2: Int64?
        let ambiguous: Bool?

        var description: String { file }
    }

    static func allCases() -> [Case] {
        // An unreadable list shows as an empty one, which its own test refuses.
        (try? caseLists().flatMap(\.cases)) ?? []
    }
}
