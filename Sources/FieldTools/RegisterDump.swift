package import Profiles
package import Readings

/// What a device answered, register by register, and what it refused: enough to read it again without the device.
package struct RegisterDump: Hashable, Sendable {
    /// Registers in one dump, at most: every address of all four functions.
    package static let wordCountMax = 4 * 65_536

    /// Where it stood: `tcp://192.0.2.7:502`.
    package let device: String
    package let unit: UInt8
    /// Id of the profile it was recorded for; empty when there was none.
    package let profile: String
    /// Milliseconds since 1970, when the recording began.
    package let recordedAtMs: Int64
    package let identification: [DeviceObject]
    /// By function and address, none touching the next.
    package let runs: [Run]
    package let refused: [Refusal]
    /// By id.
    package let expect: [Expectation]

    /// Registers in a row.
    package struct Run: Hashable, Sendable {
        package let function: ModbusFunction
        package let address: UInt16
        package let words: [UInt16]

        package init(function: ModbusFunction, address: UInt16, words: [UInt16]) {
            self.function = function
            self.address = address
            self.words = words
        }

        package var last: Int { Int(address) + words.count - 1 }
    }

    /// Registers that the device did not give.
    package struct Refusal: Hashable, Sendable {
        package let function: ModbusFunction
        package let first: UInt16
        package let last: UInt16
        /// The exception's code; 0 when there was no answer.
        package let code: UInt8

        package init(function: ModbusFunction, first: UInt16, last: UInt16, code: UInt8) {
            self.function = function
            self.first = first
            self.last = last
            self.code = code
        }
    }

    /// What a point is worth in this dump.
    package struct Expectation: Hashable, Sendable {
        package let point: String
        /// As `DecodedPoint.value`; `nil` when there is none.
        package let value: String?
        package let quality: Quality

        package init(point: String, value: String?, quality: Quality) {
            self.point = point
            self.value = value
            self.quality = quality
        }
    }

    /// - Parameter runs: any order; runs that touch or overlap become one, of equal addresses the later is kept.
    package init(
        device: String, unit: UInt8, profile: String, recordedAtMs: Int64, identification: [DeviceObject] = [],
        runs: [Run], refused: [Refusal] = [], expect: [Expectation] = []
    ) {
        self.device = device
        self.unit = unit
        self.profile = profile
        self.recordedAtMs = recordedAtMs
        self.identification = identification.sorted { $0.id < $1.id }
        self.runs = Self.joined(runs)
        self.refused = refused.sorted {
            ($0.function.rawValue, $0.first, $0.last) < ($1.function.rawValue, $1.first, $1.last)
        }
        self.expect = expect.sorted { $0.point < $1.point }
    }

    package func expecting(_ expect: [Expectation]) -> RegisterDump {
        RegisterDump(
            device: device, unit: unit, profile: profile, recordedAtMs: recordedAtMs, identification: identification,
            runs: runs, refused: refused, expect: expect)
    }

    /// Registers in a row; `nil` when one of them is not in the dump.
    package func words(_ function: ModbusFunction, _ address: UInt16, count: Int) -> [UInt16]? {
        let last = Int(address) + count - 1
        guard count > 0,
            let run = runs.first(where: { $0.function == function && $0.address <= address && last <= $0.last })
        else { return nil }
        let start = Int(address) - Int(run.address)
        return Array(run.words[start..<start + count])
    }

    private static func joined(_ runs: [Run]) -> [Run] {
        var joined: [Run] = []
        for function in ModbusFunction.allCases {
            var words: [Int: UInt16] = [:]
            for run in runs where run.function == function {
                for (offset, word) in run.words.enumerated() where Int(run.address) + offset <= 65_535 {
                    words[Int(run.address) + offset] = word
                }
            }
            var row: [UInt16] = []
            var start = 0
            for address in words.keys.sorted() {
                if !row.isEmpty, address != start + row.count {
                    joined.append(Run(function: function, address: UInt16(clamping: start), words: row))
                    row = []
                }
                if row.isEmpty { start = address }
                row.append(words[address] ?? 0)
            }
            if !row.isEmpty { joined.append(Run(function: function, address: UInt16(clamping: start), words: row)) }
        }
        return joined
    }
}
