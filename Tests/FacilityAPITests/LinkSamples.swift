import Disclosure
import LogEntries
import Synchronization

/// What a gateway with one Modbus line and one broker would say of them.
enum LinkSamples {
    static let all = [
        LinkView(
            id: "mqtt://broker:1883", kind: .mqtt, address: "broker:1883", state: .down,
            sinceMs: House.startMs + 60_000, connects: 1, failures: 4,
            messages: LinkView.Messages(received: 12, malformed: 1, dropped: 0, lastAtMs: House.startMs + 59_500)),
        LinkView(
            id: "tcp://10.0.0.20:502", kind: .modbusTCP, address: "10.0.0.20:502", state: .up,
            sinceMs: House.startMs, connects: 2, failures: 1, bus: LinkView.Bus(gapMs: 20, timeoutMs: 1_000),
            units: [
                UnitView(
                    device: "mb1", unit: 1, state: .answering, lastGoodAtMs: House.startMs + 129_000,
                    roundTripUs: 4_301, roundTripUsMax: 120_000, requests: 130, answers: 128, timeouts: 0,
                    exceptions: 2, garbled: 0, lateAnswers: 0, nextProbeAtMs: nil,
                    learned: UnitView.Learned(
                        holes: [UnitView.Learned.Hole(function: 4, from: 100, to: 103)], registerCountMax: nil)),
                UnitView(
                    device: "mb2", unit: 2, state: .offline, lastGoodAtMs: nil, roundTripUs: nil, roundTripUsMax: nil,
                    requests: 7, answers: 0, timeouts: 7, exceptions: 0, garbled: 0, lateAnswers: 1,
                    nextProbeAtMs: House.startMs + 140_000, learned: nil),
            ]),
    ]
}

/// What the next reload does, and who asked for the last one.
final class ReloadScript: Sendable {
    private struct State {
        var next: Result<ReloadView, Refusal>
        var actor: Bytes16?
    }

    private let state: Mutex<State>

    init() {
        var connections = ReloadView.Connections()
        connections.kept = 2
        connections.changed = 1
        state = Mutex(
            State(next: .success(ReloadView(isLogged: true, modelRevision: 2, connections: connections)), actor: nil))
    }

    var actor: Bytes16? { state.withLock { $0.actor } }
    func refuse(_ refusal: Refusal) { state.withLock { $0.next = .failure(refusal) } }
    func answer(_ view: ReloadView) { state.withLock { $0.next = .success(view) } }

    func reload(_ actor: Bytes16) throws -> ReloadView {
        let next = state.withLock { state in
            state.actor = actor
            return state.next
        }
        return try next.get()
    }
}
