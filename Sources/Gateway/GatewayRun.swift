import Anchoring
package import Capture
import CBuildInfo
import Disclosure
import Evidence
import FacilityAPI
import Glibc
import Hashing
import LedgerStore
import LocalTangle
package import Logging
import MerkleLog
import Modbus
import MQTT
import NIOCore
import ProofOfWork
import Readings
import Tangle
import TangleClient
import TwinModel

/// The running gateway: every flow started, none waited for by anybody else, all ended together.
package struct GatewayRun: Sendable {
    /// What is known once the API listens.
    package struct Ready: Sendable {
        package let url: String
        package let origin: String
        /// The flow inwards, with the twin; for measurements.
        package let capture: CaptureFlow
    }

    private let plan: GatewayPlan
    private let journal: @Sendable (_ label: String) -> Logger
    private let clock: Clock
    private let random: RandomBytes

    /// - Parameter journal: makes the journal of one room.
    package init(
        _ plan: GatewayPlan, clock: Clock = .system, random: @escaping RandomBytes = SystemSources.random,
        journal: @escaping @Sendable (_ label: String) -> Logger
    ) {
        self.plan = plan
        self.clock = clock
        self.random = random
        self.journal = journal
    }

    /// Runs until cancelled. Everything captured is on disk when it returns.
    package func run(ready: @escaping @Sendable (Ready) async -> Void = { _ in }) async throws {
        let configuration = plan.configuration
        let paths = DataPaths(configuration.dataPath)
        guard Files.exists(paths.card) else { throw GatewayError.notSetUp(path: paths.card) }
        let card = try readCard(paths.card)
        let key = try KeyFile.read(paths.logKey)
        // Whatever cannot work is told before a boot is written into the log.
        try plan.checkSurroundings()
        let ledger = try Ledger.open(directory: configuration.dataPath)
        do {
            try checkFixed(ledger.identity, card, key, paths)
            GatewayStatus.withdraw(configuration)
            defer { GatewayStatus.withdraw(configuration) }
            try await run(on: ledger, card: card, key: key, paths: paths, ready: ready)
        } catch {
            await ledger.close()
            throw error
        }
        await ledger.close()
        journal("gateway").notice("the gateway has ended; everything captured is on disk")
    }

    private func run(
        on ledger: Ledger, card: PolicyCard, key: LogSigningKey, paths: DataPaths,
        ready: @escaping @Sendable (Ready) async -> Void
    ) async throws {
        let configuration = plan.configuration
        let main = journal("gateway")
        // Before the boot leaf: a damaged network must not leave one at every try.
        let local = try configuration.tangle == nil ? localNode(paths) : nil
        let (writer, start) = try await LogWriter.start(
            ledger: ledger, key: key, clock: clock, random: random, building: plan.building)
        tell(start, main)
        let reader = try LedgerReader.open(directory: configuration.dataPath)
        let numbering = try await ledger.numbering()
        let keeper = TwinKeeper(
            building: plan.building, numbering: numbering, listeningSinceMs: Int64(clamping: clock.wallMs()))
        let intake = Intake(sources: plan.building.sources(numbering))
        let disk = DiskSpace(directory: configuration.dataPath)
        try disk.reserve()
        let capture = CaptureFlow(
            writer: writer, keeper: keeper, intake: intake, disk: disk, settings: configuration.captureSettings)
        let lines = try FieldLines(
            plan, numbering: numbering, intake: intake, journal: journal("field"), clock: clock, chance: Self.chance)
        let token = try configuration.nodeToken()
        try await withThrowingTaskGroup(of: Void.self) { group in
            defer { group.cancelAll() }
            group.addTask { try await capture.run() }
            for line in lines.modbus { group.addTask { try await line.run() } }
            if let mqtt = lines.mqtt { group.addTask { try await mqtt.run() } }
            let publisher = try TwinPublisher(
                configuration, keeper: keeper, profiles: plan.profiles, folder: configuration.dataPath,
                chance: Self.chance)
            if let publisher { group.addTask { try await publisher.run() } }
            let url = try await nodeURL(local, into: &group)
            let node = HTTPTangleNode(url: url, token: token)
            do {
                let anchoring = anchorFlow(node: node, card: card, ledger: ledger, writer: writer)
                group.addTask { try await anchoring.run() }
                let facility = try facility(
                    reader: reader, keeper: keeper, card: card, paths: paths, writer: writer, capture: capture,
                    anchoring: anchoring, lines: lines)
                group.addTask { try await facility.run() }
                let server = try server(facility, origin: card.origin, capture: capture, ready: ready)
                group.addTask { try await serve(server) }
                let watch = GatewayWatch(writer: writer, capture: capture, journal: main, clock: clock)
                group.addTask { try await watch.run() }
                try await untilOneEnds(&group)
            } catch {
                group.cancelAll()
                // The first error is the one to tell.
                try? await node.shutdown()
                throw error
            }
            try await node.shutdown()
        }
        // What came in while the lines were being ended.
        if intake.length > 0 { try await capture.step() }
    }

    /// Any part that ends, ends all: systemd starts the daemon again from a sound ledger.
    private func untilOneEnds(_ group: inout ThrowingTaskGroup<Void, any Error>) async throws {
        var first: (any Error)?
        while let ended = await group.nextResult() {
            group.cancelAll()
            if case .failure(let error) = ended, !(error is CancellationError), first == nil { first = error }
        }
        if let first { throw first }
    }

    // MARK: - Parts

    private static let chance: @Sendable () -> Double = { Double.random(in: 0..<1) }

    private func readCard(_ path: String) throws -> PolicyCard {
        do { return try PolicyCard.parse(try GatewayPlan.read(path)) } catch is PolicyCard.ParseError {
            throw GatewayError.cardUnreadable(path: path)
        }
    }

    /// What `init` fixed for ever.
    private func checkFixed(
        _ identity: LedgerIdentity, _ card: PolicyCard, _ key: LogSigningKey, _ paths: DataPaths
    ) throws {
        let configuration = plan.configuration
        guard key.verifierKey.description == identity.logKey else { throw GatewayError.otherKey(path: paths.logKey) }
        guard card.origin == identity.origin, card.logKey == identity.logKey else {
            throw GatewayError.otherCard(path: paths.card, origin: identity.origin)
        }
        let origin = "\(configuration.gateway)/b/\(plan.building.id)/"
        guard identity.origin.hasPrefix(origin) else {
            throw GatewayError.fixed(key: "the origin", configured: origin + "…", stored: identity.origin)
        }
        guard identity.periodMs == UInt64(clamping: configuration.log.periodMs) else {
            throw GatewayError.fixed(
                key: "log.period", configured: "\(configuration.log.periodMs) ms", stored: "\(identity.periodMs) ms")
        }
        guard identity.network == configuration.networkName else {
            throw GatewayError.fixed(
                key: "the network", configured: configuration.networkName, stored: identity.network)
        }
    }

    private func localNode(_ paths: DataPaths) throws -> LocalTangleNode {
        let clock = clock
        return try LocalTangleNode(
            configuration: plan.configuration.localTangleConfiguration(directory: paths.tangle),
            clock: { Int64(clamping: clock.wallMs()) })
    }

    /// Starts the development node, if it is ours, and waits until it listens.
    private func nodeURL(_ local: LocalTangleNode?, into group: inout ThrowingTaskGroup<Void, any Error>) async throws
        -> String
    {
        guard let local else { return plan.configuration.tangle?.node ?? "" }
        let (ports, told) = AsyncStream<Int>.makeStream(bufferingPolicy: .bufferingNewest(1))
        let wanted = Int(plan.configuration.localTangle.port)
        group.addTask {
            defer { told.finish() }
            try await local.run(port: wanted) { told.yield($0) }
        }
        for await port in ports {
            journal("tangle").notice(
                "the development node runs here; it proves nothing to a third party", metadata: ["port": "\(port)"])
            return "http://127.0.0.1:\(port)"
        }
        try Task.checkCancellation()
        throw GatewayError.node("the development node does not listen on port \(wanted); is the port taken?")
    }

    private func anchorFlow(node: HTTPTangleNode, card: PolicyCard, ledger: Ledger, writer: LogWriter) -> AnchorFlow {
        let configuration = plan.configuration
        let clock = clock
        let keys = card.milestoneKeys.map {
            MilestoneKey(publicKey: $0.key.bytes, start: $0.start, end: $0.end, holder: $0.holder)
        }
        let pollMs = configuration.tangle == nil ? max(500, configuration.localTangle.intervalMs / 2) : 2_500
        return AnchorFlow(
            settings: AnchorFlow.Settings(
                everyMs: configuration.anchors.everyMs, pollMs: pollMs, demands: configuration.nodeDemands,
                policy: MilestonePolicy(keys: keys, threshold: Int(card.threshold)), minPoWScore: card.minPowScore),
            ledger: ledger, writer: writer, node: node, miner: Miner(threads: 1), tag: anchorTag(origin: card.origin),
            journal: journal("anchoring"), nowMs: { Int64(clamping: clock.wallMs()) },
            pause: { try await clock.sleepMs(UInt64(clamping: $0)) },
            tell: { anchor in
                let state = anchor.state.rawValue
                let event = NewEvent(
                    kind: "anchor", json: #"{"seq":\#(anchor.seq),"state":"\#(state)","size":\#(anchor.size)}"#)
                // The event stream is a courtesy; the anchor itself is stored already.
                _ = try? await ledger.addEvents([event], nowMs: clock.wallMs())
            })
    }

    private func facility(
        reader: LedgerReader, keeper: TwinKeeper, card: PolicyCard, paths: DataPaths, writer: LogWriter,
        capture: CaptureFlow,
        anchoring: AnchorFlow, lines: FieldLines
    ) throws -> Facility {
        let clock = clock
        let everyMs = plan.configuration.anchors.everyMs
        let text = card.encoded()
        try Files.makeFolder(paths.evidence)
        let maker = EvidenceMaker(
            reader: reader, card: Array(text.utf8),
            // A confirmation takes a few milestones.
            expectedAnchorMs: { await anchoring.status.nextMs + 30_000 })
        return Facility(
            reader: reader, keeper: keeper,
            facts: FacilityFacts(
                version: String(cString: plumbline_version()), card: text, isSelfNetwork: card.isSelfNetwork,
                anchorEveryMs: everyMs),
            zone: try plan.zone(), maker: maker, evidenceDirectory: paths.evidence,
            nowMs: { Int64(clamping: clock.wallMs()) },
            health: { await GatewayHealth.now(writer: writer, capture: capture, anchoring: anchoring, lines: lines) },
            noteAccess: { try await writer.recordUse($0) })
    }

    private func server(
        _ facility: Facility, origin: String, capture: CaptureFlow, ready: @escaping @Sendable (Ready) async -> Void
    ) throws -> FacilityServer {
        let configuration = plan.configuration
        let api = configuration.api
        let clock = clock
        let settings = ServerSettings(
            host: api.host, port: Int(api.port), wire: try api.wire(), nowMs: { Int64(clamping: clock.wallMs()) },
            random: { UInt64.random(in: .min ... .max) })
        let main = journal("gateway")
        // The server's own word that it listens would say ours again.
        var logger = journal("api")
        logger.logLevel = max(logger.logLevel, .notice)
        logger.handler = QuietAtTheEnd(handler: logger.handler)
        return try FacilityServer(facility: facility, settings: settings, logger: logger) { port in
            let host = api.host.contains(":") ? "[\(api.host)]" : api.host
            let url = "\(api.certificatePath == nil ? "http" : "https")://\(host):\(port)"
            main.notice("the gateway listens", metadata: ["url": "\(url)", "origin": "\(origin)"])
            let near = url.replacing("//0.0.0.0:", with: "//127.0.0.1:").replacing("//[::]:", with: "//[::1]:")
            do { try GatewayStatus.announce(near, configuration) } catch {
                main.warning("plumblined status will not find this gateway: \(error)")
            }
            await ready(Ready(url: url, origin: origin, capture: capture))
        }
    }

    private func serve(_ server: FacilityServer) async throws {
        do { try await server.run() } catch let error as IOError {
            let api = plan.configuration.api
            throw GatewayError.listening(
                address: "\(api.host):\(api.port)", why: String(cString: strerror(error.errnoCode)))
        }
    }

    private func tell(_ start: LogWriter.Start, _ journal: Logger) {
        journal.notice(
            "the log goes on", metadata: ["boot": "\(start.bootNumber)", "sealedNow": "\(start.sealedIntervals)"])
        if let gap = start.gap {
            journal.notice(
                "a gap is written down: not running", metadata: ["kFrom": "\(gap.kFrom)", "kTo": "\(gap.kTo)"])
        }
        if start.configChanged { journal.notice("the building has changed; the log has the new configuration") }
        if let refusal = start.signingRefusal { journal.error("nothing will be signed: \(refusal)") }
    }
}
