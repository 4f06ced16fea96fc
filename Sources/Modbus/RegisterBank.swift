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
            switch state.manner {
            case .silent: return true
            case .refuses(let code): return modbus_reply_exception(context, request, UInt32(min(max(code, 1), 11))) >= 0
            case .answers: return Self.answer(context, request, sizeBytes, &state)
            }
        }
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
