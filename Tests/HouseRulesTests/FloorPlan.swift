import Foundation

/// The checkout as text: the manifest's rooms with what they open onto, and every Swift file with its imports.
struct FloorPlan {
    struct File {
        let path: String
        let lines: [Substring]
        var room: String { path.split(separator: "/").dropFirst().first.map(String.init) ?? "" }

        /// Names of the imported modules, whatever the access level in front.
        var imports: [String] {
            lines.compactMap { line in
                // Few lines are worth the expression's time.
                guard line.contains("import "),
                    let match = line.wholeMatch(
                        of:
                            /^\s*(?:public |package |internal |private |@\w+(?:\([^)]*\))? )*import (?:struct |enum |func |class |protocol )?(\w+).*/
                    )
                else { return nil }
                return String(match.1)
            }
        }
    }

    static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    let sources: [File]
    let tests: [File]
    /// Room to the rooms of this package in its line of the manifest.
    let opensOnto: [String: Set<String>]

    init() throws {
        sources = try Self.files(in: "Sources")
        tests = try Self.files(in: "Tests")
        let manifest = try String(contentsOf: Self.root.appending(path: "Package.swift"), encoding: .utf8)
        let rooms = try FileManager.default.contentsOfDirectory(atPath: Self.root.appending(path: "Sources").path)
        var plan: [String: Set<String>] = [:]
        for match in manifest.matches(of: /(?:room|door)\(\s*"(\w+)"(?s:(.*?))\)(?:,\n|\n)/) {
            let names = String(match.2).matches(of: /"(\w+)"/).map { String($0.1) }
            plan[String(match.1)] = Set(names).intersection(rooms)
        }
        opensOnto = plan
    }

    /// Every room that can be reached from `door`, itself left out.
    func reach(from door: String) -> Set<String> {
        var reached: Set<String> = []
        var open = [door]
        while let room = open.popLast() {
            for next in opensOnto[room] ?? [] where reached.insert(next).inserted { open.append(next) }
        }
        return reached
    }

    private static func files(in folder: String) throws -> [File] {
        let base = root.appending(path: folder)
        let names = FileManager.default.enumerator(atPath: base.path)?.compactMap { $0 as? String } ?? []
        return try names.filter { $0.hasSuffix(".swift") }.sorted().map { name in
            let text = try String(contentsOf: base.appending(path: name), encoding: .utf8)
            return File(path: folder + "/" + name, lines: text.split(separator: "\n", omittingEmptySubsequences: false))
        }
    }
}
