import Anchoring
import Capture
import CBuildInfo
import Commanding
import Disclosure
import Evidence
import FacilityAPI
import Glibc
import Hashing
import HummingbirdCore
import LedgerStore
import LocalTangle
import Logging
import MerkleLog
import NIOCore
import ProofOfWork
import Readings
import Scrubbing
import Tangle
import TangleClient
import TimeStamping
import TwinModel

/// The parts of a running gateway, each made from the plan.
extension GatewayRun {
    func localNode(_ paths: DataPaths) throws -> LocalTangleNode {
        let clock = clock
        return try LocalTangleNode(
            configuration: plan.configuration.localTangleConfiguration(directory: paths.tangle),
            clock: { Int64(clamping: clock.wallMs()) }, chance: Self.chance)
    }

    /// Starts the development node, if it is ours, and waits until it listens; then whom to talk to.
    func nodes(
        _ local: LocalTangleNode?, into group: inout ThrowingTaskGroup<Void, any Error>
    ) async throws -> GatewayNodes {
        guard let local else { return try GatewayNodes(plan.configuration, clock: clock) }
        let (ports, told) = AsyncStream<Int>.makeStream(bufferingPolicy: .bufferingNewest(1))
        let wanted = Int(plan.configuration.localTangle.port)
        group.addTask {
            defer { told.finish() }
            try await local.run(port: wanted) { told.yield($0) }
        }
        for await port in ports {
            journal("tangle").notice(
                "the development node runs here; it proves nothing to a third party", metadata: ["port": "\(port)"])
            return try GatewayNodes(plan.configuration, localURL: "http://127.0.0.1:\(port)", clock: clock)
        }
        try Task.checkCancellation()
        throw GatewayError.node("the development node does not listen on port \(wanted); is the port taken?")
    }

    func anchorFlow(
        node: NodeRoster, events: NodeEventStream?, witnesses: WitnessLinks, card: PolicyCard, ledger: Ledger,
        writer: LogWriter
    ) -> AnchorFlow {
        let configuration = plan.configuration
        let clock = clock
        let keys = card.milestoneKeys.map {
            MilestoneKey(publicKey: $0.key.bytes, start: $0.start, end: $0.end, holder: $0.holder)
        }
        let pollMs = configuration.tangle == nil ? max(500, configuration.localTangle.intervalMs / 2) : 2_500
        var settings = AnchorFlow.Settings(
            everyMs: configuration.anchors.everyMs, pollMs: pollMs, demands: configuration.nodeDemands,
            policy: MilestonePolicy(keys: keys, threshold: Int(card.threshold)), minPoWScore: card.minPowScore,
            lateAfterMs: configuration.anchors.lateAfterMs)
        settings.chance = Self.chance
        return AnchorFlow(
            settings: settings, ledger: ledger, writer: writer, node: node, miner: Miner(threads: 1),
            tag: anchorTag(origin: card.origin),
            witnesses: witnesses.witnesses(pause: { try await clock.sleepMs(UInt64(clamping: $0)) }),
            journal: journal("anchoring"), nowMs: { Int64(clamping: clock.wallMs()) },
            pause: { try await clock.sleepMs(UInt64(clamping: $0)) }, events: events,
            tell: { anchor in
                let state = anchor.state.rawValue
                let event = NewEvent(
                    kind: "anchor", json: #"{"seq":\#(anchor.seq),"state":"\#(state)","size":\#(anchor.size)}"#)
                // The event stream is a courtesy; the anchor itself is stored already.
                _ = try? await ledger.addEvents([event], nowMs: clock.wallMs())
            })
    }

    func authority() -> HTTPTimeStampAuthority? {
        plan.configuration.timeStamp.map { HTTPTimeStampAuthority(url: $0.url) }
    }

    /// The second clock, where one is configured.
    func stampFlow(_ authority: HTTPTimeStampAuthority?, ledger: Ledger) throws -> StampFlow? {
        guard let authority else { return nil }
        let clock = clock
        let random = random
        return StampFlow(
            settings: StampFlow.Settings(
                everyMs: plan.configuration.timeStamp?.everyMs, trust: try plan.configuration.stampTrust()),
            ledger: ledger, authority: authority,
            nonce: { random(8).reduce(0) { $0 << 8 | UInt64($1) } }, journal: journal("stamping"),
            nowMs: { Int64(clamping: clock.wallMs()) }, pause: { try await clock.sleepMs(UInt64(clamping: $0)) })
    }

    func facility(
        reader: LedgerReader, keeper: TwinKeeper, card: PolicyCard, paths: DataPaths, writer: LogWriter,
        capture: CaptureFlow, anchoring: AnchorFlow, timeAnchors: [any TimeAnchor], nodes: NodeRoster,
        field: FieldSupervisor, reload: GatewayReload, scrubber: Scrubber
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
            health: {
                await GatewayHealth.now(
                    writer: writer, capture: capture, anchoring: anchoring, timeAnchors: timeAnchors, nodes: nodes,
                    field: field, scrubber: scrubber, nowMs: Int64(clamping: clock.wallMs()))
            },
            links: { await field.links() }, reload: { try await reload.reload($0) },
            erasing: erasing(writer),
            receipts: ReceiptSigning(key: writer.key.verifierKey) { try await writer.receiptSignature(for: $0) },
            noteAccess: { try await writer.recordUse($0) })
    }

    /// Told in the journal by range and leaf, never by value.
    private func erasing(_ writer: LogWriter) -> Erasing {
        let journal = journal("erasing")
        return Erasing(
            scope: { try await writer.store.erasureScope($0) },
            erase: { range, basis, actor in
                let leaf = try await writer.erase(
                    stream: range.stream, kFrom: range.kFrom, kTo: range.kTo, legalBasis: basis, actor: actor)
                journal.notice(
                    "items were erased; their hashes stay in the log",
                    metadata: [
                        "stream": "\(range.stream)", "kFrom": "\(range.kFrom)", "kTo": "\(range.kTo)",
                        "leaf": "\(leaf)",
                    ])
                return leaf
            })
    }

    func metrics(
        capture: CaptureFlow, anchoring: AnchorFlow, nodes: NodeRoster, events: NodeEventStream?,
        field: FieldSupervisor,
        disk: DiskSpace, scrubber: Scrubber
    ) -> GatewayMetrics {
        let clock = clock
        return GatewayMetrics(
            capture: capture, anchoring: anchoring, nodes: nodes, events: events, field: field, disk: disk,
            scrubber: scrubber, version: String(cString: plumbline_version()),
            startedMs: Int64(clamping: clock.wallMs()),
            nowMs: { Int64(clamping: clock.wallMs()) })
    }

    func server(
        _ facility: Facility, _ commands: CommandDesk, origin: String, capture: CaptureFlow, metrics: GatewayMetrics,
        ready: @escaping @Sendable (Ready) async -> Void
    ) throws -> FacilityServer {
        let configuration = plan.configuration
        let api = configuration.api
        let clock = clock
        var settings = ServerSettings(
            host: api.host, port: Int(api.port), wire: try api.wire(), nowMs: { Int64(clamping: clock.wallMs()) },
            random: { UInt64.random(in: .min ... .max) })
        settings.metrics = { await metrics.text() }
        settings.areMetricsOpen = api.metrics == .open
        settings.count = { GatewayMetrics.count(route: $0, method: $1, status: $2, tookNs: $3) }
        let main = journal("gateway")
        // The server's own word that it listens would say ours again.
        var logger = journal("api")
        logger.logLevel = max(logger.logLevel, .notice)
        logger.handler = QuietAtTheEnd(handler: logger.handler)
        return try FacilityServer(facility: facility, commands: commands, settings: settings, logger: logger) {
            port in
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

    func serve(_ server: FacilityServer) async throws {
        do { try await server.run() } catch let error as IOError {
            let api = plan.configuration.api
            throw GatewayError.listening(
                address: "\(api.host):\(api.port)", why: String(cString: strerror(error.errnoCode)))
        }
    }

    /// The field side as the plan wants it, with what its devices taught in earlier runs.
    func field(
        _ numbering: Numbering, ledger: Ledger, intake: Intake
    ) async throws -> (field: FieldSupervisor, memory: LearnedLayouts) {
        let clock = clock
        let memory = LearnedLayouts(ledger, clock: clock, journal: journal("field"))
        try await memory.read()
        await memory.use(plan.building)
        let surroundings = FieldSupervisor.Surroundings(
            intake: intake, memory: memory, journal: FieldJournal(journal("field")),
            nowMs: { Int64(clamping: clock.wallMs()) }, chance: Self.chance,
            broker: try plan.configuration.fieldBroker())
        let field = FieldSupervisor(
            FieldPlan(plan, numbering: numbering), zones: try plan.mqttZones(), surroundings)
        return (field, memory)
    }
}
