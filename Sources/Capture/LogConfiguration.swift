package import Hashing
package import LedgerStore
package import LogEntries
internal import MerkleLog
package import Readings
package import TwinModel

/// The configuration that is in force: which streams every interval has, in which order, and which points stand in
/// them.
package struct LogConfiguration: Hashable, Sendable {
    package let configuration: Configuration
    package let hash: Hash
    /// Stream of each point.
    package let streamOf: [PointNumber: StreamNumber]
    /// Streams of privacy class `none`; only their readings are counted in the open.
    package let publicStreams: Set<StreamNumber>

    /// Streams of every other class; their items are stored encrypted.
    package var privateStreams: Set<StreamNumber> { Set(streams).subtracting(publicStreams) }
    package var streams: [StreamNumber] { configuration.streams.map(\.stream) }

    package init(_ configuration: Configuration) {
        self.configuration = configuration
        hash = configuration.hash
        var streamOf: [PointNumber: StreamNumber] = [:]
        for stream in configuration.streams {
            for row in stream.rows { streamOf[row.point] = stream.stream }
        }
        self.streamOf = streamOf
        publicStreams = Set(configuration.streams.filter { $0.privacyClass == PrivacyClass.none }.map(\.stream))
    }

    /// The configuration of a building, streams in order of number. Every stream item gets a fresh salt.
    package init(
        building: Building, numbering: Numbering, revision: UInt64, periodMs: UInt64, random: RandomBytes
    ) throws {
        let streams: [ConfigStream] = try building.streams.map { stream in
            guard let number = numbering.streams[stream.name] else {
                throw CaptureError.unreadable(what: "the number of stream \(stream.name)")
            }
            let rows = try stream.points.compactMap(building.point).map { point in
                try ConfigRow(point, numbering: numbering)
            }
            return ConfigStream(
                stream: number, salt: try Bytes16.random(random), privacyClass: stream.privacy,
                rows: rows.sorted { $0.point < $1.point })
        }
        guard !streams.isEmpty else { throw CaptureError.nothingConfigured }
        let head = ConfigHead(
            buildingID: building.id, timeZone: building.timeZone, periodMs: periodMs, modelRevision: revision,
            modelHash: building.modelHash)
        self.init(Configuration(head: head, streams: streams.sorted { $0.stream < $1.stream }))
    }

    /// Reads a stored configuration back.
    package init(_ stored: StoredConfig) throws {
        let bytes = stored.items.compactMap(\.item.bytes)
        guard bytes.count == stored.items.count, let first = bytes.first else {
            throw CaptureError.unreadable(what: "configuration \(stored.hash.hex)")
        }
        do {
            let configuration = Configuration(
                head: try ConfigHead.decode(first), streams: try bytes.dropFirst().map { try ConfigStream.decode($0) })
            self.init(configuration)
        } catch {
            throw CaptureError.unreadable(what: "configuration \(stored.hash.hex)")
        }
        guard hash == stored.hash else { throw CaptureError.unreadable(what: "configuration \(stored.hash.hex)") }
    }

    /// Whether both say the same apart from salts.
    package func saysTheSame(as other: LogConfiguration) -> Bool {
        func plain(_ stream: ConfigStream) -> ConfigStream {
            ConfigStream(stream: stream.stream, salt: .zero, className: stream.className, rows: stream.rows)
        }
        return configuration.head == other.configuration.head
            && configuration.streams.map(plain) == other.configuration.streams.map(plain)
    }

    /// Points that are gone in `later` or mean something else there: another stream, class, unit, scale, device or profile.
    func points(otherwiseIn later: LogConfiguration) -> Set<PointNumber> {
        func rows(_ streams: [ConfigStream]) -> [PointNumber: (stream: ConfigStream, row: ConfigRow)] {
            var rows: [PointNumber: (stream: ConfigStream, row: ConfigRow)] = [:]
            for stream in streams { for row in stream.rows { rows[row.point] = (stream, row) } }
            return rows
        }
        let after = rows(later.configuration.streams)
        return Set(
            rows(configuration.streams).filter { point, before in
                guard let now = after[point] else { return true }
                return now.row != before.row || now.stream.stream != before.stream.stream
                    || now.stream.className != before.stream.className
            }.keys)
    }

    /// What the ledger keeps of it.
    package var change: ConfigChange {
        let head = configuration.head.encoded()
        let items =
            [ConfigItemRow(stream: 0, item: StoredItem(hash: leafHash(head), bytes: head))]
            + configuration.streams.map { stream in
                let bytes = stream.encoded()
                return ConfigItemRow(
                    stream: stream.stream.rawValue, item: StoredItem(hash: leafHash(bytes), bytes: bytes))
            }
        return ConfigChange(
            hash: hash, modelRevision: configuration.head.modelRevision, items: items,
            places: streamOf.map { PointPlace(point: $0.key, stream: $0.value) }.sorted { $0.point < $1.point })
    }
}

extension ConfigRow {
    fileprivate init(_ point: Point, numbering: Numbering) throws {
        guard let number = numbering.points[point.id], let profileHash = Hash(bytes: point.binding.profileHash) else {
            throw CaptureError.unreadable(what: "the number or profile of point \(point.id)")
        }
        self.init(
            point: number, id: point.id, unit: point.unit ?? "", kind: point.kind, scale: point.scale,
            nature: point.nature.rawValue, deviceID: point.binding.device, profileID: point.binding.profile,
            profileHash: profileHash)
    }
}

extension Bytes16 {
    static func random(_ random: RandomBytes) throws -> Bytes16 {
        guard let bytes = Bytes16(random(16)) else { throw CaptureError.unreadable(what: "the source of randomness") }
        return bytes
    }
}
