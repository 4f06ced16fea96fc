/// Names that Prometheus accepts: `[a-zA-Z_:][a-zA-Z0-9_:]*` (Prometheus data model, metric names).
package enum MetricName {
    package static func isLegal(_ name: String) -> Bool {
        guard let first = name.utf8.first, !(0x30...0x39).contains(first) else { return false }
        return name.utf8.allSatisfy { byte in
            (0x61...0x7A).contains(byte) || (0x41...0x5A).contains(byte) || (0x30...0x39).contains(byte)
                || byte == UInt8(ascii: "_") || byte == UInt8(ascii: ":")
        }
    }
}
