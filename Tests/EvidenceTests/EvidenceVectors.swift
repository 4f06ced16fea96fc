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

    /// Folders of case lists: of another implementation, and our own.
    private static let caseFolders = ["evidence", "evidence-own"]

    /// Every `*.json` case list in them.
    static func caseLists() throws -> [CaseList] {
        try caseFolders.filter { FileManager.default.fileExists(atPath: root.appendingPathComponent($0).path) }
            .flatMap { folder in
                try names(in: folder).filter { $0.hasSuffix(".json") }.map { name in
                    var list = try JSONDecoder().decode(CaseList.self, from: Data(bytes("\(folder)/\(name)")))
                    for place in list.cases.indices { list.cases[place].folder = folder }
                    return list
                }
            }
    }

    static func names(in folder: String) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: root.appendingPathComponent(folder).path).sorted()
    }

    struct CaseList: Codable {
        var cases: [Case]
    }

    struct Case: Codable, Sendable, CustomStringConvertible {
        let file: String
        let card: String?
        let exit: Int32
        let findings: [String]
        var t1: Int64?
        var t2: Int64?
        var ambiguous: Bool?
        var what: String?
        /// Where file and card are; not in the list itself.
        var folder: String?

        var description: String { file }
        func path(_ name: String) -> String { "\(folder ?? "evidence")/\(name)" }
    }

    static func allCases() -> [Case] {
        // An unreadable list shows as an empty one, which its own test refuses.
        (try? caseLists().flatMap(\.cases)) ?? []
    }
}
