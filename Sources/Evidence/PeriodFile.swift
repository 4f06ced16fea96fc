import CanonicalCBOR
import Hashing

/// Reads a period file into its parts. Nothing is judged here but the form.
package enum PeriodFile {
    /// Bytes of `02-context.cbor` and of `05-configs.cbor`, which are kept in memory, at most.
    static let treeBytesMax = 64 << 20
    /// Bytes of one entry of `31-openings.cbor` at most.
    static let openingBytesMax = 64 << 20

    /// All of a file's parts in memory. Throws `E_MALFORMED`, `E_NONCANONICAL` or `E_VERSION`.
    package static func parse(_ file: [UInt8]) throws(Stop) -> PeriodParts {
        let period = try PeriodOpener.open(MemorySource(file), workers: .none, progress: .silent)
        var parts = PeriodParts(
            origin: period.origin, fromSeq: period.fromSeq, toSeq: period.toSeq, fromMs: period.fromMs,
            toMs: period.toMs, streams: period.streams, card: period.card[...], context: period.context, leaves: [],
            rangeProof: period.rangeProof, configs: period.configs,
            anchors: period.anchors.indices.map { period.anchor($0) },
            beacons: period.beacons.map { PeriodBeacon(seq: UInt64($0.seq), milestone: file[$0.milestone]) },
            items: [], readme: file[period.readme])
        period.leaves.forEach { _, bytes in parts.leaves.append([UInt8](bytes)[...]) }
        for member in period.items.members { parts.items += try items(file[member]) }
        if let range = period.openings {
            try forEachOpening(period.source, range) { opening throws(Stop) in parts.openings.append(opening) }
        }
        parts.compromises = period.compromises
        return parts
    }
}

/// CBOR inside evidence files: what is not canonical has its own finding, what is cut off or too long is malformed.
enum FileCBOR {
    static func decode(_ bytes: some Collection<UInt8>, _ part: String) throws(Stop) -> CBOR {
        do {
            return try CBOR.decode(Array(bytes))
        } catch {
            switch error {
            case .truncated, .trailing, .tooLarge, .tooDeep: throw Stop(.malformed, part)
            case .notShortest, .unsupported, .notUTF8: throw Stop(.nonCanonical, part)
            }
        }
    }

    static func hashes(_ value: CBOR) -> [Hash]? {
        guard let values = value.asArray else { return nil }
        let hashes = values.compactMap { $0.asBytes.flatMap { Hash(bytes: $0) } }
        return hashes.count == values.count ? hashes : nil
    }
}
