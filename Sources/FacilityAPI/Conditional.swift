import Hashing

/// Conditional requests and byte ranges (RFC 9110 sections 13 and 14), the parts we offer.
package enum Conditional {
    /// A strong ETag over these bytes.
    package static func etag(_ bytes: [UInt8]) -> String { "\"" + sha256(bytes).hex.prefix(24) + "\"" }

    /// Whether `If-None-Match` names this ETag (weak comparison).
    package static func matches(_ header: String?, etag: String) -> Bool {
        guard let header else { return false }
        return header.split(separator: ",").contains { entry in
            let tag = entry.filter { $0 != " " && $0 != "\t" }
            return tag == "*" || tag == etag || tag == "W/" + etag
        }
    }

    package enum ByteRange: Equatable, Sendable {
        /// No range, or one we do not read: the whole file, 200.
        case whole
        case part(Range<Int>)
        /// 416.
        case outside
    }

    /// One range of bytes; several, other units and a stale `If-Range` give the whole.
    package static func range(_ header: String?, ifRange: String?, etag: String, sizeBytes: Int) -> ByteRange {
        guard let header, header.hasPrefix("bytes="), ifRange == nil || ifRange == etag else { return .whole }
        let parts = header.dropFirst(6).split(separator: "-", omittingEmptySubsequences: false)
        guard parts.count == 2, !header.contains(",") else { return .whole }
        if parts[0].isEmpty {
            guard let count = Int(parts[1]), count >= 0 else { return .whole }
            return count == 0 || sizeBytes == 0 ? .outside : .part(max(0, sizeBytes - count)..<sizeBytes)
        }
        guard let first = Int(parts[0]), first >= 0 else { return .whole }
        guard first < sizeBytes else { return .outside }
        if parts[1].isEmpty { return .part(first..<sizeBytes) }
        guard let last = Int(parts[1]), last >= first else { return .whole }
        return .part(first..<min(sizeBytes, last == .max ? sizeBytes : last + 1))
    }
}
