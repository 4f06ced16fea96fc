/// Reads `multipart/form-data` (RFC 7578) from memory: named parts, headers kept small, bytes untouched.
package enum Multipart {
    package static let partsMax = 8
    package static let headerBytesMax = 8_192

    package struct Part: Hashable, Sendable {
        package let name: String
        package let bytes: ArraySlice<UInt8>
    }

    /// The boundary of a content type, or `nil` when it is another type or has none.
    package static func boundary(contentType: String) -> String? {
        let parts = contentType.split(separator: ";")
        guard let type = parts.first, trimmed(type).lowercased() == "multipart/form-data" else { return nil }
        for part in parts.dropFirst() {
            let pair = part.split(separator: "=", maxSplits: 1)
            guard pair.count == 2, trimmed(pair[0]).lowercased() == "boundary" else { continue }
            var value = trimmed(pair[1])
            if value.count >= 2, value.first == "\"", value.last == "\"" {
                value = String(value.dropFirst().dropLast())
            }
            return (1...70).contains(value.utf8.count) ? value : nil
        }
        return nil
    }

    /// `nil` when the body is not a whole multipart body of this boundary.
    package static func parts(_ body: [UInt8], boundary: String) -> [Part]? {
        let opening = Array("--\(boundary)".utf8)
        let delimiter = [0x0D, 0x0A] + opening
        guard body.starts(with: opening) else { return nil }
        var index = opening.count
        var parts: [Part] = []
        while parts.count <= partsMax {
            if body[index...].starts(with: "--".utf8) { return parts }
            guard body[index...].starts(with: [0x0D, 0x0A]) else { return nil }
            index += 2
            let blank: [UInt8] = [0x0D, 0x0A, 0x0D, 0x0A]
            let window = body[index..<min(body.count, index + headerBytesMax)]
            guard let headerEnd = find(blank, in: window) else { return nil }
            let header = String(decoding: body[index..<headerEnd], as: UTF8.self)
            index = headerEnd + 4
            guard let end = find(delimiter, in: body[index...]), let name = fieldName(header) else { return nil }
            parts.append(Part(name: name, bytes: body[index..<end]))
            index = end + delimiter.count
        }
        return nil
    }

    private static func fieldName(_ header: String) -> String? {
        for line in header.split(separator: "\r\n") where line.lowercased().hasPrefix("content-disposition:") {
            for field in line.split(separator: ";").dropFirst() {
                let pair = field.split(separator: "=", maxSplits: 1)
                guard pair.count == 2, trimmed(pair[0]).lowercased() == "name" else { continue }
                return trimmed(pair[1]).filter { $0 != "\"" }
            }
        }
        return nil
    }

    /// Index of the first occurrence; compares from the last byte, so that long bodies are skipped through quickly.
    private static func find(_ needle: [UInt8], in bytes: ArraySlice<UInt8>) -> Int? {
        guard let last = needle.last, bytes.count >= needle.count else { return nil }
        var skip = [Int](repeating: needle.count, count: 256)
        for (index, byte) in needle.dropLast().enumerated() { skip[Int(byte)] = needle.count - 1 - index }
        return bytes.withUnsafeBufferPointer { buffer -> Int? in
            var end = needle.count - 1
            while end < buffer.count {
                if buffer[end] == last {
                    let start = end - needle.count + 1
                    if needle.indices.allSatisfy({ buffer[start + $0] == needle[$0] }) {
                        return bytes.startIndex + start
                    }
                }
                end += skip[Int(buffer[end])]
            }
            return nil
        }
    }

    private static func trimmed(_ text: some StringProtocol) -> String {
        String(text.drop { $0 == " " || $0 == "\t" }.reversed().drop { $0 == " " || $0 == "\t" }.reversed())
    }
}
