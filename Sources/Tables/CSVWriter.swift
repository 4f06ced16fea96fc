package import Readings

/// Writes CSV (RFC 4180, CRLF) as api.md section 6 says: number columns exact and never guarded, text cells guarded against formulas.
package struct CSVWriter: Sendable {
    package enum Dialect: String, Sendable, CaseIterable {
        /// Comma, decimal point.
        case standard
        /// For German spreadsheets: semicolon, decimal comma, byte order mark.
        case de
    }

    package private(set) var bytes: [UInt8] = []
    private let separator: UInt8
    private let dialect: Dialect
    private var isRowStart = true

    package init(_ dialect: Dialect, columns: [String]) {
        self.dialect = dialect
        separator = UInt8(ascii: dialect == .de ? ";" : ",")
        if dialect == .de { bytes = [0xEF, 0xBB, 0xBF] }
        for column in columns { text(column) }
        endRow()
    }

    /// A text cell; one that begins with `= + - @`, tab or CR gets an apostrophe, so that no spreadsheet computes it.
    package mutating func text(_ value: String?) {
        cell(guarded: value ?? "")
    }

    /// A number, digit for digit; empty when there is none.
    package mutating func decimal(_ value: ExactDecimal?) {
        let text = value?.description ?? ""
        plain(dialect == .de ? String(text.map { $0 == "." ? "," : $0 }) : text)
    }

    package mutating func integer(_ value: Int?) { plain(value.map { String($0) } ?? "") }

    /// Cells made by us that hold no separator and no formula: instants, offsets, words of closed lists.
    package mutating func plain(_ value: String) {
        startCell()
        bytes.append(contentsOf: value.utf8)
    }

    package mutating func endRow() {
        bytes.append(contentsOf: [0x0D, 0x0A])
        isRowStart = true
    }

    /// What was written since the last call, for tables that are longer than memory.
    package mutating func taken() -> [UInt8] {
        defer { bytes.removeAll(keepingCapacity: true) }
        return bytes
    }

    private mutating func startCell() {
        if !isRowStart { bytes.append(separator) }
        isRowStart = false
    }

    private mutating func cell(guarded value: String) {
        startCell()
        var utf8 = Array(value.utf8)
        if let first = utf8.first, Self.formulaStarts.contains(first) { utf8.insert(UInt8(ascii: "'"), at: 0) }
        let needsQuotes = utf8.contains { $0 == separator || $0 == 0x22 || $0 == 0x0D || $0 == 0x0A }
        guard needsQuotes else { return bytes.append(contentsOf: utf8) }
        bytes.append(0x22)
        for byte in utf8 {
            if byte == 0x22 { bytes.append(0x22) }
            bytes.append(byte)
        }
        bytes.append(0x22)
    }

    private static let formulaStarts: [UInt8] = Array("=+-@\t\r".utf8)
}
