import FieldTools
import Profiles
import Testing

/// Goal: a person finds the right reading among all. Method: every order of every width against values made by Python's `struct`.
struct InterpretationTests {
    /// Type, registers, then the value in orders ABCD, CDAB, BADC, DCBA; floats as hexadecimal, which loses nothing.
    static let golden = """
        u32 4248,0000 1112014848 16968 1212284928 18498
        i32 4248,0000 1112014848 16968 1212284928 18498
        f32 4248,0000 0x1.9000000000000p+5 0x1.0920000000000p-135 0x1.8400000000000p+17 0x1.2108000000000p-135
        u32 F5C3,4366 4123214694 1130821059 3287639619 1715717109
        i32 F5C3,4366 -171752602 1130821059 -1007327677 1715717109
        f32 F5C3,4366 -0x1.8686cc0000000p+108 0x1.cdeb860000000p+7 -0x1.eacc860000000p+8 0x1.8787ea0000000p+77
        u32 0000,4248 16968 1112014848 18498 1212284928
        i32 0000,4248 16968 1112014848 18498 1212284928
        f32 0000,4248 0x1.0920000000000p-135 0x1.9000000000000p+5 0x1.2108000000000p-135 0x1.8400000000000p+17
        u32 FFFF,FFFE 4294967294 4294901759 4294967039 4278190079
        i32 FFFF,FFFE -2 -65537 -257 -16777217
        f32 FFFF,FFFE nan nan nan -0x1.fffffe0000000p+126
        u32 8000,0000 2147483648 32768 8388608 128
        i32 8000,0000 -2147483648 32768 8388608 128
        f32 8000,0000 -0x0.0p+0 0x1.0000000000000p-134 0x1.0000000000000p-126 0x1.0000000000000p-142
        u32 7FC0,0000 2143289344 32704 3229548544 49279
        i32 7FC0,0000 2143289344 32704 -1065418752 49279
        f32 7FC0,0000 nan 0x1.ff00000000000p-135 -0x1.fe00000000000p+1 0x1.80fe000000000p-134
        u32 1C1C,001C 471597084 1842204 471604224 469769244
        i32 1C1C,001C 471597084 1842204 471604224 469769244
        f32 1C1C,001C 0x1.3800380000000p-71 0x1.c1c1c00000000p-129 0x1.3838000000000p-71 0x1.0038380000000p-71
        u64 40C8,1CD6,E631,F8A1 4668012723080132769 17915853891268133064 14429768622679695864 11671133301835089984
        i64 40C8,1CD6,E631,F8A1 4668012723080132769 -530890182441418552 -4016975451029855752 -6775610771874461632
        f64 40C8,1CD6,E631,F8A1 0x1.81cd6e631f8a1p+13 -0x1.1e6311cd640c8p+907 -0x1.0d61c31e6a1f8p+133 -0x1.831e6d61cc840p-480
        u64 0000,0000,0000,2B67 11111 3127468466232098816 26411 7434035609905135616
        i64 0000,0000,0000,2B67 11111 3127468466232098816 26411 7434035609905135616
        f64 0000,0000,0000,2B67 0x0.0000000002b67p-1022 0x1.7000000000000p-329 0x0.000000000672bp-1022 0x1.b000000000000p+627
        u64 FFFF,FFFF,FFFF,FFFF 18446744073709551615 18446744073709551615 18446744073709551615 18446744073709551615
        i64 FFFF,FFFF,FFFF,FFFF -1 -1 -1 -1
        f64 FFFF,FFFF,FFFF,FFFF nan nan nan nan
        u64 1234,5678,9ABC,DEF0 1311768467463790320 16064510004525797940 3752193753479835870 17356517385562371090
        i64 1234,5678,9ABC,DEF0 1311768467463790320 -2382234069183753676 3752193753479835870 -1090226688147180526
        f64 1234,5678,9ABC,DEF0 0x1.456789abcdef0p-732 -0x1.09abc56781234p+496 0x1.27856bc9af0dep-190 -0x1.ebc9a78563412p+782
        u64 F8A1,E631,1CD6,40C8 17915853891268133064 4668012723080132769 11671133301835089984 14429768622679695864
        i64 F8A1,E631,1CD6,40C8 -530890182441418552 4668012723080132769 -6775610771874461632 -4016975451029855752
        f64 F8A1,E631,1CD6,40C8 -0x1.1e6311cd640c8p+907 0x1.81cd6e631f8a1p+13 -0x1.831e6d61cc840p-480 -0x1.0d61c31e6a1f8p+133
        """

    @Test func `every order of every width reads what Python's struct reads`() throws {
        for line in Self.golden.split(separator: "\n") {
            let parts = line.split(separator: " ").map(String.init)
            let words = parts[1].split(separator: ",").compactMap { UInt16($0, radix: 16) }
            let rows = Interpretations(address: 100, words: words).rows
            let row = try #require(rows.first { $0.type.rawValue == parts[0] && $0.wordCount == words.count })
            #expect(row.address == 100)
            for (value, expected) in zip(row.values, parts[2...]) {
                #expect(Self.agrees(value.text, expected, parts[0]), "\(line): \(value.order as Any) \(value.text)")
            }
            #expect(row.values.map(\.order) == [.abcd, .cdab, .badc, .dcba])
        }
    }

    private static func agrees(_ text: String, _ expected: String, _ type: String) -> Bool {
        if expected == "nan" { return text.lowercased().contains("nan") }
        switch type {
        case "f32": return Float(text) == Float(expected)
        case "f64": return Double(text) == Double(expected)
        default: return text == expected
        }
    }

    private func mark(_ words: [UInt16], _ type: RegisterType, _ order: WordOrder) -> Interpretations.Mark? {
        Interpretations(address: 0, words: words).rows.first { $0.type == type && $0.wordCount == words.count }?
            .values.first { $0.order == order }?.mark
    }

    @Test func `the right order of a float stands out`() {
        #expect(mark([0x4248, 0x0000], .f32, .abcd) == .plausible)
        #expect(mark([0x4248, 0x0000], .f32, .cdab) == Interpretations.Mark.none)
        #expect(mark([0x0000, 0x4248], .f32, .cdab) == .plausible)
        #expect(mark([0x40C8, 0x1CD6, 0xE631, 0xF8A1], .f64, .abcd) == .plausible)
        #expect(mark([0x40C8, 0x1CD6, 0xE631, 0xF8A1], .f64, .dcba) == Interpretations.Mark.none)
    }

    @Test func `patterns by which devices say nothing are told`() {
        for (words, type) in [
            ([0x8000], RegisterType.i16), ([0xFFFF], .u16), ([0x7FFF], .i16), ([0x8000, 0], .i32),
            ([0xFFFF, 0xFFFF], .u32), ([0x7FC0, 0], .f32), ([0x7FF8, 0, 0, 0], .f64),
        ] as [([UInt16], RegisterType)] {
            #expect(mark(words, type, .abcd) == .notAvailable, "\(words) \(type)")
        }
        #expect(mark([0x1234], .bcd, .abcd) == .plausible)
        #expect(mark([0x12AB], .bcd, .abcd) == .impossible)
        #expect(mark([0x5375, 0x6E53], .text, .abcd) == .plausible)
        #expect(mark([0x0001, 0x6E53], .text, .abcd) == Interpretations.Mark.none)
    }

    @Test func `a table has a line for every register and shows nothing that steers a terminal`() {
        for count in 1...8 {
            let words = (0..<count).map { UInt16(truncatingIfNeeded: 0x1B5B + $0 * 0x1111) }
            let seen = Interpretations(address: 65_535, words: words)
            let lines = seen.lines()
            #expect(lines.count > count + 4)
            #expect(lines.allSatisfy { $0.unicodeScalars.allSatisfy { $0.value >= 0x20 && $0.value != 0x7F } })
            #expect(seen.json.description.hasPrefix("{\"address\":65535,\"words\":[7003"))
        }
        #expect(Interpretations(address: 0, words: []).rows.map(\.type) == [.text])
        #expect(Interpretations(address: 0, words: [UInt16](repeating: 1, count: 100)).words.count == 8)
    }

    @Test func `the table of two registers is this`() {
        let lines = Interpretations(address: 100, words: [0x4248, 0x0000]).lines()
        #expect(
            lines == [
                "register  hex     decimal  signed  bits 15…0",
                "100       0x4248    16968   16968  0100 0010 0100 1000",
                "101       0x0000        0       0  0000 0000 0000 0000",
                "",
                "register  type  ABCD        CDAB        BADC        DCBA",
                "100       u16   16968 *                 18498 *",
                "101       u16   0 *                     0 *",
                "100       i16   16968 *                 18498 *",
                "101       i16   0 *                     0 *",
                "100       bcd   4248 *                  4842 *",
                "101       bcd   0 *                     0 *",
                "100       u32   1112014848  16968 *     1212284928  18498 *",
                "100       i32   1112014848  16968 *     1212284928  18498 *",
                "100       f32   50 *        2.3777e-41  198656 *    2.5921e-41",
                "100       bcd   42480000 *  4248 *      48420000 *  4842 *",
                "100       text  BH..        ..BH        HB..        ..HB",
                "",
                "* plausible   ! a pattern for \"not available\"   - not a value of this type",
            ])
    }
}
