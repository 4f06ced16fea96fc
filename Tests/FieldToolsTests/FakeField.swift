import FieldTools
import Profiles

/// Units with registers of function 3 and 4; everything else is refused with exception 2, units that are not there are silent.
final class FakeField: FieldReading {
    var holding: [UInt8: [UInt16: UInt16]] = [:]
    var input: [UInt8: [UInt16: UInt16]] = [:]
    var objects: [UInt8: [DeviceObject]] = [:]
    /// Answers with this exception to everything.
    var refusing: [UInt8: UInt8] = [:]
    /// Registers in one request, at most; more is refused with exception 3.
    var registerCountMax = 125
    private(set) var requests = 0

    func read(
        unit: UInt8, _ function: ModbusFunction, address: UInt16, count: Int
    ) throws(FieldReadingError) -> [UInt16] {
        requests += 1
        if let code = refusing[unit] { throw .refused(code: code) }
        guard holding[unit] != nil || input[unit] != nil || objects[unit] != nil else { throw .silent(afterMs: 1) }
        guard !function.readsBits else { throw .refused(code: 1) }
        if count > registerCountMax { throw .refused(code: 3) }
        let registers = (function == .holdingRegisters ? holding : input)[unit] ?? [:]
        var words: [UInt16] = []
        for place in Int(address)..<Int(address) + count {
            guard let key = UInt16(exactly: place), let word = registers[key] else { throw .refused(code: 2) }
            words.append(word)
        }
        return words
    }

    func identification(unit: UInt8) throws(FieldReadingError) -> [DeviceObject] {
        guard let objects = objects[unit] else { throw .refused(code: 1) }
        return objects
    }

    func put(_ words: [UInt16], at address: UInt16, unit: UInt8) {
        for (offset, word) in words.enumerated() { holding[unit, default: [:]][address + UInt16(offset)] = word }
    }
}

extension FakeField {
    static func text(_ text: String, _ count: Int) -> [UInt16] {
        let bytes = Array(text.utf8) + [UInt8](repeating: 0, count: max(0, 2 * count - text.utf8.count))
        return (0..<count).map { UInt16(bytes[2 * $0]) << 8 | UInt16(bytes[2 * $0 + 1]) }
    }

    static func common(_ manufacturer: String = "Acme", _ model: String = "Sun 10") -> [UInt16] {
        [1, 66] + text(manufacturer, 16) + text(model, 16) + text("", 8) + text("1.2", 8) + text("S-1", 16) + [1, 0]
    }

    /// Model 103 with 4 512 W at 49.98 Hz; reactive power and DC are not implemented.
    static func inverter() -> [UInt16] {
        var words: [UInt16] = [103, 50] + [UInt16](repeating: 0xFFFF, count: 50)
        func set(_ offset: Int, _ word: UInt16) { words[offset] = word }
        for (offset, word) in [
            (2, 65), (3, 22), (4, 22), (5, 21), (6, 0xFFFF), (10, 2301), (11, 2302), (12, 2303), (13, 0xFFFF),
            (14, 4512), (15, 0), (16, 4998), (17, 0xFFFE), (18, 4600), (19, 0), (20, 0x8000), (21, 0x8000),
            (22, 0x8000), (23, 0x8000), (24, 2), (25, 0xCF9C), (26, 0), (28, 0x8000), (30, 0x8000), (31, 0x8000),
            (32, 0x8000), (33, 412), (34, 0x8000), (35, 0x8000), (36, 0x8000), (37, 0xFFFF), (38, 4), (40, 0),
            (41, 0x10),
        ] as [(Int, UInt16)] { set(offset, word) }
        return words
    }

    static func sunSpec(at address: UInt16, _ models: [[UInt16]], end: [UInt16] = [0xFFFF, 0]) -> FakeField {
        let field = FakeField()
        field.put([0x5375, 0x6E53] + models.flatMap { $0 } + end, at: address, unit: 1)
        return field
    }
}
