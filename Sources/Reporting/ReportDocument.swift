package import Evidence

/// A report without a form: what terminal and page show alike, in order.
package struct ReportDocument: Hashable, Sendable {
    /// How the verdict is coloured.
    package enum Tone: String, Hashable, Sendable { case good, caution, bad }

    package enum Block: Hashable, Sendable {
        case paragraph(String)
        /// Sentences of their own, one below the other.
        case list([String])
        /// Names and what they stand for.
        case facts([Fact])
        case table(Table)
    }

    package struct Fact: Hashable, Sendable {
        package let name: String
        package let value: String

        package init(name: String, value: String) {
            self.name = name
            self.value = value
        }
    }

    package struct Table: Hashable, Sendable {
        package let columns: [String]
        package let rows: [[String]]
        /// What is said in place of rows, when there are none.
        package let none: String

        package init(columns: [String], rows: [[String]], none: String) {
            self.columns = columns
            self.rows = rows
            self.none = none
        }
    }

    package struct Section: Hashable, Sendable {
        package let title: String
        package let blocks: [Block]

        package init(title: String, blocks: [Block]) {
            self.title = title
            self.blocks = blocks
        }
    }

    package let language: Language
    package let title: String
    package let verdict: String
    package let tone: Tone
    package let sections: [Section]

    package init(language: Language, title: String, verdict: String, tone: Tone, sections: [Section]) {
        self.language = language
        self.title = title
        self.verdict = verdict
        self.tone = tone
        self.sections = sections
    }
}

/// Text of others, such as names inside a file, in something that people read.
package enum SafeText {
    /// Without what would steer a terminal or turn the direction of writing.
    package static func of(_ text: String) -> String {
        String(String.UnicodeScalarView(text.unicodeScalars.map { isSteering($0) ? "\u{fffd}" : $0 }))
    }

    package static func isSteering(_ scalar: Unicode.Scalar) -> Bool {
        scalar.value < 0x20 || (0x7f...0x9f).contains(scalar.value) || (0x202a...0x202e).contains(scalar.value)
            || (0x2066...0x2069).contains(scalar.value)
    }
}
