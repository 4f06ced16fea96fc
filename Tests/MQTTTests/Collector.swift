import Foundation
import MQTT
import Readings
import Synchronization

/// Takes what a connection tells and lets a test wait for it, with a bound and without asking again and again.
final class Collector: Sendable {
    struct Told {
        var readings: [Reading] = []
        var events: [MQTTEvent] = []

        func readings(_ point: UInt32) -> [Reading] { readings.filter { $0.point == PointNumber(point) } }
        func last(_ point: UInt32) -> Reading? { readings(point).last }
    }

    private struct Waiter {
        let id: Int
        let condition: @Sendable (Told) -> Bool
        let continuation: CheckedContinuation<Bool, Never>
    }

    private struct State {
        var told = Told()
        var waiters: [Waiter] = []
        var lastID = 0
    }

    private let state = Mutex(State())

    var told: Told { state.withLock { $0.told } }

    func add(_ readings: [Reading]) { change { $0.readings += readings } }
    func add(_ event: MQTTEvent) { change { $0.events.append(event) } }

    private func change(_ body: @Sendable (inout Told) -> Void) {
        let ready = state.withLock { state in
            body(&state.told)
            let told = state.told
            let ready = state.waiters.filter { $0.condition(told) }
            state.waiters.removeAll { waiter in ready.contains { $0.id == waiter.id } }
            return ready
        }
        for waiter in ready { waiter.continuation.resume(returning: true) }
    }

    /// Whether the condition came true within the time.
    func wait(seconds: Double = 20, _ condition: @escaping @Sendable (Told) -> Bool) async -> Bool {
        await withCheckedContinuation { continuation in
            let id: Int? = state.withLock { state in
                if condition(state.told) { return nil }
                state.lastID += 1
                state.waiters.append(Waiter(id: state.lastID, condition: condition, continuation: continuation))
                return state.lastID
            }
            guard let id else {
                continuation.resume(returning: true)
                return
            }
            DispatchQueue.global().asyncAfter(deadline: .now() + seconds) {
                let late = self.state.withLock { state in
                    let late = state.waiters.first { $0.id == id }
                    state.waiters.removeAll { $0.id == id }
                    return late
                }
                late?.continuation.resume(returning: false)
            }
        }
    }
}
