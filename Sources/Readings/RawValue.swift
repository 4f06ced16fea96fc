/// A value exactly as the device gave it, before scale and unit.
package enum RawValue: Hashable, Sendable {
    /// There is no value; the quality beside it says why.
    case none
    case integer(Int64)
    /// Only for values above `Int64.max`; smaller ones are `integer`, so that equal numbers are equal values.
    case large(UInt64)
    /// IEEE 754 single, bits after word order was applied; a NaN keeps its bits.
    case float32(bits: UInt32)
    /// IEEE 754 double, bits after word order was applied.
    case float64(bits: UInt64)
    /// A JSON number's literal token, such as `21.50`.
    case number(String)
    case text(String)
    /// Canonical CBOR of an event payload, for points of kind `event`.
    case event([UInt8])

    /// `integer` where the number fits, `large` above.
    package static func unsigned(_ value: UInt64) -> RawValue {
        if let small = Int64(exactly: value) { .integer(small) } else { .large(value) }
    }

    package static func flag(_ value: Bool) -> RawValue { .integer(value ? 1 : 0) }
}

/// What a point's values are made of; the number stands in the configuration rows of the log.
package enum ValueKind: UInt8, Sendable, CaseIterable {
    case integer = 0
    case float32 = 1
    case float64 = 2
    case flag = 3
    case text = 4
    case numericText = 5
    case event = 6
}

/// What a series of values means over time.
package enum Nature: String, Sendable, CaseIterable {
    case counter, gauge, state, setpoint, event, session
}

/// Who may learn a point's values: `none` is plant and main meters, `direct` is a badge or a plate.
package enum PrivacyClass: String, Sendable, CaseIterable {
    case none, aggregate, indirect, direct
}
