package import Capture
package import Disclosure
package import Evidence
import Foundation
import Hashing
package import LedgerStore
import LogEntries
package import MerkleLog
package import Readings
import Synchronization
package import Tangle
package import TwinModel

/// What must be there in a test.
package struct Missing: Error {
    package init() {}
}

/// The value, or an error where there is none.
package func required<Value>(_ value: Value?) throws -> Value {
    guard let value else { throw Missing() }
    return value
}

/// A network of one coordinator, without a node: milestones and paths by Tangle's own functions.
package final class SmallNetwork {
    package let key: LogSigningKey
    package private(set) var latest: Milestone
    private var latestBlock: BlockID
    private var unreferenced: [BlockID: [BlockID]] = [:]

    package init(nowMs: UInt64) throws {
        key = try required(LogSigningKey(name: "coordinator", seed: Array(repeating: 3, count: 32)))
        latest = try Self.signed(
            Milestone(
                index: 1, timestamp: Self.seconds(nowMs), previousMilestoneID: .none, parents: [.genesis],
                inclusionRoot: InclusionTree.root([]), appliedRoot: InclusionTree.root([])), by: key)
        latestBlock = try Block(parents: latest.parents, payload: .milestone(latest)).id
        unreferenced[latestBlock] = latest.parents
    }

    /// A block above the latest milestone; work is not asked for here.
    package func block(tag: [UInt8], payload: [UInt8]) throws -> [UInt8] {
        let block = try Block(
            parents: [latestBlock], payload: .taggedData(TaggedData(tag: tag, data: payload)))
        unreferenced[block.id] = block.parents
        return block.serialized()
    }

    /// The next milestone; everything unreferenced comes under it.
    @discardableResult
    package func step(nowMs: UInt64) throws -> (milestone: Milestone, cone: [BlockID]) {
        let parents = unreferenced.keys.sorted()
        let cone = whiteFlagOrder(from: parents) { self.unreferenced[$0] }
        latest = try Self.signed(
            Milestone(
                index: latest.index + 1, timestamp: max(Self.seconds(nowMs), latest.timestamp + 1),
                previousMilestoneID: latest.id, parents: parents, inclusionRoot: InclusionTree.root(cone),
                appliedRoot: InclusionTree.root([])), by: key)
        latestBlock = try Block(parents: latest.parents, payload: .milestone(latest)).id
        unreferenced = [latestBlock: latest.parents]
        return (latest, cone)
    }

    private static func seconds(_ ms: UInt64) -> UInt32 { UInt32((ms + 999) / 1_000) }

    private static func signed(_ milestone: Milestone, by key: LogSigningKey) throws -> Milestone {
        var milestone = milestone
        milestone.signatures = [
            MilestoneSignature(publicKey: key.verifierKey.publicKey, signature: try key.sign(milestone.id.bytes))
        ]
        return milestone
    }
}

/// A clock that moves when told to, and bytes that look random and are the same in every run.
package final class SiteClock: Sendable {
    private let hands = Mutex<UInt64>(Site.startMs)
    private let chance = Mutex<UInt64>(11)

    package var nowMs: UInt64 { hands.withLock { $0 } }
    package func advance(ms: UInt64) { hands.withLock { $0 += ms } }

    package var clock: Capture.Clock {
        Clock(wallMs: { self.nowMs }, monoMs: { self.nowMs - Site.startMs }, sleepMs: { _ in })
    }

    package func random(_ count: Int) -> [UInt8] {
        chance.withLock { state in
            (0..<count).map { _ in
                state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                return UInt8(truncatingIfNeeded: state >> 33)
            }
        }
    }
}

/// A small building with three streams, one of them of class indirect, in a directory of its own and on a clock that moves when told to.
package final class Site {
    package static let origin = "gw.example/b/house/1"
    package static let startMs: UInt64 = 1_772_370_000_000
    package static let periodMs: UInt64 = 60_000

    package let directory: String
    package let key: LogSigningKey
    package let network: SmallNetwork
    package let firstMilestone: Milestone
    package let time = SiteClock()
    package private(set) var ledger: Ledger
    package private(set) var writer: LogWriter
    package private(set) var numbering: Numbering
    package let recovery: LogSigningKey

    package init() async throws {
        directory = NSTemporaryDirectory() + "plumbline-evidence-" + UUID().uuidString
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        key = try required(LogSigningKey(name: Self.origin, seed: Array(repeating: 9, count: 32)))
        recovery = try required(LogSigningKey(name: Self.origin, seed: Array(repeating: 5, count: 32)))
        network = try SmallNetwork(nowMs: Self.startMs)
        firstMilestone = network.latest
        ledger = try await LedgerCreation.create(
            directory: directory,
            founding: LedgerCreation.Founding(
                key: key, recoveryKey: recovery.verifierKey, network: "dev", periodMs: Self.periodMs),
            building: Self.building(), clock: time.clock, random: time.random)
        numbering = try await ledger.numbering()
        writer = try await LogWriter.start(
            ledger: ledger, key: key, clock: time.clock, random: time.random, building: Self.building()
        ).writer
    }

    deinit {
        try? FileManager.default.removeItem(atPath: directory)  // a leftover in the temporary directory harms nobody
    }

    package var nowMs: UInt64 { time.nowMs }
    package func advance(ms: UInt64) { time.advance(ms: ms) }

    /// The daemon dies and comes back.
    package func restart(_ building: Building = Site.building()) async throws {
        await ledger.close()
        ledger = try Ledger.open(directory: directory)
        writer = try await LogWriter.start(
            ledger: ledger, key: key, clock: time.clock, random: time.random, building: building
        ).writer
    }

    /// `count` intervals with a few readings in each, sealed; the clock ends a little after the last.
    package func run(intervals count: Int, silent: Bool = false) async throws {
        for _ in 0..<count {
            if !silent { try await capture() }
            let nextMs = (nowMs / Self.periodMs + 1) * Self.periodMs
            advance(ms: nextMs - nowMs + 100)
            try await writer.sealDue()
        }
    }

    /// Readings of the running interval.
    package func capture() async throws {
        let k = nowMs / Self.periodMs
        var placed: [PlacedReading] = []
        for (offset, name) in [
            ("m1.energy", 1_000), ("m1.power", 1_000), ("hp1.temperature", 2_000), ("room1.co2", 2_500),
        ].map({ ($1, $0) }) {
            guard let point = numbering.points[name] else { continue }
            for second in [UInt64(10_000), 40_000] {
                let atMs = k * Self.periodMs + second + UInt64(offset)
                placed.append(
                    PlacedReading(
                        k: k,
                        reading: Reading(
                            point: point, capturedAtMs: Int64(atMs), quality: .good,
                            value: .integer(Int64(atMs / 1_000 % 977)))))
            }
        }
        try await ledger.appendOpen(
            placed, bootNumber: await writer.bootNumber, wallMs: nowMs, monoMs: nowMs - Self.startMs)
    }

    /// A checkpoint, its block, a milestone above it, the proof kept.
    @discardableResult
    package func anchor(confirmed: Bool = true) async throws -> StoredAnchor {
        let latest = network.latest
        let anchor = try await writer.checkpoint(
            with: BeaconFacts(
                milestoneIndex: latest.index, milestoneID: latest.id.hash, milestoneTimeS: latest.timestamp,
                milestone: latest.serialized()))
        let block = try network.block(tag: anchorTag(origin: Self.origin), payload: anchor.payload)
        let id = Block.id(of: block)
        _ = try await ledger.addAttempt(seq: anchor.seq, blockID: id.hash, block: block, minedMs: nowMs)
        try await ledger.markSubmitted(seq: anchor.seq, blockID: id.hash, atMs: nowMs)
        advance(ms: 1_500)
        let (milestone, cone) = try network.step(nowMs: nowMs)
        advance(ms: 2_000)
        guard confirmed else { return anchor }
        let index = try required(cone.firstIndex(of: id))
        let path = try required(InclusionTree.path(cone, index: index))
        try await ledger.confirm(
            seq: anchor.seq,
            AnchorConfirmation(
                blockID: id.hash, milestoneIndex: milestone.index, milestoneID: milestone.id.hash,
                milestoneTimeS: milestone.timestamp, milestone: milestone.serialized(), path: path.bytes))
        return try required(try await ledger.anchor(anchor.seq))
    }

    package func reader() throws -> LedgerReader { try LedgerReader.open(directory: directory) }

    package func card() async throws -> PolicyCard {
        let genesis = try required(try await reader().leaf(at: 0))
        return PolicyCard(
            origin: Self.origin, logKey: key.verifierKey.description,
            recoveryHash: sha256(Array(recovery.verifierKey.description.utf8)), genesis: leafHash(genesis.bytes),
            network: "dev", milestoneIndex: firstMilestone.index, milestoneID: firstMilestone.id.hash,
            milestoneKeys: [
                PolicyCard.MilestoneKey(
                    key: try required(Hash(bytes: network.key.verifierKey.publicKey)), start: 0, end: 0,
                    holder: PolicyCard.operatorHolder)
            ], threshold: 1, minPowScore: 0)
    }

    package func maker() async throws -> EvidenceMaker {
        EvidenceMaker(
            reader: try reader(), card: Array(try await card().encoded().utf8), expectedAnchorMs: { 4_711 })
    }

    package func stream(_ name: String) throws -> StreamNumber { try required(numbering.streams[name]) }
    package func point(_ id: String) throws -> PointNumber { try required(numbering.points[id]) }
    package var streams: [StreamNumber] { numbering.streams.values.sorted() }

    package static func building(label: String = "House") -> Building {
        func point(_ id: String, _ device: String, _ privacy: PrivacyClass = .none, _ nature: Nature = .gauge) -> Point
        {
            Point(
                id: id, entity: String(id.prefix { $0 != "." }), type: "Sensor", unit: "W", nature: nature,
                privacy: privacy,
                binding: Binding(
                    device: device, profilePoint: "value", profile: "profile",
                    profileHash: Array(repeating: 1, count: 32)), expectedSeconds: 30, kind: .integer,
                scale: Scale(mantissa: 1, exponent: -1))
        }
        return Building(
            id: "house", label: label, timeZone: "Europe/Oslo",
            entities: ["house", "m1", "hp1", "room1"].map { Entity(id: $0, type: "Room", label: $0) }, devices: [],
            points: [
                point("m1.energy", "mb1", .none, .counter), point("m1.power", "mb1"), point("hp1.temperature", "mb2"),
                point("room1.co2", "lora1", .indirect),
            ])
    }
}
