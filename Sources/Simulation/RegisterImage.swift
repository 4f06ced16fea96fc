import Glibc
import Modbus
import Profiles
import Readings
import Synchronization

/// What a make-believe device has to say about one point of its profile.
enum Sign: Hashable, Sendable {
    /// In the point's unit.
    case number(Double)
    case text(String)
}

/// The registers of one unit: the profile read backwards, so that both sides of the wire have one truth.
struct RegisterImage: Sendable {
    let profile: DeviceProfile
    let bank: RegisterBank
    private let writable = WritableWords()

    /// What stood in the registers that a client may write when they were shown last.
    private final class WritableWords: Sendable {
        let shown = Mutex<[String: [UInt16]]>([:])
        let written = Mutex<[String: Double]>([:])
    }

    init(_ profile: DeviceProfile) {
        self.profile = profile
        var spans: [ModbusFunction: ClosedRange<Int>] = [:]
        func cover(_ function: ModbusFunction, _ span: ClosedRange<Int>) {
            let old = spans[function] ?? span
            spans[function] = min(old.lowerBound, span.lowerBound)...max(old.upperBound, span.upperBound)
        }
        for point in profile.points.compactMap(\.modbus) { cover(point.function, point.span) }
        for check in profile.modbus?.identify ?? [] {
            cover(check.function, Int(check.address)...Int(check.address) + check.words.count - 1)
        }
        func range(_ function: ModbusFunction) -> ClosedRange<UInt16>? {
            spans[function].map { UInt16(clamping: $0.lowerBound)...UInt16(clamping: $0.upperBound) }
        }
        bank = RegisterBank(holding: range(.holdingRegisters), input: range(.inputRegisters), coils: range(.coils))
        let checks = profile.modbus?.identify ?? []
        bank.update { state in
            for check in checks { Self.set(&state, check.function, check.address, check.words) }
        }
    }

    /// Writes all points at once; a point without a sign says "not available" where it can, else 0.
    ///
    /// - Returns: what clients have written since the last time, by point, in the point's unit. Those registers stay as written.
    @discardableResult
    func show(_ signs: [String: Sign]) -> [String: Double] {
        let points = profile.points
        let writable = writable
        bank.update { state in
            for point in points {
                guard let place = point.modbus else { continue }
                let power = place.scaleRegister == nil ? 0 : Self.livePower(point, place)
                if let register = place.scaleRegister {
                    Self.set(&state, place.function, register, [UInt16(bitPattern: Int16(clamping: power))])
                }
                if place.type == .bit {
                    Self.setBit(&state, place, isOn: Self.isOn(signs[point.id]))
                    continue
                }
                let words = Self.words(signs[point.id], point, place, power: power)
                if point.write != nil, Self.isWritten(point, place, words, state, writable) { continue }
                Self.set(&state, place.function, place.address, words)
            }
        }
        return writable.written.withLock { written in
            defer { written = [:] }
            return written
        }
    }

    /// Whether a client has written into the registers of this point; what it wrote is noted, else what will be shown.
    private static func isWritten(
        _ point: ProfilePoint, _ place: ModbusPoint, _ words: [UInt16], _ state: RegisterBank.State,
        _ writable: WritableWords
    ) -> Bool {
        let block = place.function == .coils ? state.coils : state.holding
        let found = (0..<UInt16(max(1, place.wordCount))).compactMap { block.word(place.address + $0) }
        return writable.shown.withLock { shown in
            guard let before = shown[point.id], before != found else {
                shown[point.id] = words
                return false
            }
            shown[point.id] = found
            if let value = point.scale.engineering(place.decode(found).0) {
                writable.written.withLock { $0[point.id] = value.double }
            }
            return true
        }
    }

    /// The words that the device would answer for one value.
    static func words(_ sign: Sign?, _ point: ProfilePoint, _ place: ModbusPoint, power: Int) -> [UInt16] {
        if place.type == .text {
            guard case .text(let text) = sign else { return [UInt16](repeating: 0, count: place.wordCount) }
            return place.order.normalized(textWords(text, count: place.wordCount))
        }
        let width = UInt64(max(1, min(4, place.wordCount)) * 16)
        let mask = width >= 64 ? UInt64.max : (1 << width) - 1
        guard case .number(let value) = sign, value.isFinite else {
            return ordered(place.notAvailable.first ?? 0, place)
        }
        let scale = point.scale
        let offset = Double(scale.offsetMantissa) * pow(10, Double(scale.offsetExponent))
        let factor = Double(scale.mantissa) * pow(10, Double(scale.exponent)) * pow(10, Double(power))
        let raw = (value - offset) / factor
        switch place.type {
        case .f32: return ordered(UInt64(Float(raw).bitPattern), place)
        case .f64: return ordered(raw.bitPattern, place)
        case .bcd: return ordered(bcd(UInt64(max(0, min(raw.rounded(), 1e15)))), place)
        case .i16: return ordered(UInt64(bitPattern: whole(raw, Int64(Int16.min)...Int64(Int16.max))) & mask, place)
        case .i32: return ordered(UInt64(bitPattern: whole(raw, Int64(Int32.min)...Int64(Int32.max))) & mask, place)
        case .i64: return ordered(UInt64(bitPattern: whole(raw, Int64.min / 2...Int64.max / 2)), place)
        default:
            let most = width >= 64 ? Int64.max / 2 : Int64(mask)
            let shift = UInt64(place.bits?.lowerBound ?? 0)
            return ordered(UInt64(whole(raw, 0...most)) << shift & mask, place)
        }
    }

    /// The power of ten in a live scale register, chosen once per unit so that the value fits its register.
    static func livePower(_ point: ProfilePoint, _ place: ModbusPoint) -> Int {
        if place.wordCount > 1 { return 0 }
        switch point.unit {
        case "W", "V.A", "var": return 1
        case "V", "A", "Cel", "%": return -1
        case "Hz", "1": return -2
        default: return 0
        }
    }

    private static func isOn(_ sign: Sign?) -> Bool {
        if case .number(let value) = sign { value != 0 } else { false }
    }

    private static func whole(_ value: Double, _ range: ClosedRange<Int64>) -> Int64 {
        Int64(max(Double(range.lowerBound), min(Double(range.upperBound), value.rounded())))
    }

    private static func ordered(_ bits: UInt64, _ place: ModbusPoint) -> [UInt16] {
        let count = max(1, min(4, place.wordCount))
        let words = (0..<count).map { UInt16(truncatingIfNeeded: bits >> UInt64(16 * (count - 1 - $0))) }
        // Each of the four orders is its own inverse.
        return place.order.normalized(words)
    }

    private static func bcd(_ value: UInt64) -> UInt64 {
        var rest = value
        var bits: UInt64 = 0
        for shift in stride(from: UInt64(0), to: 64, by: 4) where rest > 0 {
            bits |= rest % 10 << shift
            rest /= 10
        }
        return bits
    }

    private static func textWords(_ text: String, count: Int) -> [UInt16] {
        var bytes = Array(text.utf8.prefix(count * 2))
        bytes += [UInt8](repeating: 0, count: count * 2 - bytes.count)
        return (0..<count).map { UInt16(bytes[2 * $0]) << 8 | UInt16(bytes[2 * $0 + 1]) }
    }

    private static func set(
        _ state: inout RegisterBank.State, _ function: ModbusFunction, _ address: UInt16, _ words: [UInt16]
    ) {
        switch function {
        case .holdingRegisters: state.holding.set(address, words)
        case .inputRegisters: state.input.set(address, words)
        case .coils: state.coils.set(address, words)
        case .discreteInputs: state.discreteInputs.set(address, words)
        }
    }

    private static func setBit(_ state: inout RegisterBank.State, _ place: ModbusPoint, isOn: Bool) {
        let bit = place.bits?.lowerBound ?? 0
        let count = max(1, place.wordCount)
        let fromEnd = bit / 16
        let index: UInt16 =
            place.order == .abcd || place.order == .badc
            ? UInt16(clamping: count - 1 - fromEnd) : UInt16(clamping: fromEnd)
        let inWord = place.order == .badc || place.order == .dcba ? (bit % 16 + 8) % 16 : bit % 16
        let address = place.address + index
        let block = place.function == .holdingRegisters ? state.holding : state.input
        let old = block.word(address) ?? 0
        let new = isOn ? old | 1 << UInt16(inWord) : old & ~(1 << UInt16(inWord))
        set(&state, place.function, address, [new])
    }
}
