import Profiles

extension Interpretations {
    /// The registers one by one, then a table with a column for each order. What is plausible has a `*`, what means "not available" a `!`.
    ///
    /// - Parameter paint: colours a plausible value; the text alone counts.
    package func lines(paint: (String) -> String = { $0 }) -> [String] {
        var lines = ["register  hex     decimal  signed  bits 15…0"]
        for (index, word) in words.enumerated() {
            lines.append(
                Self.left("\(Int(address) + index)", 8) + "  0x" + Self.hex(word, 4) + "  " + Self.right("\(word)", 7)
                    + "  "
                    + Self.right("\(Int16(bitPattern: word))", 6) + "  " + Self.bits(word))
        }
        let widths = columnWidths
        lines.append("")
        lines.append(
            (Self.left("register", 8) + "  " + Self.left("type", 4) + "  "
                + zip(WordOrder.allCases, widths).map { Self.left($0.rawValue, $1) }.joined(separator: "  ")).trimmed)
        for row in rows {
            let cells = WordOrder.allCases.enumerated().map { column, order -> String in
                guard let value = row.values.first(where: { $0.order == order }) else {
                    return Self.left("", widths[column])
                }
                let cell = Self.left(Self.cell(value), widths[column])
                return value.mark == .plausible ? paint(cell) : cell
            }
            lines.append(
                (Self.left("\(row.address)", 8) + "  " + Self.left(row.type.rawValue, 4) + "  "
                    + cells.joined(separator: "  ")).trimmed)
        }
        lines.append("")
        lines.append("* plausible   ! a pattern for \"not available\"   - not a value of this type")
        return lines
    }

    /// The same as one value, with everything that a program would want.
    package var json: ToolJSON {
        .members([
            "address": .number(address), "words": .array(words.map { .number($0) }),
            "hex": .array(words.map { .string("0x" + Self.hex($0, 4)) }),
            "bits": .array(words.map { .string(Self.bits($0)) }),
            "interpretations": .array(
                rows.flatMap { row in
                    row.values.map { value in
                        .members([
                            "address": .number(row.address), "type": .string(row.type.rawValue),
                            "words": .number(row.wordCount), "order": .text(value.order?.rawValue),
                            "value": value.mark == .impossible ? .null : .string(value.text),
                            "mark": .string(value.mark.rawValue),
                        ])
                    }
                }),
        ])
    }

    private static func cell(_ value: Value) -> String {
        switch value.mark {
        case .plausible: value.text + " *"
        case .notAvailable: value.text + " !"
        case .none, .impossible: value.text
        }
    }

    private var columnWidths: [Int] {
        WordOrder.allCases.map { order in
            rows.flatMap(\.values).filter { $0.order == order }.map { Self.cell($0).count }.max() ?? 4
        }
    }

    private static func bits(_ word: UInt16) -> String {
        let digits = String(word, radix: 2)
        let all = Array(String(repeating: "0", count: 16 - digits.count) + digits)
        return stride(from: 0, to: 16, by: 4).map { String(all[$0..<$0 + 4]) }.joined(separator: " ")
    }

    static func hex(_ word: UInt16, _ width: Int) -> String {
        let digits = String(word, radix: 16, uppercase: true)
        return String(repeating: "0", count: max(0, width - digits.count)) + digits
    }

    static func left(_ text: String, _ width: Int) -> String {
        text + String(repeating: " ", count: max(0, width - text.count))
    }

    static func right(_ text: String, _ width: Int) -> String {
        String(repeating: " ", count: max(0, width - text.count)) + text
    }
}

extension String {
    /// Without spaces at the end.
    var trimmed: String {
        var text = self
        while text.last == " " { text.removeLast() }
        return text
    }
}
