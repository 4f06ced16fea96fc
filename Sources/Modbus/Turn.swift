import Profiles

/// One request that a unit wants next.
struct Turn {
    enum Ask {
        /// Index into the unit's blocks.
        case block(Int)
        /// Index into the profile's identity checks.
        case identity(Int)
        /// Whether the unit answers at all; the values are not used, because they may be a late answer's.
        case probe
        case trial
        /// A point that was refused before, by its index.
        case again(Int)
        /// More registers than the device gave at once before.
        case countAgain
    }

    let ask: Ask
    /// Monotonic milliseconds.
    let atMs: Int64
    /// What may wait until nobody else is held up by it, but not longer than `graceMs`.
    var isSpare = false
    var graceMs: Int64 = 0
    /// Given up early: the rest of the line is known to be quicker.
    var isHasty = false
}
