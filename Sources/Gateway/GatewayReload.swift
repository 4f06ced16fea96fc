import BlockingThread
import Capture
import Disclosure
import LedgerStore
import LogEntries
import Logging
import MQTT
import SourceYAML
import TwinModel

/// Reads the configuration again while the gateway runs: all of it is put in force, or nothing.
actor GatewayReload {
    private var plan: GatewayPlan
    private let capture: CaptureFlow
    private let field: FieldSupervisor
    private let ledger: Ledger
    private let journal: Logger
    private var isUnderWay = false

    init(
        _ plan: GatewayPlan, capture: CaptureFlow, field: FieldSupervisor, ledger: Ledger, journal: Logger
    ) {
        self.plan = plan
        self.capture = capture
        self.field = field
        self.ledger = ledger
        self.journal = journal
    }

    /// The plan in force.
    var current: GatewayPlan { plan }

    /// - Parameter actor: pseudonym of who asks; zeros for a signal.
    /// - Throws: `Refusal.configurationRefused`, `.reloadUnderWay` or `.notNow`; nothing has changed then.
    func reload(_ actor: Bytes16) async throws -> ReloadView {
        guard !isUnderWay else { throw Refusal.reloadUnderWay }
        isUnderWay = true
        defer { isUnderWay = false }
        do {
            return try await change(actor)
        } catch let refusal as Refusal {
            for sentence in refusal.sentences { journal.error("the configuration is not taken: \(sentence)") }
            throw refusal
        }
    }

    /// One reload for each signal, until the signals end.
    func follow(_ signals: AsyncStream<Void>) async {
        for await _ in signals {
            // What went wrong stands in the journal; nobody else listens.
            _ = try? await reload(.zero)
        }
    }

    private func change(_ actor: Bytes16) async throws -> ReloadView {
        let (wanted, zones) = try await load()
        let numbering: Numbering
        let isLogged: Bool
        do {
            numbering = try await ledger.assignNumbers(for: wanted.building)
            isLogged = try await capture.putInForce(wanted.building, actor: actor)
        } catch is CancellationError {
            throw Refusal.notNow(why: "the gateway is ending", retryAfterSeconds: 30)
        } catch let error as CaptureError where error == .cannotChangeNow || error == .changeUnderWay {
            throw Refusal.notNow(why: error.description, retryAfterSeconds: 30)
        } catch let error as CaptureError {
            throw Refusal.configurationRefused([
                ConfigurationMistake(place: wanted.configuration.buildingPath, message: error.description)
            ])
        } catch let error as LedgerError {
            throw Refusal.notNow(why: "\(error)", retryAfterSeconds: 30)
        }
        // From here on nothing can be refused: the log has the new configuration.
        plan = wanted
        let connections = await field.change(
            to: FieldPlan(wanted, numbering: numbering), of: wanted.building, zones: zones)
        let revision = Int(clamping: await capture.writer.configuration.configuration.head.modelRevision)
        journal.notice(
            "the configuration was read again",
            metadata: [
                "logged": "\(isLogged)", "revision": "\(revision)", "kept": "\(connections.kept)",
                "changed": "\(connections.changed)", "started": "\(connections.started)",
                "ended": "\(connections.ended)",
            ])
        return ReloadView(isLogged: isLogged, modelRevision: revision, connections: connections)
    }

    /// The files as they are now, checked as a whole and against what runs.
    private func load() async throws -> (plan: GatewayPlan, zones: MQTTZones) {
        guard let path = plan.configurationPath else {
            throw Refusal.notNow(why: "this gateway was not started from files", retryAfterSeconds: 60)
        }
        let loaded: (plan: GatewayPlan, zones: MQTTZones)
        do {
            loaded = try await PlanLoader().load(path)
        } catch let error as SourceError {
            throw Refusal.configurationRefused([ConfigurationMistake(error)])
        } catch let error as GatewayError {
            throw Refusal.configurationRefused([ConfigurationMistake(place: path, message: error.description)])
        }
        let mistakes = plan.mistakes(changingTo: loaded.plan, file: path)
        guard mistakes.isEmpty else { throw Refusal.configurationRefused(mistakes) }
        return loaded
    }
}

/// Reads files on a thread of its own, so that nothing else waits for the disk; gone after one reload.
private actor PlanLoader {
    private let thread = ThreadExecutor(name: "reload")
    nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }

    func load(_ path: String) throws -> (plan: GatewayPlan, zones: MQTTZones) {
        let plan = try GatewayPlan.load(configurationPath: path)
        try plan.checkSurroundings()
        return (plan, try plan.mqttZones())
    }
}

extension ConfigurationMistake {
    init(_ error: SourceError) {
        self.init(
            place: error.line > 0 ? "\(error.file):\(error.line):\(error.column)" : error.file, message: error.message,
            hint: error.hint)
    }
}

extension Refusal {
    /// For the journal, one for each mistake.
    fileprivate var sentences: [String] {
        switch self {
        case .configurationRefused(let mistakes):
            mistakes.map { "\($0.place): \($0.message)" + ($0.hint.map { "; \($0)" } ?? "") }
        case .reloadUnderWay: ["another reload is under way"]
        case .notNow(let why, _): [why]
        default: ["\(self)"]
        }
    }
}
