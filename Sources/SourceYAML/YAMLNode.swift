/// One value of a YAML file that still knows where it stands.
package struct YAMLNode: Sendable {
    package let content: Content
    package let file: String
    /// From 1.
    package let line: Int
    /// From 1, in characters.
    package let column: Int
    /// Keys and indices from the top of the file.
    package let path: [String]

    package enum Content: Sendable {
        /// `isPlain` is false for quoted and block text, which is never a number, a Boolean or null.
        case scalar(String, isPlain: Bool)
        case sequence([YAMLNode])
        /// In the order of the file; keys are different from each other.
        case mapping([YAMLEntry])
    }

    package init(content: Content, file: String, line: Int, column: Int, path: [String]) {
        self.content = content
        self.file = file
        self.line = line
        self.column = column
        self.path = path
    }

    /// `points.m1.energy`; empty at the top.
    package var pathText: String { path.joined(separator: ".") }

    /// `null`, `~` or nothing at all.
    package var isNull: Bool {
        if case .scalar(let text, isPlain: true) = content { return ["", "~", "null", "Null", "NULL"].contains(text) }
        return false
    }

    /// A mistake at this place.
    package func error(_ message: String, hint: String? = nil) -> SourceError {
        SourceError(file: file, line: line, column: column, path: pathText, message: message, hint: hint)
    }

    /// What a person would call it, for messages.
    var kindWord: String {
        switch content {
        case .scalar(let text, _): isNull ? "nothing" : "'\(text.prefix(60))'"
        case .sequence: "a list"
        case .mapping: "a mapping"
        }
    }

    /// ` at devices.mb1.unit`, or nothing at the top.
    var placeWords: String { path.isEmpty ? "" : " at \(pathText)" }
}

/// A key and its value.
package struct YAMLEntry: Sendable {
    package let key: String
    /// From 1.
    package let line: Int
    /// From 1, in characters.
    package let column: Int
    package let value: YAMLNode

    package init(key: String, line: Int, column: Int, value: YAMLNode) {
        self.key = key
        self.line = line
        self.column = column
        self.value = value
    }

    /// A mistake at the key itself.
    package func error(_ message: String, hint: String? = nil) -> SourceError {
        SourceError(file: value.file, line: line, column: column, path: value.pathText, message: message, hint: hint)
    }
}
