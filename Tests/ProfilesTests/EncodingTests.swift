import Profiles
import Readings
import Testing
import TestTools

/// Goal: what is written is what would be read back. Method: seeded values of every type in every order through encode and decode.
struct EncodingTests {
    private static let roundTrips: [RegisterType] = [
        .u16, .i16, .u32, .i32, .u64, .i64, .f32, .f64, .enum, .bool, .text, .bcd,
    ]

    private func point(
        _ type: RegisterType, _ words: Int, _ order: WordOrder = .abcd, function: ModbusFunction = .holdingRegisters,
        notAvailable: [UInt64] = [], scale: UInt16? = nil
    ) -> ModbusPoint {
        ModbusPoint(
            function: function, address: 0, type: type, order: order, wordCount: words,
            bits: type == .bit ? 3...3 : type == .bits ? 2...5 : nil, notAvailable: notAvailable, scaleRegister: scale)
    }

    @Test(arguments: roundTrips, WordOrder.allCases)
    func `decode gives back what encode was given`(type: RegisterType, order: WordOrder) throws {
        var dice = SeededGenerator(seed: 1234)
        for round in 0..<500 {
            let words = type.wordCount ?? (type == .text ? 1 + round % 64 : 1 + round % 4)
            let place = point(type, words, order)
            let value = Self.value(type, words: words, &dice)
            let encoded = try place.encode(value)
            #expect(encoded.count == words)
            #expect(
                place.decode(encoded) == (value, .good), "\(type) \(order) \(words) words, round \(round), seed 1234")
        }
    }

    @Test func `the bounds of every whole type are held and one beyond is refused`() throws {
        let bounds: [(RegisterType, Int, Int64, Int64)] = [
            (.u16, 1, 0, 0xFFFF), (.i16, 1, -0x8000, 0x7FFF), (.u32, 2, 0, 0xFFFF_FFFF),
            (.i32, 2, -0x8000_0000, 0x7FFF_FFFF), (.enum, 1, 0, 0xFFFF), (.enum, 2, 0, 0xFFFF_FFFF), (.bool, 1, 0, 1),
            (.bcd, 1, 0, 9_999), (.bcd, 2, 0, 99_999_999), (.bcd, 4, 0, 9_999_999_999_999_999),
        ]
        for (type, words, low, high) in bounds {
            let place = point(type, words)
            for value in [low, high] {
                #expect(place.decode(try place.encode(.integer(value))) == (.integer(value), .good))
            }
            for value in [low - 1, high + 1, Int64.min, Int64.max] {
                #expect(throws: EncodingProblem.outOfRange(type, wordCount: words)) {
                    try place.encode(.integer(value))
                }
            }
            #expect(throws: EncodingProblem.outOfRange(type, wordCount: words)) { try place.encode(.large(.max)) }
        }
        #expect(try point(.u64, 4).encode(.large(.max)) == [0xFFFF, 0xFFFF, 0xFFFF, 0xFFFF])
        #expect(try point(.i64, 4).encode(.integer(.min)) == [0x8000, 0, 0, 0])
        #expect(throws: EncodingProblem.self) { try point(.i64, 4).encode(.large(.max)) }
    }

    @Test func `known words come out in every order`() throws {
        let value = RawValue.integer(0xAABB_CCDD)
        #expect(try point(.u32, 2, .abcd).encode(value) == [0xAABB, 0xCCDD])
        #expect(try point(.u32, 2, .cdab).encode(value) == [0xCCDD, 0xAABB])
        #expect(try point(.u32, 2, .badc).encode(value) == [0xBBAA, 0xDDCC])
        #expect(try point(.u32, 2, .dcba).encode(value) == [0xDDCC, 0xBBAA])
        #expect(try point(.text, 2).encode(.text("ABC")) == [0x4142, 0x4300])
        #expect(try point(.bcd, 1).encode(.integer(9876)) == [0x9876])
        #expect(try point(.bool, 1, .badc, function: .coils).encode(.integer(1)) == [1])
    }

    @Test func `what cannot be written alone says why`() {
        #expect(throws: EncodingProblem.sharesRegister(.bit)) { try point(.bit, 1).encode(.integer(1)) }
        #expect(throws: EncodingProblem.sharesRegister(.bits)) { try point(.bits, 1).encode(.integer(1)) }
        #expect(throws: EncodingProblem.liveScale) { try point(.u16, 1, scale: 4).encode(.integer(1)) }
        #expect(throws: EncodingProblem.meansNoValue) {
            try point(.i16, 1, notAvailable: [0x8000]).encode(.integer(-0x8000))
        }
        #expect(
            EncodingProblem.sharesRegister(.bit).description
                == "a bit shares its register with others and cannot be written alone")
        #expect(
            EncodingProblem.outOfRange(.u16, wordCount: 1).description == "type u16 in 1 register cannot hold the value"
        )
    }

    @Test func `values of another form, texts that would change and numbers that are none are refused`() {
        for type in Self.roundTrips {
            let words = type.wordCount ?? 2
            for value: RawValue in [.none, .number("1"), .event([0])] {
                #expect(throws: EncodingProblem.wrongForm(type)) { try point(type, words).encode(value) }
            }
        }
        for text in ["", "ABCDE", "A ", "A\u{0}B", "ÄÖÜ"] {
            #expect(throws: EncodingProblem.outOfRange(.text, wordCount: 2)) { try point(.text, 2).encode(.text(text)) }
        }
        for bits: UInt32 in [0x7FC0_0000, 0x7F80_0000, 0xFF80_0000] {
            #expect(throws: EncodingProblem.outOfRange(.f32, wordCount: 2)) {
                try point(.f32, 2).encode(.float32(bits: bits))
            }
        }
        for count in [0, 5, 64] {
            #expect(throws: EncodingProblem.self) { try point(.u32, count).encode(.integer(1)) }
        }
    }

    private static func value(_ type: RegisterType, words: Int, _ dice: inout SeededGenerator) -> RawValue {
        let bits = UInt64.random(in: 0...UInt64.max, using: &dice)
        switch type {
        case .u16: return .unsigned(bits & 0xFFFF)
        case .u32: return .unsigned(bits & 0xFFFF_FFFF)
        case .u64: return .unsigned(bits)
        case .enum: return .unsigned(bits >> UInt64(64 - 16 * words))
        case .i16: return .integer(Int64(Int16(truncatingIfNeeded: bits)))
        case .i32: return .integer(Int64(Int32(truncatingIfNeeded: bits)))
        case .i64: return .integer(Int64(bitPattern: bits))
        case .bool: return .flag(bits & 1 == 1)
        case .f32:
            let pattern = UInt32(truncatingIfNeeded: bits)
            return .float32(bits: Float(bitPattern: pattern).isFinite ? pattern : pattern & 0x3FFF_FFFF)
        case .f64: return .float64(bits: Double(bitPattern: bits).isFinite ? bits : bits & 0x3FFF_FFFF_FFFF_FFFF)
        case .bcd: return .unsigned(bits % (1...words).reduce(1) { sum, _ in sum * 10_000 })
        case .text:
            let count = Int.random(in: 1...2 * words, using: &dice)
            return .text(
                String(decoding: (0..<count).map { _ in UInt8.random(in: 0x21...0x7E, using: &dice) }, as: UTF8.self))
        case .bit, .bits: return .none
        }
    }
}
