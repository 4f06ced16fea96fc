package import Profiles

/// What a device's refusals have taught about it: addresses it does not have, how much it gives at once, and where no request may
/// cross. It outlives the connection, and the process where somebody keeps its text.
package struct LearnedLayout: Hashable, Sendable, CustomStringConvertible {
    /// Addresses that are refused, first and last, on the wire.
    package struct Hole: Hashable, Sendable {
        package let function: ModbusFunction
        package let addresses: ClosedRange<UInt16>

        package init(function: ModbusFunction, addresses: ClosedRange<UInt16>) {
            self.function = function
            self.addresses = addresses
        }
    }

    /// An address that begins a region: a request may begin here, and may end before, but not hold both sides.
    package struct Boundary: Hashable, Sendable {
        package let function: ModbusFunction
        package let address: UInt16

        package init(function: ModbusFunction, address: UInt16) {
            self.function = function
            self.address = address
        }
    }

    /// Rising by function and address; they neither touch nor overlap within one function.
    package private(set) var holes: [Hole] = []
    /// Rising by function and address.
    package private(set) var boundaries: [Boundary] = []
    /// Registers that one request may hold, 1 … 124; `nil` where the profile's own number works.
    package var registerCountMax: Int?

    /// More than this is no device that could be read; older knowledge stays, newer is not kept.
    package static let entryCountMax = 512

    package init() {}

    package var isEmpty: Bool { holes.isEmpty && boundaries.isEmpty && registerCountMax == nil }

    /// - Returns: false when nothing was new, or there is no room.
    @discardableResult
    package mutating func add(_ hole: Hole) -> Bool {
        var (first, last) = (Int(hole.addresses.lowerBound), Int(hole.addresses.upperBound))
        var kept: [Hole] = []
        for known in holes {
            let (low, high) = (Int(known.addresses.lowerBound), Int(known.addresses.upperBound))
            guard known.function == hole.function, low <= last + 1, first <= high + 1 else {
                kept.append(known)
                continue
            }
            (first, last) = (min(first, low), max(last, high))
        }
        let joined = Hole(function: hole.function, addresses: UInt16(clamping: first)...UInt16(clamping: last))
        guard !holes.contains(joined), kept.count + boundaries.count < Self.entryCountMax else { return false }
        kept.append(joined)
        holes = kept.sorted {
            ($0.function.rawValue, $0.addresses.lowerBound) < ($1.function.rawValue, $1.addresses.lowerBound)
        }
        return true
    }

    /// These addresses are there after all.
    package mutating func remove(_ function: ModbusFunction, _ addresses: ClosedRange<UInt16>) {
        var kept: [Hole] = []
        for hole in holes {
            guard hole.function == function, hole.addresses.overlaps(addresses) else {
                kept.append(hole)
                continue
            }
            if hole.addresses.lowerBound < addresses.lowerBound {
                kept.append(Hole(function: function, addresses: hole.addresses.lowerBound...addresses.lowerBound - 1))
            }
            if addresses.upperBound < hole.addresses.upperBound {
                kept.append(Hole(function: function, addresses: addresses.upperBound + 1...hole.addresses.upperBound))
            }
        }
        holes = kept
    }

    /// - Returns: false when it was known, or there is no room.
    @discardableResult
    package mutating func add(_ boundary: Boundary) -> Bool {
        guard !boundaries.contains(boundary), holes.count + boundaries.count < Self.entryCountMax else { return false }
        boundaries.append(boundary)
        boundaries.sort { ($0.function.rawValue, $0.address) < ($1.function.rawValue, $1.address) }
        return true
    }

    /// `1;max=60;3:7-7;4:100-103;3|200`: the version, then what is known, always in this order. Holes are
    /// `FUNCTION:FIRST-LAST`, boundaries `FUNCTION|ADDRESS`.
    package var description: String {
        var parts = ["1"]
        if let registerCountMax { parts.append("max=\(registerCountMax)") }
        for hole in holes {
            parts.append("\(hole.function.rawValue):\(hole.addresses.lowerBound)-\(hole.addresses.upperBound)")
        }
        for boundary in boundaries { parts.append("\(boundary.function.rawValue)|\(boundary.address)") }
        return parts.joined(separator: ";")
    }

    /// Reads what `description` wrote, in any order of parts; `nil` for everything else.
    package init?(_ text: String) {
        guard text.utf8.count <= 20 * Self.entryCountMax else { return nil }
        var parts = text.split(separator: ";", omittingEmptySubsequences: false)[...]
        guard parts.popFirst() == "1", parts.count <= Self.entryCountMax + 1 else { return nil }
        for part in parts {
            if part.hasPrefix("max=") {
                guard registerCountMax == nil, let count = Self.number(part.dropFirst(4)), (1...124).contains(count)
                else {
                    return nil
                }
                registerCountMax = Int(count)
            } else if let colon = part.firstIndex(of: ":") {
                let range = part[part.index(after: colon)...].split(separator: "-", omittingEmptySubsequences: false)
                guard let function = Self.function(part[..<colon]), range.count == 2, let first = Self.number(range[0]),
                    let last = Self.number(range[1]), first <= last,
                    add(Hole(function: function, addresses: first...last))
                else { return nil }
            } else if let bar = part.firstIndex(of: "|") {
                guard let function = Self.function(part[..<bar]),
                    let address = Self.number(part[part.index(after: bar)...]),
                    add(Boundary(function: function, address: address))
                else { return nil }
            } else {
                return nil
            }
        }
    }

    private static func function(_ text: Substring) -> ModbusFunction? {
        number(text).flatMap { UInt8(exactly: $0) }.flatMap { ModbusFunction(rawValue: $0) }
    }

    private static func number(_ text: Substring) -> UInt16? {
        text.utf8.allSatisfy { (0x30...0x39).contains($0) } ? UInt16(text) : nil
    }
}
