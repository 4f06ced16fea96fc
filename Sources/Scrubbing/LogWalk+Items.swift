internal import Hashing
internal import LedgerStore
internal import LogEntries
internal import MerkleLog
internal import Readings

/// Items of intervals, by stream and interval.
typealias ItemRows = [ItemPlace: StoredItem]

struct ItemPlace: Hashable {
    let stream: StreamNumber
    let k: UInt64

    var name: String { "item \(stream)/\(k)" }
}

extension LogWalk {
    /// The items of all intervals among these leaves, a stream at a time: they lie together on disk.
    func items(of rows: [UInt64: LeafRow]) async throws -> ItemRows {
        var ranges: [StreamNumber: (from: UInt64, to: UInt64)] = [:]
        for row in rows.values where row.leaf.type == 1 {
            // What cannot be read is named when its leaf is reached.
            guard case .interval(let interval)? = (try? Leaf.decode(row.leaf.bytes))?.body,
                let config = try await peek(interval.configHash)
            else { continue }
            for stream in config.all {
                let known = ranges[stream] ?? (interval.k, interval.k)
                ranges[stream] = (min(known.from, interval.k), max(known.to, interval.k))
            }
        }
        var found: ItemRows = [:]
        for (stream, range) in ranges where range.to - range.from < UInt64(rows.count) * 4 {
            // A page that cannot be read is met again, row by row, at each interval.
            guard let items = try? await reader.items(stream: stream, k: range.from...range.to, limit: rows.count * 5)
            else { continue }
            for item in items { found[ItemPlace(stream: stream, k: item.k)] = item.item }
        }
        return found
    }

    private func peek(_ hash: Hash) async throws -> ConfiguredStreams? {
        if let known = streams[hash] { return known }
        // Judged at its own leaf.
        return (try? await reader.config(hash)).flatMap { $0.flatMap { ConfiguredStreams($0) } }
    }

    mutating func checkInterval(_ interval: Leaf.Interval, at index: UInt64, _ ahead: ItemRows) async throws {
        let name = "leaf \(index)"
        cover(interval.k...interval.k, name)
        if interval.periodMs != reader.identity.periodMs { found.add(.leaf, name, "has another period than the log") }
        if let config = place.config, config != interval.configHash {
            found.add(.leaf, name, "names another configuration than the leaf before it")
        }
        guard let config = try await configuredStreams(interval.configHash) else { return }
        if UInt64(config.all.count) != interval.itemCount {
            found.add(.leaf, name, "counts \(interval.itemCount) items, its configuration has \(config.all.count)")
        }
        var hashes: [Hash] = []
        var readings: UInt64? = 0
        let faultsBefore = found.count
        for stream in config.all {
            let place = ItemPlace(stream: stream, k: interval.k)
            let item: StoredItem?
            if let known = ahead[place] {
                item = known
            } else {
                item = try await read(.item, place.name) { try $0.item(stream: stream, k: place.k) } ?? nil
            }
            guard let item else {
                found.add(.item, place.name, "is missing")
                readings = nil
                continue
            }
            hashes.append(item.hash)
            counts.items += 1
            guard let count = try await check(item, place, interval, config, leaf: index) else {
                readings = nil
                continue
            }
            if config.open.contains(stream) { readings? += count }
        }
        guard found.count == faultsBefore else { return }
        if MerkleTree.root(of: hashes) != interval.innerRoot {
            // Every item matches its own column, so one of the columns was changed with its bytes.
            found.add(.item, "items of interval \(interval.k)", "do not give the root that leaf \(index) holds")
        } else if let readings, readings != interval.readingCount {
            found.add(.leaf, name, "counts \(interval.readingCount) readings of the plant, its items hold \(readings)")
        }
    }

    /// Number of readings; `nil` where the item cannot say.
    private mutating func check(
        _ item: StoredItem, _ place: ItemPlace, _ interval: Leaf.Interval, _ config: ConfiguredStreams, leaf: UInt64
    ) async throws -> UInt64? {
        guard let bytes = item.bytes else {
            counts.erasedItems += 1
            if try await !isErased(place, leaf: leaf) {
                found.add(
                    .item, place.name,
                    "its \(item.isKeyGone ? "key is" : "bytes are") gone, and no leaf declares that they were erased")
            }
            return nil
        }
        guard leafHash(bytes) == item.hash else {
            found.add(.item, place.name, "its bytes do not match its hash")
            return nil
        }
        // Not an item: named next.
        guard let read = try? IntervalItem.decode(bytes), read.stream == place.stream, read.k == place.k else {
            found.add(.item, place.name, "holds another stream or interval")
            return nil
        }
        let problems = Payload.problems(read.payload, periodMs: interval.periodMs) { config.kinds[$0] }
        if let problem = problems.first { found.add(.item, place.name, "breaks the rules of a payload: \(problem)") }
        return (try? Payload.decode(read.payload)).map { UInt64($0.count) }  // a problem, told already
    }

    /// Whether a leaf behind the interval's declares the erasure. The log is asked again before the answer is no.
    private mutating func isErased(_ item: ItemPlace, leaf: UInt64) async throws -> Bool {
        func isDeclared() -> Bool {
            erasures.contains {
                $0.leaf > leaf && $0.erasure.stream == item.stream
                    && $0.erasure.kFrom <= item.k && item.k <= $0.erasure.kTo
            }
        }
        if isDeclared() { return true }
        let known = erasures.last.map { $0.leaf + 1 } ?? 0
        let more = try await read(.file, "the index of leaves by type") { reader in
            try reader.leaves(type: 10, in: known..<UInt64(Int64.max), limit: Int(Int32.max))
        }
        for stored in more ?? [] {
            // A leaf that cannot be read declares nothing.
            guard case .erasure(let erasure)? = (try? Leaf.decode(stored.bytes))?.body else { continue }
            erasures.append((stored.index, erasure))
        }
        return isDeclared()
    }

    /// Interval numbers rise one by one.
    mutating func cover(_ range: ClosedRange<UInt64>, _ name: String) {
        if let covered = place.coveredK, covered &+ 1 != range.lowerBound {
            found.add(.leaf, name, "begins with interval \(range.lowerBound) after \(covered)")
        }
        place.coveredK = range.upperBound
    }

    /// Streams of a configuration, in order; judged as a whole where it is first met.
    mutating func configuredStreams(_ hash: Hash) async throws -> ConfiguredStreams? {
        if let known = streams[hash] { return known }
        let config = try await checkConfiguration(hash)
        streams[hash] = .some(config)
        return config
    }
}

extension LogWalk.ConfiguredStreams {
    /// `nil` when a row cannot be read.
    init?(_ config: StoredConfig) {
        var open: Set<StreamNumber> = []
        var kinds: [PointNumber: ValueKind] = [:]
        for row in config.items.dropFirst() {
            // The caller names the configuration.
            guard let bytes = row.item.bytes, let stream = try? ConfigStream.decode(bytes) else { return nil }
            if stream.privacyClass == PrivacyClass.none { open.insert(stream.stream) }
            for point in stream.rows { kinds[point.point] = point.kind }
        }
        self.init(all: config.items.dropFirst().map { StreamNumber($0.stream) }, open: open, kinds: kinds)
    }
}
