package import Readings

/// Writes JSON (RFC 8259) straight into bytes: members in the order they are written, numbers exact, nothing escaped but what must be.
package struct JSONWriter: Sendable {
    package private(set) var bytes: [UInt8] = []
    private var needsComma = false

    package init(reserve: Int = 512) { bytes.reserveCapacity(reserve) }

    /// One whole object as a document.
    package static func object(_ members: (inout JSONWriter) throws -> Void) rethrows -> [UInt8] {
        var json = JSONWriter()
        try json.object(members)
        return json.bytes
    }

    // MARK: values

    package mutating func object(_ members: (inout JSONWriter) throws -> Void) rethrows {
        open(UInt8(ascii: "{"))
        try members(&self)
        close(UInt8(ascii: "}"))
    }

    package mutating func array<Items: Sequence>(
        _ items: Items, _ item: (inout JSONWriter, Items.Element) throws -> Void
    ) rethrows {
        open(UInt8(ascii: "["))
        for element in items { try item(&self, element) }
        close(UInt8(ascii: "]"))
    }

    package mutating func text(_ value: String?) {
        guard let value else { return token("null") }
        comma()
        quote(value)
    }

    package mutating func integer(_ value: Int?) { token(value.map { String($0) } ?? "null") }
    package mutating func decimal(_ value: ExactDecimal?) { token(value?.description ?? "null") }
    package mutating func flag(_ value: Bool) { token(value ? "true" : "false") }
    package mutating func instant(_ ms: Int64?) { text(ms.map { UTCTime.text($0) }) }
    package mutating func null() { token("null") }

    /// A JSON text made elsewhere, whole and well-formed.
    package mutating func raw(_ json: some Sequence<UInt8>) {
        comma()
        bytes.append(contentsOf: json)
    }

    // MARK: members

    package mutating func name(_ name: String) {
        comma()
        quote(name)
        bytes.append(UInt8(ascii: ":"))
        needsComma = false
    }

    package mutating func object(_ name: String, _ members: (inout JSONWriter) throws -> Void) rethrows {
        self.name(name)
        try object(members)
    }

    package mutating func array<Items: Sequence>(
        _ name: String, _ items: Items, _ item: (inout JSONWriter, Items.Element) throws -> Void
    ) rethrows {
        self.name(name)
        try array(items, item)
    }

    package mutating func text(_ name: String, _ value: String?) {
        self.name(name)
        text(value)
    }

    package mutating func integer(_ name: String, _ value: Int?) {
        self.name(name)
        integer(value)
    }

    package mutating func decimal(_ name: String, _ value: ExactDecimal?) {
        self.name(name)
        decimal(value)
    }

    package mutating func flag(_ name: String, _ value: Bool) {
        self.name(name)
        flag(value)
    }

    package mutating func instant(_ name: String, _ ms: Int64?) {
        self.name(name)
        instant(ms)
    }

    package mutating func null(_ name: String) {
        self.name(name)
        null()
    }

    // MARK: bytes

    private mutating func token(_ token: String) {
        comma()
        bytes.append(contentsOf: token.utf8)
    }

    private mutating func open(_ byte: UInt8) {
        comma()
        bytes.append(byte)
        needsComma = false
    }

    private mutating func close(_ byte: UInt8) {
        bytes.append(byte)
        needsComma = true
    }

    private mutating func comma() {
        if needsComma { bytes.append(UInt8(ascii: ",")) }
        needsComma = true
    }

    private mutating func quote(_ text: String) {
        bytes.append(0x22)
        for byte in text.utf8 {
            switch byte {
            case 0x22, 0x5C:
                bytes.append(0x5C)
                bytes.append(byte)
            case 0x0A: bytes.append(contentsOf: "\\n".utf8)
            case 0x0D: bytes.append(contentsOf: "\\r".utf8)
            case 0x09: bytes.append(contentsOf: "\\t".utf8)
            case 0..<0x20:
                bytes.append(contentsOf: (byte < 16 ? "\\u000" : "\\u00").utf8)
                bytes.append(contentsOf: String(byte, radix: 16).utf8)
            default: bytes.append(byte)
            }
        }
        bytes.append(0x22)
    }
}
