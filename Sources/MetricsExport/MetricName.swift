/// Names that Prometheus accepts: `[a-zA-Z_:][a-zA-Z0-9_:]*` (Prometheus data model, metric names).
package enum MetricName {
    /// What every metric of this program begins with.
    package static let prefix = "plumbline_"

    package static func isLegal(_ name: String) -> Bool {
        guard let first = name.utf8.first, !(0x30...0x39).contains(first) else { return false }
        return name.utf8.allSatisfy { isLetterOrDigit($0) || $0 == UInt8(ascii: ":") }
    }

    /// `[a-zA-Z_][a-zA-Z0-9_]*`, and not one that is Prometheus' own, `__…`.
    package static func isLegalLabel(_ name: String) -> Bool {
        guard let first = name.utf8.first, !(0x30...0x39).contains(first), !name.hasPrefix("__") else { return false }
        return name.utf8.allSatisfy(isLetterOrDigit)
    }

    /// A name of ours for any label: what is illegal becomes `_`, the prefix goes in front and the suffix behind where they are
    /// missing.
    package static func made(from label: String, suffix: String = "") -> String {
        var name = String(decoding: label.utf8.map { isLetterOrDigit($0) ? $0 : UInt8(ascii: "_") }, as: UTF8.self)
        if !name.hasPrefix(prefix) { name = prefix + name }
        return name.hasSuffix(suffix) ? name : name + suffix
    }

    private static func isLetterOrDigit(_ byte: UInt8) -> Bool {
        (0x61...0x7A).contains(byte) || (0x41...0x5A).contains(byte) || (0x30...0x39).contains(byte)
            || byte == UInt8(ascii: "_")
    }
}
