internal import CanonicalCBOR
internal import Evidence
internal import Hashing
internal import LedgerStore
internal import LogEntries
internal import MerkleLog
internal import Readings
internal import TwinModel

/// What hangs on a leaf, by its type.
extension LogWalk {
    mutating func checkBody(_ leaf: Leaf, at index: UInt64, _ row: LeafRow, _ items: ItemRows) async throws {
        switch leaf.body {
        case .genesis(let genesis): checkGenesis(genesis, at: index, row.leaf.hash)
        case .interval(let interval): try await checkInterval(interval, at: index, items)
        case .event: try await checkOpening(leaf, at: index)
        case .command: try await checkCommand(leaf, at: index)
        case .config(let config):
            if let old = place.config, config.oldHash != old {
                found.add(.leaf, "leaf \(index)", "names another configuration before it than the log has")
            }
            place.config = config.newHash
            _ = try await configuredStreams(config.newHash)
        case .access: try await checkOpening(leaf, at: index)
        case .snapshot(let snapshot): try await checkSnapshot(snapshot, leaf, at: index)
        case .beacon(let beacon): try await checkBeacon(beacon, at: index)
        case .gap(let gap):
            if gap.kFrom <= gap.kTo { cover(gap.kFrom...gap.kTo, "leaf \(index)") }
        case .boot, .key, .erasure, .end: break
        }
        if leaf.bootNumber > 0, case .boot = leaf.body {
            let number = leaf.bootNumber
            let boot = try await read(.boot, "boot \(number)") { try $0.boot(number) } ?? nil
            if boot == nil { found.add(.boot, "boot \(number)", "is missing, though leaf \(index) begins it") }
        }
    }

    private mutating func checkGenesis(_ genesis: Leaf.Genesis, at index: UInt64, _ hash: Hash) {
        guard index == 0 else {
            found.add(.leaf, "leaf \(index)", "is a second beginning")
            return
        }
        let identity = reader.identity
        let isOurs =
            genesis.origin == identity.origin && genesis.logKey == identity.logKey
            && genesis.recoveryHash == identity.recoveryKeyHash && genesis.networkName == identity.network
            && genesis.tag == anchorTag(origin: identity.origin)
        if !isOurs { found.add(.identity, "identity", "is not that of leaf 0") }
        guard let card = measures.card else { return }
        if card.origin != genesis.origin || card.logKey != genesis.logKey || card.genesis != hash {
            found.add(.identity, "card", "is not the card of this log")
        }
    }

    /// The tree that a boot leaf states is the one before it.
    mutating func check(_ boot: Leaf.Boot, at index: UInt64) async throws {
        if boot.reason == Leaf.Boot.first {
            if boot.lastSize != 0 || boot.lastRoot != MerkleTree.emptyRoot {
                found.add(.leaf, "leaf \(index)", "is a first start with a log before it")
            }
            return
        }
        guard let nodes, nodes.size == index else { return }
        if boot.lastSize != index || !nodes.leads(to: boot.lastRoot) {
            found.add(.leaf, "leaf \(index)", "states another log before it than there is")
        }
    }

    /// What the leaf commits to, whole and under its hash.
    @discardableResult
    mutating func checkOpening(_ leaf: Leaf, at index: UInt64) async throws -> [[UInt8]]? {
        guard let stored = try await read(.opening, "opening of leaf \(index)", { try $0.openings(leaf: index) })
        else { return nil }
        counts.openings += 1
        let name = "opening of leaf \(index)"
        return check(stored, of: leaf, .opening, names: stored.indices.map { _ in name }, whole: name)
    }

    /// Items of an inner tree or a commitment; `nil` when something is wrong with them.
    private mutating func check(
        _ stored: [StoredItem], of leaf: Leaf, _ kind: Damage.Kind, names: [String], whole: String
    ) -> [[UInt8]]? {
        let faultsBefore = found.count
        var all: [[UInt8]] = []
        for (item, name) in zip(stored, names) {
            guard let bytes = item.bytes else {
                found.add(kind, name, "its bytes are gone")
                continue
            }
            if leafHash(bytes) != item.hash { found.add(kind, name, "its bytes do not match its hash") }
            all.append(bytes)
        }
        guard found.count == faultsBefore else { return nil }
        let findings = Opening.judge(leaf, all)
        guard let finding = findings.first else { return all }
        let why =
            switch finding {
            case .itemCount: "there are more or fewer than the leaf counts"
            case .itemHash: "the leaf holds another hash"
            default: "it cannot be read"
            }
        found.add(kind, whole, why)
        return nil
    }

    /// A command's row finds its leaves and repeats what they say.
    private mutating func checkCommand(_ leaf: Leaf, at index: UInt64) async throws {
        guard case .command(let command) = leaf.body, let opened = try await checkOpening(leaf, at: index)?.first,
            // Judged above.
            let commitment = try? Commitment.decode(opened),
            let payload = try? CommandPayload.decode(commitment.payload)
        else { return }
        let intent = payload.phase == .intent ? index : payload.intent ?? index
        let name = "command \(intent)"
        let row = try await read(.command, name) { try $0.command(intent: intent) } ?? nil
        guard let row else {
            found.add(.command, name, "has no row")
            return
        }
        var isRight = row.actor == command.actor.bytes && row.stream == command.stream && row.point == payload.point
        switch payload.phase {
        case .intent: isRight = isRight && row.value == payload.value.encoded() && row.reason == payload.reason
        case .outcome:
            isRight =
                isRight && row.end?.outcome == index && row.end?.result == payload.resultCode
                && row.end?.detail == payload.reason
                && (row.end?.readBack == (payload.value.isNull ? nil : payload.value.encoded()))
        }
        if !isRight { found.add(.command, name, "its row says something else than its leaves") }
    }

    private mutating func checkSnapshot(_ snapshot: Leaf.Snapshot, _ leaf: Leaf, at index: UInt64) async throws {
        let name = "snapshot \(snapshot.number)"
        let stored = try await read(.snapshot, name) { try $0.snapshot(snapshot.number) } ?? nil
        guard let stored else {
            found.add(.snapshot, name, "is missing")
            return
        }
        counts.snapshots += 1
        if stored.leafIndex != index || stored.modelRevision != snapshot.modelRevision || stored.wallMs != leaf.wallMs {
            found.add(.snapshot, name, "its row says something else than leaf \(index)")
        }
        let names = stored.items.map { "\(name), entity \($0.entity)" }
        guard let items = check(stored.items.map(\.item), of: leaf, .snapshot, names: names, whole: name) else {
            return
        }
        for (row, bytes) in zip(stored.items, items) {
            // Judged above.
            guard let item = try? SnapshotItem.decode(bytes), item.entityID != row.entity else { continue }
            found.add(.snapshot, "\(name), entity \(row.entity)", "its column names another entity")
        }
    }

    /// A configuration against its hash, and the rows that repeat it; its streams when it can be read.
    mutating func checkConfiguration(_ hash: Hash) async throws -> ConfiguredStreams? {
        let name = "configuration \(hash.hex.prefix(16))"
        let stored = try await read(.configuration, name) { try $0.config(hash) } ?? nil
        guard let stored, !stored.items.isEmpty else {
            found.add(.configuration, name, "is missing")
            return nil
        }
        counts.configurations += 1
        var isWhole = true
        for (position, row) in stored.items.enumerated() {
            let isRight = row.item.bytes.map { leafHash($0) == row.item.hash } ?? false
            if !isRight {
                found.add(.configuration, "\(name), item \(position)", "its bytes do not match its hash")
                isWhole = false
            }
        }
        guard isWhole else { return ConfiguredStreams(stored) }
        guard MerkleTree.root(of: stored.items.map(\.item.hash)) == hash else {
            found.add(.configuration, name, "its items do not give its hash")
            return ConfiguredStreams(stored)
        }
        guard let bytes = stored.items[0].item.bytes, let head = try? ConfigHead.decode(bytes),
            let streams = ConfiguredStreams(stored)
        else {
            found.add(.configuration, name, "cannot be read")
            return nil
        }
        if head.modelRevision != stored.modelRevision || head.buildingID != reader.identity.building {
            found.add(.configuration, name, "its row says something else than its head")
        }
        let first = stored.leafIndex
        let leaf = try await read(.leaf, "leaf \(first)") { try $0.leaf(at: first) } ?? nil
        // A leaf that cannot be read has its own name.
        if let body = leaf.map({ try? Leaf.decode($0.bytes) })??.body {
            if case .config(let begun) = body, begun.newHash == hash {
            } else {
                found.add(.configuration, name, "its row names another leaf than one that put it in force")
            }
        } else if leaf == nil {
            found.add(.configuration, name, "its row names a leaf that is not there")
        }
        try await checkModel(head)
        try await checkNumbers(stored, name)
        return streams
    }

    private mutating func checkModel(_ head: ConfigHead) async throws {
        let revision = head.modelRevision
        let name = "model \(revision)"
        let model = try await read(.model, name) { try $0.modelRevision(revision) } ?? nil
        guard let model else {
            found.add(.model, name, "is missing")
            return
        }
        if model.hash != head.modelHash || sha256(model.bytes) != model.hash {
            found.add(.model, name, "its bytes do not match the hash in the configuration")
        }
    }

    /// Streams and points of a configuration in the tables that find them.
    private mutating func checkNumbers(_ stored: StoredConfig, _ name: String) async throws {
        guard let numbering = try await read(.table, "table point_number", { try $0.numbering() }) else { return }
        for (position, row) in stored.items.enumerated().dropFirst() {
            guard let stream = row.item.bytes.flatMap({ try? ConfigStream.decode($0) }) else { continue }  // told above
            if stream.stream.rawValue != row.stream {
                found.add(.configuration, "\(name), item \(position)", "its column names another stream")
            }
            if !numbering.streams.values.contains(stream.stream) {
                found.add(.table, "table stream_number", "stream \(stream.stream) has no name")
            }
            for point in stream.rows {
                if numbering.points[point.id] != point.point {
                    found.add(.table, "table point_number", "\(point.id) has not the number \(point.point)")
                }
                let stands = try await read(.table, "table point_stream") {
                    try $0.stands(point.point, in: stream.stream)
                }
                if stands == false {
                    found.add(
                        .table, "table point_stream", "point \(point.point) is not listed in stream \(stream.stream)")
                }
            }
        }
    }
}
