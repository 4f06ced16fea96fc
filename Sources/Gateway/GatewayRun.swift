import Anchoring
package import Capture
import Commanding
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
import Profiles
import ProofOfWork
import Readings
import Scrubbing
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

    let plan: GatewayPlan
    let journal: @Sendable (_ label: String) -> Logger
    let clock: Clock
    let random: RandomBytes
    /// Each asks for one reload of the configuration.
    private let hangups: AsyncStream<Void>

    /// - Parameters:
    ///   - hangups: each asks for one reload of the configuration, as SIGHUP does.
    ///   - journal: makes the journal of one room.
    package init(
        _ plan: GatewayPlan, clock: Clock = .system, random: @escaping RandomBytes = SystemSources.random,
        hangups: AsyncStream<Void> = AsyncStream { _ in },
        journal: @escaping @Sendable (_ label: String) -> Logger
    ) {
        self.plan = plan
        self.clock = clock
        self.random = random
        self.journal = journal
        self.hangups = hangups
    }

    /// Runs until cancelled. Everything captured is on disk when it returns.
    package func run(ready: @escaping @Sendable (Ready) async -> Void = { _ in }) async throws {
        let configuration = plan.configuration
        let paths = DataPaths(configuration.dataPath)
        let card = try GatewayKeys.card(paths)
        // Whatever cannot work is told before a boot is written into the log.
        try plan.checkSurroundings()
        let ledger = try Ledger.open(directory: configuration.dataPath)
        do {
            let history = try await LogWriter.history(of: ledger)
            let keys = try LogKeyFiles(paths).load(
                history, signedSize: try await ledger.lastCheckpoint()?.size ?? 0, journal: journal("gateway"))
            try checkFixed(ledger.identity, card, paths)
            GatewayStatus.withdraw(configuration)
            defer { GatewayStatus.withdraw(configuration) }
            try await run(on: ledger, card: card, keys: keys, paths: paths, ready: ready)
        } catch {
            await ledger.close()
            throw error
        }
        await ledger.close()
        journal("gateway").notice("the gateway has ended; everything captured is on disk")
    }

    private func run(
        on ledger: Ledger, card: PolicyCard, keys: SigningKeys, paths: DataPaths,
        ready: @escaping @Sendable (Ready) async -> Void
    ) async throws {
        let configuration = plan.configuration
        let main = journal("gateway")
        try plan.checkAddress()
        // Before the boot leaf: a damaged network must not leave one at every try.
        let local = try configuration.tangle == nil ? localNode(paths) : nil
        let (writer, start) = try await LogWriter.start(
            ledger: ledger, keys: keys, clock: clock, random: random, building: plan.building)
        tell(start, main)
        let reader = try LedgerReader.open(directory: configuration.dataPath, keys: ledger.keys)
        let numbering = try await ledger.numbering()
        let keeper = TwinKeeper(
            building: plan.building, numbering: numbering, listeningSinceMs: Int64(clamping: clock.wallMs()))
        let intake = Intake(sources: plan.building.sources(numbering))
        let disk = DiskSpace(directory: configuration.dataPath)
        try disk.reserve()
        let capture = CaptureFlow(
            writer: writer, keeper: keeper, intake: intake, disk: disk, settings: configuration.captureSettings)
        let (field, memory) = try await self.field(numbering, ledger: ledger, intake: intake)
        let reload = GatewayReload(plan, capture: capture, field: field, ledger: ledger, journal: main)
        try await withThrowingTaskGroup(of: Void.self) { group in
            defer { group.cancelAll() }
            group.addTask { try await capture.run() }
            group.addTask { try await UpkeepRun(ledger: ledger, clock: clock, journal: main).run() }
            group.addTask { try await field.run() }
            group.addTask { try await memory.run() }
            let publisher = try TwinPublisher(
                configuration, keeper: keeper, profiles: { await reload.current.profiles },
                folder: configuration.dataPath,
                chance: Self.chance)
            if let publisher { group.addTask { try await publisher.run() } }
            let nodes = try await nodes(local, into: &group)
            let events = nodes.eventStream(clock: clock, random: random, journal: journal("anchoring"))
            let witnesses = WitnessLinks(configuration.witnesses)
            let authority = authority()
            do {
                let anchoring = anchorFlow(
                    node: nodes.roster, events: events, witnesses: witnesses, card: card, ledger: ledger, writer: writer
                )
                let stamping = try stampFlow(authority, ledger: ledger)
                let timeAnchors: [any TimeAnchor] = stamping.map { [anchoring, $0] } ?? [anchoring]
                if let events { group.addTask { try await events.run() } }
                for anchor in timeAnchors { group.addTask { try await anchor.run() } }
                let scrubber = GatewayScrub.scrubber(
                    try LedgerReader.open(directory: configuration.dataPath), folder: configuration.dataPath,
                    withinMs: configuration.log.rereadWithinMs, clock: clock, journal: journal("scrub"))
                let facility = try facility(
                    reader: reader, keeper: keeper, card: card, paths: paths, writer: writer, capture: capture,
                    anchoring: anchoring, timeAnchors: timeAnchors, nodes: nodes.roster, field: field, reload: reload,
                    scrubber: scrubber)
                group.addTask { try await facility.run() }
                group.addTask { try await scrubber.run() }
                let commands = GatewayCommands(writer: writer, keeper: keeper, journal: journal("commands")).desk(
                    profiles: { await reload.current.profiles }, link: { await field.link(of: $0) },
                    anchorNow: { await anchoring.anchorNow() })
                try await commands.start()
                group.addTask { try await commands.run() }
                let server = try server(
                    facility, commands, origin: card.origin, capture: capture,
                    metrics: metrics(
                        capture: capture, anchoring: anchoring, nodes: nodes.roster, events: events, field: field,
                        disk: disk,
                        scrubber: scrubber),
                    ready: ready)
                group.addTask { try await serve(server) }
                let watch = GatewayWatch(writer: writer, capture: capture, journal: main, clock: clock)
                group.addTask { try await watch.run() }
                group.addTask { await reload.run(hangups) }
                try await untilOneEnds(&group)
            } catch {
                group.cancelAll()
                // The first error is the one to tell.
                try? await nodes.shutdown()
                try? await witnesses.shutdown()
                try? await authority?.shutdown()
                throw error
            }
            try await nodes.shutdown()
            try await witnesses.shutdown()
            try await authority?.shutdown()
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

    // MARK: - Before the start

    static let chance: @Sendable () -> Double = { Double.random(in: 0..<1) }

    /// What `init` fixed for ever.
    private func checkFixed(
        _ identity: LedgerIdentity, _ card: PolicyCard, _ paths: DataPaths
    ) throws {
        let configuration = plan.configuration
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
