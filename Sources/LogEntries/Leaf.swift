package import Hashing

/// One leaf of the log: `[1, type, wall_ms, boot, mono_ms, …body]` (formats.md section 2).
package struct Leaf: Hashable, Sendable {
    package static let version: UInt64 = 1
    package static let sizeBytesMax = 65_535

    /// Milliseconds since 1970-01-01T00:00:00Z by the gateway's clock when the leaf was made.
    package let wallMs: UInt64
    /// Boots of the gateway, from 1.
    package let bootNumber: UInt64
    /// Milliseconds since that boot by a clock that only rises.
    package let monoMs: UInt64
    package let body: Body

    package init(wallMs: UInt64, bootNumber: UInt64, monoMs: UInt64, body: Body) {
        self.wallMs = wallMs
        self.bootNumber = bootNumber
        self.monoMs = monoMs
        self.body = body
    }

    package enum Body: Hashable, Sendable {
        case genesis(Genesis)
        case interval(Interval)
        case event(Event)
        case command(Command)
        case config(Config)
        case access(Access)
        case snapshot(Snapshot)
        case beacon(Beacon)
        case boot(Boot)
        case key(Key)
        case erasure(Erasure)
        case gap(Gap)
        /// Origin of the log that follows, if one does.
        case end(nextOrigin: String?)

        /// 0 … 12.
        package var type: UInt64 {
            switch self {
            case .genesis: 0
            case .interval: 1
            case .event: 2
            case .command: 3
            case .config: 4
            case .access: 5
            case .snapshot: 6
            case .beacon: 7
            case .boot: 8
            case .key: 9
            case .erasure: 10
            case .gap: 11
            case .end: 12
            }
        }
    }

    /// RFC 6962 hash of the leaf's bytes.
    package var hash: Hash { sha256Leaf(encoded()) }
}

/// Sixteen bytes: a salt, or a pseudonym of who did something (zeros are the system itself).
package struct Bytes16: Hashable, Sendable, CustomStringConvertible {
    package let bytes: [UInt8]

    package static let zero = Bytes16(unchecked: Array(repeating: 0, count: 16))

    package init?(_ bytes: some Collection<UInt8>) {
        guard bytes.count == 16 else { return nil }
        self.init(unchecked: Array(bytes))
    }

    private init(unchecked bytes: [UInt8]) { self.bytes = bytes }

    package var description: String { hexText(bytes) }
}
