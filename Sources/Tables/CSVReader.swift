/// Reads CSV (RFC 4180) row by row, as people's programs write it: lines may end with LF alone, a byte order mark may stand first,
/// and where the first line has semicolons and no comma outside quotes, cells are separated by them and numbers have a decimal comma.
package struct CSVReader {
    package enum Problem: Error, Hashable {
        /// Not UTF-8.
        case notText(line: Int)
        /// A quote that is not closed before the end.
        case openQuote(line: Int)
        /// Something between a closing quote and the next separator, or a quote inside a cell that does not begin with one.
        case strayQuote(line: Int)
        /// More than `cellsMax` cells, or a cell of more than `cellBytesMax` bytes.
        case tooLong(line: Int)
    }

    package static let cellsMax = 1_024
    package static let cellBytesMax = 65_536

    /// Whether the file speaks like German spreadsheets: semicolon and decimal comma.
    package let dialect: CSVWriter.Dialect
    private let bytes: [UInt8]
    private let separator: UInt8
    private var next: Int
    private var line = 1

    package init(_ bytes: [UInt8]) {
        self.bytes = bytes
        next = bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? 3 : 0
        dialect = Self.dialect(bytes[next...])
        separator = UInt8(ascii: dialect == .de ? ";" : ",")
    }

    /// The next row that is not empty, with the line of the file on which it begins, from 1; `nil` at the end.
    package mutating func row() throws(Problem) -> (line: Int, cells: [String])? {
        while next < bytes.count {
            let first = line
            let cells = try cells()
            if cells.count > 1 || !cells[0].isEmpty { return (first, cells) }
        }
        return nil
    }

    private mutating func cells() throws(Problem) -> [String] {
        var cells: [String] = []
        while true {
            cells.append(try cell())
            guard cells.count <= Self.cellsMax else { throw .tooLong(line: line) }
            guard next < bytes.count, bytes[next] == separator else { break }
            next += 1
        }
        if next < bytes.count, bytes[next] == 0x0D { next += 1 }
        if next < bytes.count, bytes[next] == 0x0A { next += 1 }
        line += 1
        return cells
    }

    private mutating func cell() throws(Problem) -> String {
        let first = line
        var cell: [UInt8] = []
        let isQuoted = next < bytes.count && bytes[next] == 0x22
        if isQuoted { next += 1 }
        while true {
            guard next < bytes.count else {
                if isQuoted { throw .openQuote(line: first) }
                break
            }
            let byte = bytes[next]
            if isQuoted, byte == 0x22 {
                next += 1
                guard next < bytes.count, bytes[next] == 0x22 else { break }
            } else if !isQuoted, byte == separator || byte == 0x0A || (byte == 0x0D && isLineEnd(next)) {
                break
            } else if !isQuoted, byte == 0x22 {
                throw .strayQuote(line: line)
            } else if byte == 0x0A {
                line += 1
            }
            cell.append(bytes[next])
            next += 1
            guard cell.count <= Self.cellBytesMax else { throw .tooLong(line: first) }
        }
        if isQuoted, next < bytes.count, bytes[next] != separator, bytes[next] != 0x0A, !isLineEnd(next) {
            throw .strayQuote(line: line)
        }
        guard let text = String(validating: cell, as: UTF8.self) else { throw .notText(line: first) }
        return text
    }

    private func isLineEnd(_ at: Int) -> Bool {
        bytes[at] == 0x0D && (at + 1 == bytes.count || bytes[at + 1] == 0x0A)
    }

    private static func dialect(_ bytes: ArraySlice<UInt8>) -> CSVWriter.Dialect {
        var isQuoted = false
        var hasSemicolon = false
        for byte in bytes {
            switch byte {
            case 0x22: isQuoted.toggle()
            case UInt8(ascii: ",") where !isQuoted: return .standard
            case UInt8(ascii: ";") where !isQuoted: hasSemicolon = true
            case 0x0A where !isQuoted: return hasSemicolon ? .de : .standard
            default: break
            }
        }
        return hasSemicolon ? .de : .standard
    }
}
