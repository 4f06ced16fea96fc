import BlockingThread
import Capture
import Disclosure
import LedgerStore
import LogEntries
import Logging
import MQTT
import Readings
import SourceYAML
import TwinModel

/// Reads the configuration again while the gateway runs: all of it is put in force, or nothing.
///
/// `run` carries out what `reload` and the signals ask for, one at a time. A change that must wait for the end of the running
/// interval is answered at once and carried out then.
actor GatewayReload {
    private struct Order {
        let actor: Bytes16
        /// Taken by the first answer.
        var asked: CheckedContinuation<ReloadView, any Error>?
    }

    private var plan: GatewayPlan
    private let capture: CaptureFlow
    private let field: FieldSupervisor
    private let ledger: Ledger
    private let journal: Logger
    private var order: Order?
    private let calls: AsyncStream<Void>
    private let call: AsyncStream<Void>.Continuation
    private var isOver = false

    init(
        _ plan: GatewayPlan, capture: CaptureFlow, field: FieldSupervisor, ledger: Ledger, journal: Logger
    ) {
        self.plan = plan
        self.capture = capture
        self.field = field
        self.ledger = ledger
        self.journal = journal
        (calls, call) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    /// The plan in force.
    var current: GatewayPlan { plan }

    /// - Parameter actor: pseudonym of who asks; zeros for a signal.
    /// - Throws: `Refusal.configurationRefused`, `.reloadUnderWay` or `.notNow`; nothing has changed then.
    func reload(_ actor: Bytes16) async throws -> ReloadView {
        guard order == nil else { throw Refusal.reloadUnderWay }
        if isOver { throw Self.isEnding }
        return try await withCheckedThrowingContinuation { asked in
            order = Order(actor: actor, asked: asked)
            call.yield()
        }
    }

    /// Carries out reloads until cancelled; one for each signal.
    func run(_ signals: AsyncStream<Void>) async {
        await withDiscardingTaskGroup { group in
            group.addTask { for await _ in signals { await self.follow() } }
            for await _ in calls {
                guard let order else { continue }
                await carryOut(order.actor)
                self.order = nil
            }
            group.cancelAll()
            isOver = true
            answer(.failure(Self.isEnding))
            order = nil
        }
    }

    /// A signal; what went wrong stands in the journal, nobody else listens.
    private func follow() async {
        do { _ = try await reload(.zero) } catch Refusal.reloadUnderWay {
            journal.warning("a signal to read the configuration again is not followed: another reload is under way")
        } catch {}
    }

    private func answer(_ result: Result<ReloadView, any Error>) {
        order?.asked?.resume(with: result)
        order?.asked = nil
    }

    private static let isEnding = Refusal.notNow(why: "the gateway is ending", retryAfterSeconds: 30)

    private func carryOut(_ actor: Bytes16) async {
        do {
            answer(.success(try await change(actor)))
        } catch let refusal as Refusal {
            for sentence in refusal.sentences { journal.error("the configuration is not taken: \(sentence)") }
            answer(.failure(refusal))
        } catch {
            answer(.failure(error))
        }
    }

    private func change(_ actor: Bytes16) async throws -> ReloadView {
        let (wanted, zones) = try await load()
        let numbering: Numbering
        let isLogged: Bool
        do {
            numbering = try await ledger.assignNumbers(for: wanted.building)
            isLogged = try await capture.putInForce(wanted.building, actor: actor) { await self.tellWait($0, $1) }
        } catch is CancellationError {
            throw Self.isEnding
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
        let capture = capture
        let connections = await field.change(
            to: FieldPlan(wanted, numbering: numbering), of: wanted.building, zones: zones,
            oldHasEnded: { await capture.fieldHasChanged() })
        let revision = await revision
        journal.notice(
            "the configuration was read again",
            metadata: [
                "logged": "\(isLogged)", "revision": "\(revision)", "kept": "\(connections.kept)",
                "changed": "\(connections.changed)", "started": "\(connections.started)",
                "ended": "\(connections.ended)",
            ])
        return ReloadView(isLogged: isLogged, modelRevision: revision, connections: connections)
    }

    private var revision: Int {
        get async { Int(clamping: await capture.writer.configuration.configuration.head.modelRevision) }
    }

    private func tellWait(_ fromMs: Int64, _ points: [String]) async {
        journal.notice(
            "the configuration was read; it will be in force when the running interval ends",
            metadata: ["from": "\(UTCTime.text(fromMs))", "points": "\(points.count)"])
        answer(
            .success(
                ReloadView(
                    isLogged: false, modelRevision: await revision, connections: ReloadView.Connections(),
                    waiting: ReloadView.Waiting(fromMs: fromMs, points: points))))
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
