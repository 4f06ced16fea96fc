import CanonicalCBOR
package import Hashing

/// `00-manifest.cbor`: what a period file is about, and all its other members in their order.
///
/// It asks for no member's bytes, so that a file can be written whose members lie on a disk.
package struct PeriodManifest: Sendable {
    package static let memberName = "00-manifest.cbor"

    package struct Line: Sendable {
        package var name: String
        package var sizeBytes: UInt64
        /// SHA-256 of the content.
        package var digest: Hash

        package init(name: String, sizeBytes: UInt64, digest: Hash) {
            self.name = name
            self.sizeBytes = sizeBytes
            self.digest = digest
        }
    }

    package var origin: String
    package var fromSeq: UInt64
    package var toSeq: UInt64
    /// What was asked for, UTC milliseconds: from ≤ t < to.
    package var fromMs: Int64
    package var toMs: Int64
    package var streams: [UInt32]
    /// Ascending by the bytes of the name.
    package var lines: [Line]

    /// The manifest of these parts, whose members are `lines`.
    package init(_ parts: PeriodParts, lines: [Line]) {
        origin = parts.origin
        fromSeq = parts.fromSeq
        toSeq = parts.toSeq
        fromMs = parts.fromMs
        toMs = parts.toMs
        streams = parts.streams
        self.lines = lines
    }

    package func encoded() -> [UInt8] {
        var bytes: [UInt8] = []
        CBOR.append(arrayOf: 9, to: &bytes)
        CBOR.append(unsigned: 1, to: &bytes)
        CBOR.append(text: "period", to: &bytes)
        CBOR.append(text: origin, to: &bytes)
        CBOR.append(unsigned: fromSeq, to: &bytes)
        CBOR.append(unsigned: toSeq, to: &bytes)
        CBOR.append(int: fromMs, to: &bytes)
        CBOR.append(int: toMs, to: &bytes)
        CBOR.append(arrayOf: streams.count, to: &bytes)
        for stream in streams { CBOR.append(unsigned: UInt64(stream), to: &bytes) }
        CBOR.append(arrayOf: lines.count, to: &bytes)
        for line in lines {
            CBOR.append(arrayOf: 3, to: &bytes)
            CBOR.append(text: line.name, to: &bytes)
            CBOR.append(unsigned: line.sizeBytes, to: &bytes)
            CBOR.append(bytes: line.digest.bytes, to: &bytes)
        }
        return bytes
    }
}
