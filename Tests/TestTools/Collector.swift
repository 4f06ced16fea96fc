import Foundation
package import Readings
import Synchronization

/// Takes what a connection tells and lets a test wait for it, with a bound and without asking again and again.
package final class Collector<Event: Sendable>: Sendable {
    package struct Told: Sendable {
        package var readings: [Reading] = []
        package var events: [Event] = []

        package func readings(_ point: UInt32) -> [Reading] { readings.filter { $0.point == PointNumber(point) } }
        package func last(_ point: UInt32) -> Reading? { readings(point).last }
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

    package init() {}

    package var told: Told { state.withLock { $0.told } }

    package func add(_ readings: [Reading]) { change { $0.readings += readings } }
    package func add(_ event: Event) { change { $0.events.append(event) } }

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
    package func wait(seconds: Double = 20, _ condition: @escaping @Sendable (Told) -> Bool) async -> Bool {
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
