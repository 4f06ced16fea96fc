internal import CSQLite

/// What can stand in a column.
enum Value {
    case null
    case int(Int64)
    case text(String)
    case blob([UInt8])

    static func int(_ value: UInt32) -> Value { .int(Int64(value)) }
    static func int(_ value: Int) -> Value { .int(Int64(value)) }
    static func optional(_ value: Int64?) -> Value { value.map { .int($0) } ?? .null }
    static func optional(_ value: String?) -> Value { value.map { .text($0) } ?? .null }
    static func optional(_ value: [UInt8]?) -> Value { value.map { .blob($0) } ?? .null }
}

/// One prepared statement; it belongs to its `Database`.
final class Statement {
    /// Tells SQLite to copy what it is given.
    private static var copied: sqlite3_destructor_type { unsafeBitCast(-1, to: sqlite3_destructor_type.self) }

    fileprivate let raw: OpaquePointer

    init(_ raw: OpaquePointer) { self.raw = raw }

    func step() -> Int32 { sqlite3_step(raw) }

    func reset() {
        sqlite3_reset(raw)
        sqlite3_clear_bindings(raw)
    }

    func finalize() { sqlite3_finalize(raw) }

    func bind(_ values: [Value]) -> Int32 {
        for (offset, value) in values.enumerated() {
            let place = Int32(offset + 1)
            let code: Int32 =
                switch value {
                case .null: sqlite3_bind_null(raw, place)
                case .int(let number): sqlite3_bind_int64(raw, place, number)
                case .text(let text): bindText(text, place)
                case .blob(let bytes): bindBlob(bytes, place)
                }
            guard code == SQLITE_OK else { return code }
        }
        return SQLITE_OK
    }

    private func bindText(_ text: String, _ place: Int32) -> Int32 {
        var text = text
        return text.withUTF8 { utf8 in
            guard let base = utf8.baseAddress else { return sqlite3_bind_text(raw, place, "", 0, Self.copied) }
            return base.withMemoryRebound(to: CChar.self, capacity: utf8.count) {
                sqlite3_bind_text(raw, place, $0, Int32(utf8.count), Self.copied)
            }
        }
    }

    private func bindBlob(_ bytes: [UInt8], _ place: Int32) -> Int32 {
        bytes.withUnsafeBytes {
            guard let base = $0.baseAddress, !bytes.isEmpty else { return sqlite3_bind_zeroblob(raw, place, 0) }
            return sqlite3_bind_blob64(raw, place, base, UInt64(bytes.count), Self.copied)
        }
    }
}

/// The row a statement stands on; only valid inside the closure that receives it. Columns count from 0.
struct Row {
    let statement: Statement
    let file: String

    func isNull(_ column: Int32) -> Bool { sqlite3_column_type(statement.raw, column) == SQLITE_NULL }

    func int(_ column: Int32) throws(LedgerError) -> Int64 {
        guard sqlite3_column_type(statement.raw, column) == SQLITE_INTEGER else { throw wrong(column, "an integer") }
        return sqlite3_column_int64(statement.raw, column)
    }

    /// An integer that is a count, an index or an unsigned instant.
    func natural(_ column: Int32) throws(LedgerError) -> UInt64 {
        guard let value = UInt64(exactly: try int(column)) else { throw wrong(column, "not negative") }
        return value
    }

    func number32(_ column: Int32) throws(LedgerError) -> UInt32 {
        guard let value = UInt32(exactly: try int(column)) else { throw wrong(column, "an unsigned 32-bit number") }
        return value
    }

    func text(_ column: Int32) throws(LedgerError) -> String {
        guard sqlite3_column_type(statement.raw, column) == SQLITE_TEXT,
            let text = sqlite3_column_text(statement.raw, column)
        else { throw wrong(column, "text") }
        let count = Int(sqlite3_column_bytes(statement.raw, column))
        return String(decoding: UnsafeBufferPointer(start: text, count: count), as: UTF8.self)
    }

    func blob(_ column: Int32) throws(LedgerError) -> [UInt8] {
        guard sqlite3_column_type(statement.raw, column) == SQLITE_BLOB else { throw wrong(column, "bytes") }
        let count = Int(sqlite3_column_bytes(statement.raw, column))
        guard count > 0, let base = sqlite3_column_blob(statement.raw, column) else { return [] }
        return [UInt8](UnsafeRawBufferPointer(start: base, count: count))
    }

    /// Bytes where SQLite has them, without a copy; only valid inside `body`.
    func withBlob<T>(_ column: Int32, _ body: (UnsafeRawBufferPointer) throws -> T) throws -> T {
        guard sqlite3_column_type(statement.raw, column) == SQLITE_BLOB else { throw wrong(column, "bytes") }
        let count = Int(sqlite3_column_bytes(statement.raw, column))
        return try body(UnsafeRawBufferPointer(start: sqlite3_column_blob(statement.raw, column), count: count))
    }

    func intOrNil(_ column: Int32) throws(LedgerError) -> Int64? { isNull(column) ? nil : try int(column) }
    func naturalOrNil(_ column: Int32) throws(LedgerError) -> UInt64? { isNull(column) ? nil : try natural(column) }
    func textOrNil(_ column: Int32) throws(LedgerError) -> String? { isNull(column) ? nil : try text(column) }
    func blobOrNil(_ column: Int32) throws(LedgerError) -> [UInt8]? { isNull(column) ? nil : try blob(column) }

    private func wrong(_ column: Int32, _ expected: String) -> LedgerError {
        .damaged(what: "column \(column) of a stored row is not \(expected)", file: file)
    }
}
