package import Readings

/// Turns single losses into few events: one when a queue begins to lose, one when it has stopped, and in between at most one a
/// minute. No loss is left out of the sums. Pure: instants come in.
package struct OverloadEpisodes: Sendable {
    /// Least time between two events about one queue and policy, ms.
    package static let everyMs: UInt64 = 60_000
    /// An episode has ended when nothing was lost for this long, ms.
    package static let quietMs: UInt64 = 10_000

    package enum Phase: String, Sendable { case start, ongoing, end }

    /// One event about one queue and policy.
    package struct Event: Hashable, Sendable {
        package let place: LossBook.Place
        package let phase: Phase
        /// Lost since the last event of this episode.
        package let count: UInt64
        /// Lost since the episode began.
        package let total: UInt64
        package let point: PointNumber?
        /// From the first to the last loss that `count` counts; at an end without one, of the last loss, UTC ms.
        package let fromMs: Int64
        package let toMs: Int64
    }

    private struct Episode {
        var untold: LossBook.Loss
        var total: UInt64 = 0
        var point: PointNumber?
        var isOpen = false
        var toldMs: UInt64?
        var lastLossMs: UInt64
    }

    private var episodes: [LossBook.Place: Episode] = [:]

    package init() {}

    /// - Parameter monoMs: now, by a clock that only rises.
    package mutating func note(_ losses: [LossBook.Place: LossBook.Loss], monoMs: UInt64) {
        for (place, loss) in losses {
            guard var episode = episodes[place] else {
                episodes[place] = Episode(untold: loss, point: loss.point, lastLossMs: monoMs)
                continue
            }
            if episode.untold.count == 0 {
                episode.untold = loss
            } else {
                episode.untold.count += loss.count
                episode.untold.fromMs = min(episode.untold.fromMs, loss.fromMs)
                episode.untold.toMs = max(episode.untold.toMs, loss.toMs)
            }
            episode.point = episode.point ?? loss.point
            episode.lastLossMs = monoMs
            episodes[place] = episode
        }
    }

    /// What is to be told now, in order of queue and policy. It stays due until `wasTold`.
    package func due(monoMs: UInt64) -> [Event] {
        var events: [Event] = []
        for (place, episode) in episodes {
            if let toldMs = episode.toldMs, monoMs < toldMs + Self.everyMs { continue }
            let phase: Phase
            if !episode.isOpen {
                guard episode.untold.count > 0 else { continue }
                phase = .start
            } else {
                phase = monoMs >= episode.lastLossMs + Self.quietMs ? .end : .ongoing
            }
            events.append(
                Event(
                    place: place, phase: phase, count: episode.untold.count,
                    total: episode.total + episode.untold.count, point: episode.point, fromMs: episode.untold.fromMs,
                    toMs: episode.untold.toMs))
        }
        return events.sorted { ($0.place.queue, $0.place.policy) < ($1.place.queue, $1.place.policy) }
    }

    /// The event stands in the log.
    package mutating func wasTold(_ event: Event, monoMs: UInt64) {
        guard var episode = episodes[event.place] else { return }
        episode.untold.count -= min(event.count, episode.untold.count)
        episode.untold.fromMs = episode.untold.toMs
        episode.toldMs = monoMs
        episode.isOpen = event.phase != .end
        episode.total = episode.isOpen ? event.total : 0
        if !episode.isOpen { episode.point = nil }
        episodes[event.place] = episode
    }
}
