internal import Commanding
import Synchronization

/// Counts calls per token and minute: reads, costly ones and commands apart, and event streams that are open now.
package final class RateLimits: Sendable {
    package enum Cost: String, Sendable {
        case read, costly, command

        var limit: Int {
            switch self {
            case .read: RateLimits.readsMax
            case .costly: RateLimits.costlyMax
            case .command: CommandRules.perMinuteMax
            }
        }
    }

    /// Calls in 60 s of one token.
    package static let readsMax = 600
    package static let costlyMax = 30
    /// Failed sign-ins in 60 s of the whole gateway.
    package static let refusalsMax = 120
    package static let streamsMax = 64
    package static let windowMs: Int64 = 60_000

    private struct Window {
        var startMs: Int64
        var count: Int
    }

    private struct State {
        var windows: [String: Window] = [:]
        var streams: Set<String> = []
    }

    private let state = Mutex(State())

    package init() {}

    package struct Remaining: Hashable, Sendable {
        package let limit: Int
        package let left: Int
        package let resetSeconds: Int
    }

    /// Takes one call from the token's minute.
    package func take(_ cost: Cost, key: String, nowMs: Int64) throws(Problem) -> Remaining {
        try take(name: cost.rawValue + " " + key, limit: cost.limit, nowMs: nowMs)
    }

    package func takeRefusal(nowMs: Int64) throws(Problem) {
        _ = try take(name: "refusal", limit: Self.refusalsMax, nowMs: nowMs)
    }

    private func take(name: String, limit: Int, nowMs: Int64) throws(Problem) -> Remaining {
        let remaining = state.withLock { state in
            // Windows of tokens that went silent are dropped, so that the table stays as small as the tokens in use.
            if state.windows.count > 1_000 {
                state.windows = state.windows.filter { nowMs - $0.value.startMs < Self.windowMs }
            }
            var window = state.windows[name] ?? Window(startMs: nowMs, count: 0)
            if nowMs - window.startMs >= Self.windowMs || nowMs < window.startMs {
                window = Window(startMs: nowMs, count: 0)
            }
            window.count += 1
            state.windows[name] = window
            let resetSeconds = Int((window.startMs + Self.windowMs - nowMs + 999) / 1000)
            return Remaining(limit: limit, left: limit - window.count, resetSeconds: resetSeconds)
        }
        guard remaining.left >= 0 else { throw Self.tooMany(afterSeconds: remaining.resetSeconds) }
        return remaining
    }

    /// Takes the token's only stream, one of all; give it back with `closeStream`.
    package func openStream(key: String) throws(Problem) {
        let isTaken = state.withLock { state in
            guard state.streams.count < Self.streamsMax, !state.streams.contains(key) else { return true }
            state.streams.insert(key)
            return false
        }
        if isTaken {
            throw Problem(
                .tooManyRequests,
                Words(
                    "One event stream per token and 64 in all may be open. Close the other one first.",
                    "Je Token darf ein Ereignisstrom offen sein, insgesamt 64. Schließen Sie zuerst den anderen.")
            ).adding(header: "Retry-After", "15")
        }
    }

    package func closeStream(key: String) { state.withLock { _ = $0.streams.remove(key) } }

    private static func tooMany(afterSeconds: Int) -> Problem {
        Problem(
            .tooManyRequests,
            Words("Go on in \(afterSeconds) s.", "Weiter geht es in \(afterSeconds) s.")
        ).adding(header: "Retry-After", String(afterSeconds))
    }
}
