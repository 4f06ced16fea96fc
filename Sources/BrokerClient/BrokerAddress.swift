/// Where a broker answers, as a configuration and a command line name it: `mqtt://HOST[:PORT]`.
package struct BrokerAddress: Hashable, Sendable, CustomStringConvertible {
    /// Longest text that is read, bytes.
    package static let textBytesMax = 300
    private static let scheme = "mqtt://"
    private static let usualPort: UInt16 = 1883

    /// Name or address, without brackets.
    package let host: String
    package let port: UInt16

    /// `nil` for anything else: another scheme, a user, a path, a port that is none.
    package init?(_ text: String) {
        guard text.utf8.count <= Self.textBytesMax, text.hasPrefix(Self.scheme) else { return nil }
        var rest = text.dropFirst(Self.scheme.count)
        if rest.hasPrefix("[") {
            guard let end = rest.firstIndex(of: "]") else { return nil }
            host = String(rest[rest.index(after: rest.startIndex)..<end])
            rest = rest[rest.index(after: end)...]
            guard host.utf8.allSatisfy({ Self.isHexDigit($0) || $0 == UInt8(ascii: ":") || $0 == UInt8(ascii: ".") })
            else { return nil }
        } else {
            let end = rest.firstIndex(of: ":") ?? rest.endIndex
            host = String(rest[..<end])
            rest = rest[end...]
            guard host.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F && !Self.separators.contains($0) }) else { return nil }
        }
        guard !host.isEmpty else { return nil }
        if rest.isEmpty {
            port = Self.usualPort
        } else {
            guard rest.hasPrefix(":"), rest.dropFirst().utf8.allSatisfy({ (0x30...0x39).contains($0) }),
                let port = UInt16(rest.dropFirst()), port > 0
            else { return nil }
            self.port = port
        }
    }

    package var description: String { Self.scheme + (host.contains(":") ? "[\(host)]" : host) + ":\(port)" }

    private static let separators = Set("/@?#[]\\\"".utf8)

    private static func isHexDigit(_ byte: UInt8) -> Bool {
        (0x30...0x39).contains(byte) || (0x61...0x66).contains(byte) || (0x41...0x46).contains(byte)
    }
}
