import BlockingThread
import Glibc
import Profiles

/// One open line: requests in Modbus' own terms, checked answers. Belongs to one thread; only `Interrupt` may be used from others.
///
/// After an error the line stays usable as long as `isBroken` is false.
final class ModbusLine {
    private let wire: any Wire
    private let interrupt: Interrupt
    private let frame = Frame()
    private let words: UnsafeMutablePointer<UInt16>
    private let gapUs: Int64
    /// The end of the last answer; at first that of making the connection, because the one before may have ended just now.
    private var quietSinceUs = monotonicNowUs()

    private static let wordCountMax = 2000

    /// Opens the line.
    ///
    /// - Parameter transaction: the last one that was used before on this line.
    init(_ settings: ModbusSettings, transaction: UInt16 = 0, interrupt: Interrupt) throws(ModbusError) {
        let ms = max(settings.responseMsMax, 1)
        var gapUs = Int64(max(settings.gapMs, 0)) * 1000
        switch settings.transport {
        case .tcp(let host, let port):
            wire = try TCPWire(
                host: host, port: port, connectMsMax: ms, transaction: transaction, interrupt: interrupt)
        case .rtuOverTCP(let host, let port):
            wire = try RTUWire(host: host, port: port, connectMsMax: ms, interrupt: interrupt)
        case .serial(let path, let baud, let mode):
            wire = try RTUWire(path: path, baud: baud, mode: mode, interrupt: interrupt)
            gapUs = max(gapUs, Self.frameGapUs(baud: baud, mode: mode))
        }
        self.gapUs = gapUs
        self.interrupt = interrupt
        words = .allocate(capacity: Self.wordCountMax)
        words.initialize(repeating: 0, count: Self.wordCountMax)
    }

    deinit { words.deallocate() }

    /// The line must be closed and opened anew before anything else is asked.
    var isBroken: Bool { wire.isBroken }

    /// Whether the other side has not hung up by now, as far as can be told without asking.
    var isOpen: Bool {
        do throws(ModbusError) {
            try wire.checkOpen()
            return !isBroken
        } catch {
            return false
        }
    }

    var transaction: UInt16 { (wire as? TCPWire)?.lastTransaction ?? 0 }

    /// Unit ids of answers that came too late and were dropped; each is told once.
    func takeLateUnits() -> [UInt8] {
        if wire.lateUnits.isEmpty { return [] }
        defer { wire.lateUnits = [] }
        return wire.lateUnits
    }

    /// MODBUS over Serial Line V1.02, section 2.5.1.1: 3.5 characters, 1.75 ms above 19 200 baud.
    static func frameGapUs(baud: UInt32, mode: SerialMode) -> Int64 {
        baud > 19_200 ? 1_750 : Int64(mode.bitsPerByte) * 3_500_000 / Int64(max(baud, 1))
    }

    /// Registers, or 0 and 1 for coils and discrete inputs, exactly `count` of them, valid until the next request.
    func read(
        unit: UInt8, _ function: ModbusFunction, address: UInt16, count: Int, withinMs: Int
    ) throws(ModbusError) -> UnsafeBufferPointer<UInt16> {
        guard (1...function.countMax).contains(count), Int(address) + count <= 65_536 else {
            throw .illegalRequest(unit: unit)
        }
        frame.begin(function.rawValue)
        frame.add(address)
        frame.add(UInt16(count))
        let answer = try exchange(unit, withinMs)
        let sizeBytes = function.readsBits ? (count + 7) / 8 : count * 2
        guard answer.count == sizeBytes + 2, answer[1] == UInt8(sizeBytes) else { throw .garbled(unit: unit) }
        if function.readsBits {
            for index in 0..<count { words[index] = UInt16(answer[2 + index / 8] >> UInt8(index % 8) & 1) }
        } else {
            for index in 0..<count {
                words[index] = UInt16(answer[2 + 2 * index]) << 8 | UInt16(answer[3 + 2 * index])
            }
        }
        return UnsafeBufferPointer(start: words, count: count)
    }

    /// Sends one write, once, and checks that the answer repeats it. `noAnswer`, `garbled` and `lineDown` leave open whether the
    /// device took it.
    func write(unit: UInt8, _ write: ModbusWrite, withinMs: Int) throws(ModbusError) {
        guard write.isLegal else { throw .illegalRequest(unit: unit) }
        frame.begin(write.function.rawValue)
        frame.add(write.address)
        let expected: UInt16
        switch write.function {
        case .singleCoil: expected = write.words[0] == 0 ? 0 : 0xFF00
        case .singleRegister: expected = write.words[0]
        case .multipleCoils, .multipleRegisters: expected = UInt16(write.words.count)
        }
        frame.add(expected)
        if write.function == .multipleRegisters {
            frame.add(byte: UInt8(write.words.count * 2))
            for word in write.words { frame.add(word) }
        } else if write.function == .multipleCoils {
            frame.add(byte: UInt8((write.words.count + 7) / 8))
            for start in stride(from: 0, to: write.words.count, by: 8) {
                var byte: UInt8 = 0
                for (bit, word) in write.words[start..<min(start + 8, write.words.count)].enumerated() where word != 0 {
                    byte |= 1 << UInt8(bit)
                }
                frame.add(byte: byte)
            }
        }
        let answer = try exchange(unit, withinMs)
        guard answer.count == 5, UInt16(answer[1]) << 8 | UInt16(answer[2]) == write.address,
            UInt16(answer[3]) << 8 | UInt16(answer[4]) == expected
        else { throw .garbled(unit: unit) }
    }

    /// What the device says about itself: basic objects, and the regular ones where it has them.
    func identification(unit: UInt8, withinMs: Int) throws(ModbusError) -> [(id: UInt8, text: String)] {
        var found: [(id: UInt8, text: String)] = []
        for category in DeviceIdentification.Category.allCases {
            do throws(ModbusError) {
                try identify(unit, category, withinMs, into: &found)
            } catch .refused where category != .basic {
                // Only the basic objects are owed.
                break
            }
        }
        return found
    }

    private func identify(
        _ unit: UInt8, _ category: DeviceIdentification.Category, _ withinMs: Int,
        into found: inout [(id: UInt8, text: String)]
    ) throws(ModbusError) {
        var next: UInt8? = 0
        for _ in 0..<DeviceIdentification.requestCountMax {
            guard let object = next else { return }
            frame.begin(DeviceIdentification.function)
            frame.add(byte: DeviceIdentification.type)
            frame.add(byte: category.rawValue)
            frame.add(byte: object)
            guard let page = DeviceIdentification.page(try exchange(unit, withinMs)) else { throw .garbled(unit: unit) }
            for item in page.objects where !found.contains(where: { $0.id == item.id }) {
                guard found.count < DeviceIdentification.objectCountMax else { return }
                found.append(item)
            }
            // A device that goes back would be followed for ever.
            guard let following = page.next, following > object else { return }
            next = following
        }
    }

    /// The answer to the request in `frame`, its function checked.
    private func exchange(_ unit: UInt8, _ withinMs: Int) throws(ModbusError) -> UnsafeBufferPointer<UInt8> {
        if gapUs > 0 {
            let leftUs = quietSinceUs + gapUs - monotonicNowUs()
            if leftUs > 0 { interrupt.nap(us: leftUs) }
        }
        defer { if gapUs > 0 { quietSinceUs = monotonicNowUs() } }
        let function = frame.function
        let answer = try wire.exchange(unit: unit, frame, withinMs: max(withinMs, 0))
        if answer[0] == function { return answer }
        guard answer[0] == function | 0x80, answer.count == 2, (1...11).contains(answer[1]) else {
            throw .garbled(unit: unit)
        }
        throw .refused(unit: unit, code: answer[1])
    }
}
