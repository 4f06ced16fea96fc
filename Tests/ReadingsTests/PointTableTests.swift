import Readings
import Testing
import TestTools

/// Goal: the table is a dictionary in all but speed. Method: both are told the same, in every order, with dense and with wild numbers.
@Suite struct PointTableTests {
    private static func numbers(_ kind: String, _ random: inout some RandomNumberGenerator) -> [PointNumber] {
        switch kind {
        case "dense": (1...300).map { PointNumber($0) }
        case "with holes": (1...300).filter { $0 % 7 != 0 && !(100...140).contains($0) }.map { PointNumber($0) }
        case "from zero to the last": ([0, .max] + (1...20).map { UInt32.max - $0 * 3 }).map { PointNumber($0) }
        default: (0..<300).map { _ in PointNumber(UInt32.random(in: 0...UInt32.max, using: &random)) }
        }
    }

    @Test(arguments: ["dense", "with holes", "from zero to the last", "wild"])
    func `what was put in is found, and nothing else`(kind: String) {
        var random = SeededGenerator(seed: 11)
        for _ in 0..<20 {
            var (table, model) = (PointTable<Int>(), [PointNumber: Int]())
            let numbers = Self.numbers(kind, &random).shuffled(using: &random)
            for (value, number) in (numbers + numbers.prefix(50)).enumerated() {
                table.set(number, to: value)
                model[number] = value
            }
            #expect(table.count == model.count)
            #expect(table.points == model.keys.sorted())
            #expect(table.map(\.value) == model.sorted { $0.key < $1.key }.map(\.value))
            for number in numbers {
                for near in [number.rawValue &- 1, number.rawValue, number.rawValue &+ 1].map(PointNumber.init) {
                    #expect(table[near] == model[near])
                }
            }
        }
    }

    @Test func `a place stays when others come in before it`() throws {
        var table = PointTable<String>()
        let place = table.place(of: PointNumber(50), else: "fifty")
        for number: UInt32 in [70, 10, 30, 49, 51] { table.set(PointNumber(number), to: "\(number)") }
        #expect(table.place(of: PointNumber(50)) == place)
        table[at: place] += "!"
        #expect(table[PointNumber(50)] == "fifty!")
        #expect(table.place(of: PointNumber(50), else: "other") == place)
        #expect(table.place(of: PointNumber(11)) == nil)
    }

    @Test func `the same values are the same table, in whatever order they came`() {
        var (rising, falling) = (PointTable<Int>(), PointTable<Int>())
        for number: UInt32 in 1...9 { rising.set(PointNumber(number), to: Int(number)) }
        for number: UInt32 in (1...9).reversed() { falling.set(PointNumber(number), to: Int(number)) }
        #expect(rising == falling)
        #expect(rising.hashValue == falling.hashValue)
        falling.set(PointNumber(3), to: 4)
        #expect(rising != falling)
        #expect(falling.filter { $0 > 7 }.map(\.point) == [PointNumber(8), PointNumber(9)])
    }
}
