internal import Hashing

/// Where the daily rereading stands, kept on disk in a small text file of its own: a ledger that rots must not take it along.
package struct ScrubNotes: Hashable, Sendable {
    /// A round that has read everything.
    package struct Ended: Hashable, Sendable {
        /// UTC ms.
        package var begunMs: UInt64
        package var endedMs: UInt64
        package var leaves: UInt64
    }

    /// From 1.
    package var round: UInt64 = 1
    /// UTC ms; 0 before anything was read.
    package var begunMs: UInt64 = 0
    package var place = LogWalk.Place()
    package var lastRound: Ended?
    /// Found in this round.
    package var found: [Damage] = []
    /// Found in the round before it, until this one has ended.
    package var foundBefore: [Damage] = []

    package init() {}

    /// Everything that is known to be damaged, each thing once.
    package var damage: [Damage] {
        let names = Set(found.map(\.name))
        return found + foundBefore.filter { !names.contains($0.name) }
    }
}

extension ScrubNotes {
    package static let sizeBytesMax = 1 << 20
    private static let header = "plumbline-scrub/v1"

    package func encoded() -> String {
        func word<T: CustomStringConvertible>(_ value: T?) -> String { value.map { "\($0)" } ?? "-" }
        var lines = [Self.header, "round \(round)", "begun \(begunMs)"]
        lines.append("place \(place.next) \(word(place.coveredK)) \(word(place.config?.hex)) \(place.lastSeq)")
        if let lastRound { lines.append("ended \(lastRound.begunMs) \(lastRound.endedMs) \(lastRound.leaves)") }
        lines += found.map { Self.line("found", $0) } + foundBefore.map { Self.line("before", $0) }
        return lines.map { $0 + "\n" }.joined()
    }

    private static func line(_ word: String, _ damage: Damage) -> String {
        func plain(_ text: String) -> String { text.replacing("\t", with: " ").replacing("\n", with: " ") }
        return "\(word) \(damage.kind.rawValue)\t\(plain(damage.name))\t\(plain(damage.why))"
    }

    /// `nil` for anything that `encoded` does not write: then a new round begins.
    package init?(_ bytes: [UInt8]) {
        guard bytes.count <= Self.sizeBytesMax, let text = String(validating: bytes, as: UTF8.self),
            text.hasSuffix("\n")
        else { return nil }
        self.init()
        for (number, line) in text.dropLast().split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
            if number == 0 {
                guard line == Self.header else { return nil }
                continue
            }
            guard let space = line.firstIndex(of: " "),
                take(String(line[..<space]), String(line[line.index(after: space)...]))
            else { return nil }
        }
        guard encoded() == text else { return nil }
    }

    private mutating func take(_ word: String, _ rest: String) -> Bool {
        let parts = rest.split(separator: " ").map(String.init)
        switch word {
        case "round": return UInt64(rest).map { round = $0 } != nil
        case "begun": return UInt64(rest).map { begunMs = $0 } != nil
        case "place":
            guard parts.count == 4, let next = UInt64(parts[0]), let seq = UInt64(parts[3]) else { return false }
            place.next = next
            place.coveredK = UInt64(parts[1])
            place.config = Hash(hex: parts[2])
            place.lastSeq = seq
            return true
        case "ended":
            let numbers = parts.compactMap { UInt64($0) }
            guard parts.count == 3, numbers.count == 3 else { return false }
            lastRound = Ended(begunMs: numbers[0], endedMs: numbers[1], leaves: numbers[2])
            return true
        case "found", "before":
            let fields = rest.split(separator: "\t", omittingEmptySubsequences: false).map(String.init)
            guard fields.count == 3, let kind = Damage.Kind(rawValue: fields[0]) else { return false }
            let damage = Damage(kind, fields[1], fields[2])
            if word == "found" { found.append(damage) } else { foundBefore.append(damage) }
            return true
        default: return false
        }
    }
}
