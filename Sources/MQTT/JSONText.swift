/// What is wrong with a text that should be JSON, and at which byte.
package struct JSONError: Error, Hashable {
    package let offset: Int
    package let reason: Reason

    package enum Reason: Hashable {
        case unexpected, unfinished, tooDeep, tooLarge, notUTF8, nameTwice
    }
}

/// A JSON text that was read whole and found correct (RFC 8259), whose values are looked up without building them.
///
/// Numbers stay the characters they came as. Equal names in one object, lone surrogates, and anything that RFC 8259 does not
/// allow are refused.
package struct JSONText: Sendable {
    package static let depthMax = 32
    package static let valueCountMax = 20_000

    package enum Kind: UInt8, Sendable {
        case null, yes, no, number, string, array, object
    }

    /// One value; the values in it follow at once, and `next` stands after them.
    struct Node {
        var kind: Kind
        /// Of the value's text; of a string what stands between the quotation marks.
        var start: Int32
        var end: Int32 = 0
        var next: Int32 = 0
        /// Of the member's name between the quotation marks; −1 in arrays and at the top.
        var nameStart: Int32 = -1
        var nameEnd: Int32 = -1
        var hasEscapes = false
        var nameHasEscapes = false
    }

    let bytes: [UInt8]
    let nodes: [Node]

    package init(_ bytes: [UInt8]) throws(JSONError) {
        var reader = JSONReader(bytes)
        try reader.readAll()
        self.bytes = bytes
        nodes = reader.nodes
    }

    package var kind: Kind { nodes[0].kind }

    /// Whether a text is a number in JSON's form.
    package static func isNumber(_ text: String) -> Bool {
        var text = text
        return text.withUTF8 { bytes in
            var offset = 0
            return JSONReader.skipNumber(bytes, &offset) == nil && offset == bytes.count
        }
    }

    /// The kind of the value at a path; `nil` when the way there is not in the text.
    package func find(_ steps: ArraySlice<Step>) -> Int? {
        var place = 0
        for step in steps {
            guard let next = child(of: place, step) else { return nil }
            place = next
        }
        return place
    }

    /// A scalar as the characters between its quotation marks, or as its token; `nil` for null, lists and objects.
    package func word(_ place: Int) -> String? {
        let node = nodes[place]
        switch node.kind {
        case .null, .array, .object: return nil
        case .yes: return "true"
        case .no: return "false"
        case .number: return String(decoding: bytes[Int(node.start)..<Int(node.end)], as: UTF8.self)
        case .string: return text(node.start, node.end, hasEscapes: node.hasEscapes)
        }
    }

    package func kind(_ place: Int) -> Kind { nodes[place].kind }

    /// A step of a path, ready to be compared with bytes.
    package enum Step: Hashable, Sendable {
        case key([UInt8])
        case index(Int)
    }

    private func child(of place: Int, _ step: Step) -> Int? {
        let node = nodes[place]
        var at = place + 1
        switch (step, node.kind) {
        case (.key(let key), .object):
            while at < Int(node.next) {
                if isNamed(nodes[at], key) { return at }
                at = Int(nodes[at].next)
            }
            return nil
        case (.index(let index), .array):
            var left = index
            while at < Int(node.next) {
                if left == 0 { return at }
                left -= 1
                at = Int(nodes[at].next)
            }
            return nil
        default: return nil
        }
    }

    private func isNamed(_ node: Node, _ key: [UInt8]) -> Bool {
        if node.nameHasEscapes {
            return Array(text(node.nameStart, node.nameEnd, hasEscapes: true).utf8) == key
        }
        guard Int(node.nameEnd - node.nameStart) == key.count else { return false }
        let start = Int(node.nameStart)
        for index in 0..<key.count where bytes[start + index] != key[index] { return false }
        return true
    }

    private func text(_ start: Int32, _ end: Int32, hasEscapes: Bool) -> String {
        let raw = bytes[Int(start)..<Int(end)]
        return hasEscapes ? JSONReader.unescaped(raw) : String(decoding: raw, as: UTF8.self)
    }
}
