import CanonicalCBOR
import Hashing

/// `00-manifest.cbor`: `[1, "period", origin, seq_A, seq_B, from, to, [stream, …], [[name, size, sha256], …]]`.
struct Manifest {
    static let sizeBytesMax = CBOR.sizeBytesMax
    static let streamsMax = 1 << 16
    static let originBytesMax = 1_024

    let origin: String
    let fromSeq: UInt64
    let toSeq: UInt64
    let fromMs: Int64
    let toMs: Int64
    let streams: [UInt32]
    /// Stands before the first line.
    private let lines: CBORReader

    /// Reads all but the lines, and sees that the whole is in its one form.
    init(_ source: some ByteSource, _ range: Range<Int>, memberCount: Int) throws(Stop) {
        let part = "the manifest"
        let malformed = Stop(.malformed, part)
        guard range.count <= Self.sizeBytesMax else { throw malformed }
        let whole = CBORReader(window: ByteWindow(source, range), part: part)
        try whole.pass()
        guard whole.window.remaining == 0 else { throw malformed }
        let reader = CBORReader(window: ByteWindow(source, range), part: part)
        guard case .array(let count) = try reader.head(), count > 0, case .unsigned(let version) = try reader.head()
        else { throw malformed }
        guard version == 1 else { throw Stop(.version, "the manifest's version is \(version)") }
        guard count == 9, try reader.text().utf8.elementsEqual("period".utf8) else { throw malformed }
        origin = try reader.text()
        guard origin.utf8.count <= Self.originBytesMax, case .unsigned(let first) = try reader.head(),
            case .unsigned(let last) = try reader.head(), first <= last
        else { throw malformed }
        fromSeq = first
        toSeq = last
        fromMs = try Self.instant(reader)
        toMs = try Self.instant(reader)
        guard case .array(let streamCount) = try reader.head(), streamCount <= UInt64(Self.streamsMax) else {
            throw malformed
        }
        var streams: [UInt32] = []
        for _ in 0..<streamCount {
            guard case .unsigned(let number) = try reader.head(), let stream = UInt32(exactly: number) else {
                throw Stop(.malformed, "the manifest's streams")
            }
            streams.append(stream)
        }
        self.streams = streams
        guard case .array(let lineCount) = try reader.head(), lineCount == UInt64(memberCount) else { throw malformed }
        lines = reader
    }

    private static func instant(_ reader: CBORReader) throws(Stop) -> Int64 {
        switch try reader.head() {
        case .unsigned(let value):
            guard let value = Int64(exactly: value) else { throw Stop(.malformed, reader.part) }
            return value
        case .negative(let value): return value
        default: throw Stop(.malformed, reader.part)
        }
    }

    /// The digest that the next line states for this member.
    func digest(of member: Member) throws(Stop) -> Hash {
        guard case .array(3) = try lines.head(), try lines.text().utf8.elementsEqual(member.name.utf8),
            try lines.head() == .unsigned(UInt64(member.sizeBytes)), case .bytes(32) = try lines.head(),
            let digest = Hash(bytes: try lines.content(32))
        else { throw Stop(.malformed, "\(member.name) is not as the manifest states") }
        return digest
    }
}
