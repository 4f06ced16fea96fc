package import Readings

/// Which values may be written to a point and how often: what its profile and the building file both allow.
///
/// It is part of the model, so the rule that was in force when a command was given can be looked up years later.
package struct CommandRule: Hashable, Sendable {
    /// Least and greatest value, in the point's unit, inclusive; `nil` for flags, texts and named values.
    package let min: ExactDecimal?
    package let max: ExactDecimal?
    /// Values are `min` plus whole steps, in the point's unit; `nil` when any value between the bounds will do.
    package let step: ExactDecimal?
    /// Least time between two commands of this point, ms.
    package let everyMs: Int64
    /// Whether a command is anchored at once, not at the next turn of the schedule.
    package let isCritical: Bool
    /// The named values, in rising order; others are not taken. Empty where values have no names.
    package let labels: [Label]

    package struct Label: Hashable, Sendable {
        package let value: Int64
        package let name: String

        package init(value: Int64, name: String) {
            self.value = value
            self.name = name
        }
    }

    package init(
        min: ExactDecimal? = nil, max: ExactDecimal? = nil, step: ExactDecimal? = nil, everyMs: Int64,
        isCritical: Bool = false, labels: [Label] = []
    ) {
        self.min = min
        self.max = max
        self.step = step
        self.everyMs = everyMs
        self.isCritical = isCritical
        self.labels = labels
    }
}
