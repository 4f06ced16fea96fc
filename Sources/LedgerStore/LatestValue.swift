package import Readings

/// What is kept of every point outside the log, so that the twin stands again after a restart.
package struct LatestValue: Hashable, Sendable {
    /// The newest reading of any kind, also of silence.
    package private(set) var newest: Reading
    /// The first one of the present quality.
    package private(set) var since: Reading
    private var value: Older
    private var life: Older

    /// An older reading that matters. Mostly it is the newest itself, and then it takes no room: there is one for every point.
    private indirect enum Older: Hashable, Sendable {
        case none
        case isNewest
        case reading(Reading)
    }

    init(newest: Reading, valued: Reading?, heard: Reading?, since: Reading) {
        func older(_ reading: Reading?) -> Older { reading.map { $0 == newest ? .isNewest : .reading($0) } ?? .none }
        self.newest = newest
        self.since = since
        value = older(valued)
        life = older(heard)
    }

    init(_ reading: Reading) {
        self.init(
            newest: reading, valued: Self.hasValue(reading) ? reading : nil,
            heard: Self.isLife(reading) ? reading : nil, since: reading)
    }

    private enum Role {
        static let isValued: UInt8 = 1
        static let ownValue: UInt8 = 2
        static let isHeard: UInt8 = 4
        static let ownLife: UInt8 = 8
        static let ownSince: UInt8 = 16
    }

    /// Writes the readings that it consists of: the newest, then those that are others. Returns which these are.
    func append(to rows: inout OpenRows) -> UInt8 {
        rows.append(newest)
        var roles: UInt8 = 0
        func add(_ older: Older, same: UInt8, own: UInt8) {
            switch older {
            case .none: break
            case .isNewest: roles |= same
            case .reading(let reading):
                roles |= own
                rows.append(reading)
            }
        }
        add(value, same: Role.isValued, own: Role.ownValue)
        add(life, same: Role.isHeard, own: Role.ownLife)
        if since != newest {
            roles |= Role.ownSince
            rows.append(since)
        }
        return roles
    }

    /// Takes back what `append` has written; `nil` for roles or readings that it does not write.
    init?(roles: UInt8, from rows: inout ArraySlice<Reading>) {
        func older(_ same: UInt8, _ own: UInt8) -> Older? {
            switch (roles & same != 0, roles & own != 0) {
            case (false, false): Older.none
            case (true, false): .isNewest
            case (false, true): rows.popFirst().map { .reading($0) }
            case (true, true): nil
            }
        }
        guard roles < 32, let newest = rows.popFirst(), let value = older(Role.isValued, Role.ownValue),
            let life = older(Role.isHeard, Role.ownLife),
            let since = roles & Role.ownSince == 0 ? newest : rows.popFirst()
        else { return nil }
        self.newest = newest
        self.value = value
        self.life = life
        self.since = since
    }

    /// The newest that carried a value.
    package var valued: Reading? { resolved(value) }
    /// The newest that was no silence.
    package var heard: Reading? { resolved(life) }

    private func resolved(_ older: Older) -> Reading? {
        switch older {
        case .none: nil
        case .isNewest: newest
        case .reading(let reading): reading
        }
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
        value = Self.hasValue(reading) ? .isNewest : kept(value)
        life = Self.isLife(reading) ? .isNewest : kept(life)
        newest = reading
        return true
    }

    /// The same without readings captured in `instants`; `nil` when the newest is one of them.
    func without(_ instants: Range<Int64>) -> LatestValue? {
        func kept(_ reading: Reading?) -> Reading? {
            reading.flatMap { instants.contains($0.capturedAtMs) ? nil : $0 }
        }
        guard let newest = kept(newest) else { return nil }
        return LatestValue(newest: newest, valued: kept(valued), heard: kept(heard), since: kept(since) ?? newest)
    }

    /// What stays when another becomes the newest.
    private func kept(_ older: Older) -> Older {
        if case .isNewest = older { .reading(newest) } else { older }
    }

    private static func hasValue(_ reading: Reading) -> Bool { reading.value != .none }
    private static func isLife(_ reading: Reading) -> Bool { reading.quality != .stale && reading.quality != .offline }
}
