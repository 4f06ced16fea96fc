import CModbus
import Synchronization

/// The registers of one unit of a Modbus server, changed and read as a whole.
package final class RegisterBank: Sendable {
    /// One contiguous block of registers. Requests beyond it are answered with exception 2.
    package struct Block: Sendable {
        package let first: UInt16
        package var words: [UInt16]

        /// - Parameter words: at most as many as fit below address 65 536.
        package init(first: UInt16, words: [UInt16]) {
            self.first = first
            self.words = Array(words.prefix(65_536 - Int(first)))
        }

        package init(_ range: ClosedRange<UInt16>) {
            self.init(first: range.lowerBound, words: [UInt16](repeating: 0, count: range.count))
        }

        /// Writes registers; those outside the block are left out.
        package mutating func set(_ address: UInt16, _ new: [UInt16]) {
            for (offset, word) in new.enumerated() {
                let index = Int(address) - Int(first) + offset
                if words.indices.contains(index) { words[index] = word }
            }
        }

        package func word(_ address: UInt16) -> UInt16? {
            let index = Int(address) - Int(first)
            return words.indices.contains(index) ? words[index] : nil
        }
    }

    package struct State: Sendable {
        package var holding: Block
        package var input: Block
        /// 0 or 1 each.
        package var coils: Block
        package var discreteInputs: Block
        /// How the unit answers at all.
        package var manner = Manner.answers
        /// Registers that are refused with exception 2, by address, whatever function asks.
        package var holes: [ClosedRange<UInt16>] = []
        /// Requests for more registers are refused with exception 3.
        package var registerCountMax = 125
        /// What function 43 tells, by object id; exception 1 where there is nothing.
        package var identification: [UInt8: String] = [:]
        /// Requests that reached the unit, also those it does not answer.
        package var requestCount = 0
    }

    package enum Manner: Hashable, Sendable {
        case answers
        /// Says nothing, like a device without power behind a gateway.
        case silent
        /// Refuses everything with this exception code, 1 … 11.
        case refuses(UInt8)
    }

    private let state: Mutex<State>

    package init(
        holding: ClosedRange<UInt16>? = nil, input: ClosedRange<UInt16>? = nil, coils: ClosedRange<UInt16>? = nil
    ) {
        func block(_ range: ClosedRange<UInt16>?) -> Block { range.map { Block($0) } ?? Block(first: 0, words: []) }
        state = Mutex(
            State(holding: block(holding), input: block(input), coils: block(coils), discreteInputs: block(nil)))
    }

    /// Changes registers so that no request sees half of it.
    package func update(_ change: @Sendable (inout State) -> Void) { state.withLock { change(&$0) } }

    package var current: State { state.withLock { $0 } }

    /// Answers one request on the connection that `context` stands for.
    ///
    /// - Parameters:
    ///   - request: a buffer of the protocol's largest size.
    ///   - sizeBytes: how much of it came.
    /// - Returns: false when the connection is to be closed.
    func reply(_ context: OpaquePointer, _ request: [UInt8], sizeBytes: Int32) -> Bool {
        state.withLock { state in
            state.requestCount += 1
            switch state.manner {
            case .silent: return true
            case .refuses(let code): return modbus_reply_exception(context, request, UInt32(min(max(code, 1), 11))) >= 0
            case .answers:
                if let code = Self.refusal(of: request, state) {
                    return modbus_reply_exception(context, request, UInt32(code)) >= 0
                }
                return Self.answer(context, request, sizeBytes, &state)
            }
        }
    }

    /// The exception for a read of registers that the unit's holes and its bound forbid.
    private static func refusal(of request: [UInt8], _ state: State) -> UInt8? {
        guard request[7] == 3 || request[7] == 4 else { return nil }
        let first = Int(request[8]) << 8 | Int(request[9])
        let count = Int(request[10]) << 8 | Int(request[11])
        if count > state.registerCountMax { return 3 }
        let isRefused = state.holes.contains { Int($0.lowerBound) < first + count && Int($0.upperBound) >= first }
        return isRefused ? 2 : nil
    }

    /// The whole answer to function 43, type 14 (MODBUS Application Protocol V1.1b3, section 6.21); `nil` where there is none.
    ///
    /// - Parameter sizeBytes: of the request.
    func identification(_ request: [UInt8], sizeBytes: Int) -> [UInt8]? {
        let known = state.withLock { $0.manner == .answers ? $0.identification : [:] }
        guard sizeBytes >= 11, request[8] == DeviceIdentification.type, (1...3).contains(request[9]), !known.isEmpty
        else { return nil }
        let last: UInt8 = request[9] == 1 ? 2 : request[9] == 2 ? 0x7F : 0xFF
        let ids = known.keys.filter { $0 >= request[10] && $0 <= last }.sorted()
        var objects: [UInt8] = []
        var count: UInt8 = 0
        var next: UInt8?
        for id in ids {
            let text = Array((known[id] ?? "").utf8.prefix(200))
            if objects.count + text.count + 2 > Frame.pduSizeMax - 7 {
                next = id
                break
            }
            objects += [id, UInt8(text.count)] + text
            count += 1
        }
        let pdu = [DeviceIdentification.function, DeviceIdentification.type, request[9], 0x02]
        let body = pdu + [next == nil ? 0 : 0xFF, next ?? 0, count] + objects
        return Array(request[0..<4]) + [0, UInt8(body.count + 1), request[6]] + body
    }

    private static func answer(_ context: OpaquePointer, _ request: [UInt8], _ sizeBytes: Int32, _ state: inout State)
        -> Bool
    {
        var coils = state.coils.words.map { UInt8($0 == 0 ? 0 : 1) }
        var inputs = state.discreteInputs.words.map { UInt8($0 == 0 ? 0 : 1) }
        let first = (state.coils.first, state.discreteInputs.first, state.holding.first, state.input.first)
        let sent = coils.withUnsafeMutableBufferPointer { coils in
            inputs.withUnsafeMutableBufferPointer { inputs in
                state.holding.words.withUnsafeMutableBufferPointer { holding in
                    state.input.words.withUnsafeMutableBufferPointer { input in
                        var map = modbus_mapping_t()
                        (map.nb_bits, map.start_bits, map.tab_bits) = (
                            Int32(coils.count), Int32(first.0), coils.baseAddress
                        )
                        (map.nb_input_bits, map.start_input_bits, map.tab_input_bits) = (
                            Int32(inputs.count), Int32(first.1), inputs.baseAddress
                        )
                        (map.nb_registers, map.start_registers, map.tab_registers) = (
                            Int32(holding.count), Int32(first.2), holding.baseAddress
                        )
                        (map.nb_input_registers, map.start_input_registers, map.tab_input_registers) = (
                            Int32(input.count), Int32(first.3), input.baseAddress
                        )
                        return modbus_reply(context, request, sizeBytes, &map)
                    }
                }
            }
        }
        for (index, bit) in coils.enumerated() { state.coils.words[index] = UInt16(bit) }
        return sent >= 0
    }
}
