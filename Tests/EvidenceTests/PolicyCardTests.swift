import Evidence
import Hashing
import Testing

/// Goal: a card is read whole or refused with the line that is wrong.
@Suite struct `Policy card forms` {
    private func lines() throws -> [String] {
        try DamageCards.gateway().encoded().split(separator: "\n").map(String.init)
    }

    private func parse(_ lines: [String]) throws -> PolicyCard {
        try PolicyCard.parse(Array(lines.map { $0 + "\n" }.joined().utf8))
    }

    @Test func `witnesses and time-stamping roots stand at the end`() throws {
        let root = String(repeating: "ab", count: 32)
        let card = try parse(try lines() + ["witness w+1+2", "tsa \(root)"])
        #expect(card.witnesses == ["w+1+2"])
        #expect(card.timeStampRoots.map(\.hex) == [root])
        #expect(throws: PolicyCard.ParseError.self) { try parse(try lines() + ["tsa \(root)", "witness w+1+2"]) }
    }

    @Test func `a line left out, doubled or changed is named`() throws {
        let all = try lines()
        for at in all.indices where !all[at].hasPrefix("milestone-key") {
            var missing = all
            missing.remove(at: at)
            #expect(throws: PolicyCard.ParseError.line(at + 1)) { try parse(missing) }
        }
        var changed = all
        changed[4] = "genesis 00"
        #expect(throws: PolicyCard.ParseError.line(5)) { try parse(changed) }
        changed = all
        changed[6] = "milestone 041014 \(String(repeating: "0", count: 64))"
        #expect(throws: PolicyCard.ParseError.line(7)) { try parse(changed) }
    }

    @Test func `what contradicts itself is no card`() throws {
        var more = try lines()
        more[9] = "threshold 3"
        #expect(throws: PolicyCard.ParseError.contradiction) { try parse(more) }
        var other = try lines()
        other[1] = "origin gw-other/b/annex/0"
        #expect(throws: PolicyCard.ParseError.contradiction) { try parse(other) }
    }

    @Test func `no last line end, carriage returns and foreign bytes are refused`() throws {
        let text = try DamageCards.gateway().encoded()
        #expect(throws: PolicyCard.ParseError.self) { try PolicyCard.parse(Array(text.utf8.dropLast())) }
        #expect(throws: PolicyCard.ParseError.self) {
            try PolicyCard.parse(Array(text.replacing("\n", with: "\r\n").utf8))
        }
        #expect(throws: PolicyCard.ParseError.notText) { try PolicyCard.parse([0xff]) }
        #expect(throws: PolicyCard.ParseError.line(1)) { try PolicyCard.parse([]) }
    }
}
