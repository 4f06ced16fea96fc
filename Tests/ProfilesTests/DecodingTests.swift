import Foundation
import Profiles
import Readings
import Testing
import TestTools

/// Goal: words become the number the device meant, or no value. Method: Foundation's own byte orders as a second opinion.
struct DecodingTests {
    private func place(
        _ type: RegisterType, _ words: Int, order: WordOrder = .abcd, bits: ClosedRange<Int>? = nil,
        notAvailable: [UInt64] = [], scale: UInt16? = nil
    ) -> ModbusPoint {
        ModbusPoint(
            function: .holdingRegisters, address: 0, type: type, order: order, wordCount: words, bits: bits,
            notAvailable: notAvailable, scaleRegister: scale)
    }

    @Test func `the four orders are what they say`() {
        let words: [UInt16] = [0xAABB, 0xCCDD]
        #expect(WordOrder.abcd.normalized(words) == [0xAABB, 0xCCDD])
        #expect(WordOrder.cdab.normalized(words) == [0xCCDD, 0xAABB])
        #expect(WordOrder.badc.normalized(words) == [0xBBAA, 0xDDCC])
        #expect(WordOrder.dcba.normalized(words) == [0xDDCC, 0xBBAA])
        for order in WordOrder.allCases { #expect(order.normalized(order.normalized(words)) == words) }
    }

    @Test(arguments: WordOrder.allCases) func `any number comes back in any order`(order: WordOrder) {
        var dice = SeededGenerator(seed: 7)
        for _ in 0..<2000 {
            let bits = UInt64.random(in: 0...UInt64.max, using: &dice)
            let four = order.normalized((0..<4).map { UInt16(truncatingIfNeeded: bits >> UInt64(48 - 16 * $0)) })
            #expect(place(.u64, 4, order: order).decode(four).0 == .unsigned(bits))
            #expect(place(.i64, 4, order: order).decode(four).0 == .integer(Int64(bitPattern: bits)))
            #expect(place(.f64, 4, order: order).decode(four).0 == .float64(bits: bits))
            let low = UInt32(truncatingIfNeeded: bits)
            let two = order.normalized([UInt16(truncatingIfNeeded: low >> 16), UInt16(truncatingIfNeeded: low)])
            #expect(place(.u32, 2, order: order).decode(two).0 == .integer(Int64(low)))
            #expect(place(.i32, 2, order: order).decode(two).0 == .integer(Int64(Int32(bitPattern: low))))
            #expect(place(.f32, 2, order: order).decode(two).0 == .float32(bits: low))
        }
    }

    @Test func `floats that are no numbers have no value and keep their bits`() {
        for bits: UInt32 in [0x7FC0_0000, 0xFFFF_FFFF, 0x7F80_0000, 0xFF80_0000] {
            let (value, quality) = place(.f32, 2).decode([UInt16(bits >> 16), UInt16(bits & 0xFFFF)])
            #expect(value == .float32(bits: bits) && quality == .noValue)
            #expect(Scale.identity.engineering(value) == nil)
        }
    }

    @Test func `patterns are compared after word order`() {
        let low = place(.i32, 2, order: .cdab, notAvailable: [0x8000_0000])
        #expect(low.decode([0, 0x8000]) == (.none, .noValue))
        #expect(low.decode([0x8000, 0]) == (.integer(0x8000), .good))
    }

    @Test func `bits, digits and text are cut out and checked`() {
        #expect(place(.bits, 1, bits: 4...7).decode([0x0A50]).0 == .integer(5))
        #expect(place(.bits, 4, bits: 0...63).decode([0xFFFF, 0xFFFF, 0xFFFF, 0xFFFF]).0 == .large(UInt64.max))
        #expect(place(.bit, 2, bits: 31...31).decode([0x8000, 0]).0 == .integer(1))
        #expect(place(.bcd, 1).decode([0x9876]) == (.integer(9876), .good))
        #expect(place(.bcd, 1).decode([0x98A6]) == (.none, .suspect))
        #expect(place(.text, 3).decode([0x4142, 0x4320, 0x2000]) == (.text("ABC"), .good))
        #expect(place(.text, 2).decode([0, 0x4142]) == (.none, .noValue))
        #expect(place(.text, 2).decode([0xFFFE, 0x4142]) == (.none, .suspect))
        #expect(place(.text, 1, order: .badc).decode([0x4241]) == (.text("AB"), .good))
    }

    @Test func `a live scale keeps both registers and refuses what is no power`() {
        #expect(place(.i16, 1, scale: 9).decode([0xFFFE], scaleWord: 0xFFFF) == (.number("-2e-1"), .good))
        #expect(place(.u16, 1, scale: 9).decode([7], scaleWord: 0) == (.number("7"), .good))
        #expect(
            place(.u64, 4, scale: 9).decode([0xFFFF, 0xFFFF, 0xFFFF, 0xFFFF], scaleWord: 10).0
                == .number("18446744073709551615e10"))
        #expect(place(.u16, 1, scale: 9).decode([7], scaleWord: 0x8000) == (.none, .noValue))
        #expect(place(.u16, 1, scale: 9).decode([7], scaleWord: 11) == (.none, .noValue))
        #expect(place(.u16, 1, scale: 9).decode([7], scaleWord: nil) == (.none, .noValue))
    }

    @Test func `words of another number are suspect, never trapped on`() {
        for type in RegisterType.allCases {
            for count in 0...6 {
                let words = [UInt16](repeating: 0xFFFF, count: count)
                for expected in 0...64 where expected != count {
                    #expect(place(type, expected, bits: 0...0).decode(words) == (.none, .suspect))
                }
                _ = place(type, count, bits: 0...0).decode(words, scaleWord: 0xFFFF)
            }
        }
    }
}
