import Hashing
package import LogEntries
package import Readings

/// One reading of an evidence file in words: as captured, and in its unit when the file shows the configuration.
package struct ShownReading: Hashable, Sendable {
    package let point: UInt32
    /// The building file's own id; nil without configuration.
    package let id: String?
    /// Capture, milliseconds since 1970.
    package let atMs: Int64
    /// By the source's own clock, when it gave one.
    package let sourceAtMs: Int64?
    package let quality: Quality
    package let raw: RawValue
    /// Exact: raw × scale; nil when there is no number or no configuration.
    package let value: ExactDecimal?
    /// UCUM; nil without configuration.
    package let unit: String?

    /// What was captured, as text: digits, the JSON token, the text, or bytes in hex; nil when there is none.
    package var rawText: String? {
        switch raw {
        case .none: nil
        case .integer(let number): String(number)
        case .large(let number): String(number)
        case .float32(let bits): "\(Float(bitPattern: bits))"
        case .float64(let bits): "\(Double(bitPattern: bits))"
        case .number(let token): token
        case .text(let text): text
        case .event(let bytes): hexText(bytes)
        }
    }

    /// Readings of an interval item, in its order; empty when the item breaks the format.
    package static func all(item bytes: [UInt8], periodMs: UInt64, rows: [ConfigRow]) -> [ShownReading] {
        guard let form = ItemForm(bytes), let read = try? LogEntries.Payload.decode(form.payload)  // judged elsewhere
        else {
            return []
        }
        let known = Dictionary(rows.map { ($0.point, $0) }, uniquingKeysWith: { first, _ in first })
        return read.compactMap { row in
            let config = known[row.point]
            guard let reading = row.reading(k: form.k, periodMs: periodMs, kind: config?.kind) else { return nil }
            return ShownReading(
                point: row.point.rawValue, id: config?.id, atMs: reading.capturedAtMs, sourceAtMs: reading.sourceAtMs,
                quality: reading.quality, raw: reading.value, value: config?.scale.engineering(reading.value),
                unit: config?.unit)
        }
    }
}
