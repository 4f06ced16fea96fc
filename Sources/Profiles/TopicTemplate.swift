/// The shape of a topic: `{root}/events/rpc`, `{root}/device/{eui}/event/up`.
///
/// `{root}` stands only at the beginning and is the device's own root, of one or more levels; any other `{name}` is one level
/// whose text is captured.
package struct TopicTemplate: Hashable, Sendable, CustomStringConvertible {
    package let description: String
    private let startsWithRoot: Bool
    private let levels: [Level]

    private enum Level: Hashable {
        case literal(String)
        case capture(String)
    }

    /// `nil` when it is empty, longer than 1024 bytes, holds a wildcard, an unclosed brace, the same name twice or `{root}` elsewhere.
    package init?(_ text: String) {
        guard !text.isEmpty, text.utf8.count <= 1024, !text.contains(where: { "+#\0".contains($0) }) else { return nil }
        var parts = text.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        startsWithRoot = parts.first == "{root}"
        if startsWithRoot { parts.removeFirst() }
        var levels: [Level] = []
        var names: Set<String> = []
        for part in parts {
            if part.hasPrefix("{"), part.hasSuffix("}") {
                let name = String(part.dropFirst().dropLast())
                guard !name.isEmpty, name != "root", !name.contains("{"), !name.contains("}"),
                    names.insert(name).inserted
                else {
                    return nil
                }
                levels.append(.capture(name))
            } else {
                guard !part.contains("{"), !part.contains("}") else { return nil }
                levels.append(.literal(part))
            }
        }
        self.levels = levels
        description = text
    }

    /// `{root}`.
    static let root = TopicTemplate()

    private init() {
        description = "{root}"
        startsWithRoot = true
        levels = []
    }

    /// Names between braces, `root` left out.
    package var captures: [String] {
        levels.compactMap { if case .capture(let name) = $0 { name } else { nil } }
    }

    /// What to subscribe to.
    package func filter(root: String) -> String {
        let rest = levels.map { level in
            switch level {
            case .literal(let text): text
            case .capture: "+"
            }
        }
        return (startsWithRoot ? [root] + rest : rest).joined(separator: "/")
    }

    /// The captured levels when the topic has this shape; `nil` when it has not.
    package func match(_ topic: String, root: String) -> [String: String]? {
        var parts = topic.split(separator: "/", omittingEmptySubsequences: false)[...]
        if startsWithRoot {
            for level in root.split(separator: "/", omittingEmptySubsequences: false) {
                guard parts.popFirst() == level else { return nil }
            }
        }
        guard parts.count == levels.count else { return nil }
        var captures: [String: String] = [:]
        for (part, level) in zip(parts, levels) {
            switch level {
            case .literal(let text): if part != text { return nil }
            case .capture(let name): captures[name] = String(part)
            }
        }
        return captures
    }
}
