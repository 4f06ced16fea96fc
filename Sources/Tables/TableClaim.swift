package import Readings

/// One row of somebody's table: this point had this value then.
package struct TableClaim: Sendable {
    /// Line of the table, from 1.
    package let line: Int
    package let point: String
    /// Milliseconds since 1970: a time that is written to the second means any instant in it.
    package let instants: Range<Int64>
    /// As it stands in the table.
    package let text: String
    /// UCUM; `nil` where the table has no unit.
    package let unit: String?
    package internal(set) var judgement = Judgement.notInEvidence

    /// What the evidence says of a row. Where several readings fall into its time, the best of them counts.
    package enum Judgement: Hashable, Sendable {
        case agrees
        /// The evidence has this value instead, in its unit; `nil`: no value.
        case differs(evidence: String?)
        /// The value agrees and the unit does not.
        case otherUnit(evidence: String)
        /// The evidence has no such reading.
        case notInEvidence
    }

    /// Compares with a reading of the same point inside `instants`.
    mutating func compare(_ reading: EvidenceReading, rounded: Bool, dialect: CSVWriter.Dialect) {
        let found = judge(reading, rounded, dialect)
        switch (judgement, found) {
        case (.agrees, _): break
        case (.otherUnit, .differs): break
        default: judgement = found
        }
    }

    private func judge(_ reading: EvidenceReading, _ rounded: Bool, _ dialect: CSVWriter.Dialect) -> Judgement {
        let isSame =
            if let value = reading.value { Self.isSame(value, Self.plain(text, dialect), rounded) } else {
                Self.unguarded(text) == Self.unguarded(reading.text ?? "")
            }
        guard isSame else { return .differs(evidence: reading.value?.description ?? reading.text) }
        guard let unit, let stated = reading.unit, unit != stated else { return .agrees }
        return .otherUnit(evidence: stated)
    }

    /// Exactly the same number; with `rounded` also one whose last decimal is the nearest.
    private static func isSame(_ value: ExactDecimal, _ text: String, _ rounded: Bool) -> Bool {
        guard let claimed = ExactDecimal(text: text),
            let minus = claimed.multiplied(by: ExactDecimal(mantissa: -1, exponent: 0)),
            let distance = value.adding(minus)
        else { return false }
        if distance.mantissa == 0 { return true }
        guard rounded, let double = distance.multiplied(by: ExactDecimal(mantissa: 2, exponent: 0)) else {
            return false
        }
        let decimals = text.firstIndex(of: ".").map { text.utf8.distance(from: $0, to: text.endIndex) - 1 } ?? 0
        let size = ExactDecimal(mantissa: -Int128(double.mantissa.magnitude), exponent: double.exponent)
        return ExactDecimal(mantissa: 1, exponent: -decimals).adding(size).map { $0.mantissa >= 0 } ?? false
    }

    private static func plain(_ text: String, _ dialect: CSVWriter.Dialect) -> String {
        let trimmed = text.filter { $0 != " " }
        return dialect == .de ? String(trimmed.map { $0 == "," ? "." : $0 }) : trimmed
    }

    /// Without the apostrophe that keeps spreadsheets from computing a text.
    private static func unguarded(_ text: String) -> Substring { text.hasPrefix("'") ? text.dropFirst() : text[...] }
}

/// A reading of an evidence file that holds.
package struct EvidenceReading: Sendable {
    /// The building file's id, or the point's number where the file shows no configuration.
    package let point: String
    package let atMs: Int64
    /// In the point's unit.
    package let value: ExactDecimal?
    /// What was captured, where that is no number.
    package let text: String?
    package let unit: String?
    package let quality: Quality

    package init(point: String, atMs: Int64, value: ExactDecimal?, text: String?, unit: String?, quality: Quality) {
        self.point = point
        self.atMs = atMs
        self.value = value
        self.text = text
        self.unit = unit
        self.quality = quality
    }
}
