package import Readings

/// What is kept of every point outside the log, so that the twin stands again after a restart.
package struct LatestValue: Hashable, Sendable {
    /// The newest reading of any kind, also of silence.
    package private(set) var newest: Reading
    /// The newest that carried a value.
    package private(set) var valued: Reading?
    /// The newest that was no silence.
    package private(set) var heard: Reading?
    /// The first one of the present quality.
    package private(set) var since: Reading

    init(newest: Reading, valued: Reading?, heard: Reading?, since: Reading) {
        self.newest = newest
        self.valued = valued
        self.heard = heard
        self.since = since
    }

    init(_ reading: Reading) {
        self.init(newest: reading, valued: nil, heard: nil, since: reading)
        note(reading)
    }

    /// Readings, oldest first, that bring a new twin into the same state.
    package var replay: [Reading] {
        Set([newest, since] + [valued, heard].compactMap { $0 }).sorted { $0.capturedAtMs < $1.capturedAtMs }
    }

    /// Takes a newer reading in; an older one changes nothing. The rules are `PointState`'s.
    mutating func take(_ reading: Reading) -> Bool {
        guard reading.capturedAtMs > newest.capturedAtMs else { return false }
        let isSameSilence = newest.quality == .stale && reading.quality == .offline
        if newest.quality != reading.quality && !isSameSilence { since = reading }
        newest = reading
        note(reading)
        return true
    }

    private mutating func note(_ reading: Reading) {
        if reading.value != .none { valued = reading }
        if reading.quality != .stale && reading.quality != .offline { heard = reading }
    }
}
