package import Readings
internal import Synchronization

/// What queues had to let go, told by whoever lost it, kept until it stands in the log. Never blocks for long, never fails.
///
/// Queues and policies are few and fixed words of this program, so the book cannot grow; readings are summed, not kept.
package final class LossBook: Sendable {
    /// A queue and what it does when it is full.
    package struct Place: Hashable, Sendable {
        /// Such as `intake` or `mqtt.inbox`.
        package let queue: String
        /// Such as `oldest-gauge-dropped`.
        package let policy: String

        package init(queue: String, policy: String) {
            self.queue = queue
            self.policy = policy
        }

        package static let intakeFull = Place(queue: "intake", policy: "oldest-gauge-dropped")
        package static let intakeReplaced = Place(queue: "intake", policy: "older-replaced-by-newer")
        package static let diskShort = Place(queue: "intake", policy: "gauge-refused-disk-short")
        package static let crowded = Place(queue: "placement", policy: "more-than-one-a-millisecond")
        package static let mqttInbox = Place(queue: "mqtt.inbox", policy: "message-dropped")
        package static let twinSubscriber = Place(queue: "twin.subscriber", policy: "oldest-batch-dropped")
        package static let eventsWaiting = Place(queue: "events", policy: "newest-event-dropped")
    }

    /// Losses of one place that were not told yet.
    package struct Loss: Hashable, Sendable {
        package var count: UInt64
        /// The first point that lost something; `nil` when the queue does not know.
        package var point: PointNumber?
        /// Capture instants of the first and the last loss, UTC ms.
        package var fromMs: Int64
        package var toMs: Int64

        package init(count: UInt64, point: PointNumber?, fromMs: Int64, toMs: Int64) {
            self.count = count
            self.point = point
            self.fromMs = fromMs
            self.toMs = toMs
        }
    }

    private let losses = Mutex<[Place: Loss]>([:])
    private let sums = Mutex<[Place: UInt64]>([:])

    package init() {}

    package func note(_ place: Place, count: UInt64 = 1, point: PointNumber? = nil, atMs: Int64) {
        if count == 0 { return }
        losses.withLock { losses in
            var loss = losses[place] ?? Loss(count: 0, point: nil, fromMs: atMs, toMs: atMs)
            loss.count += count
            loss.point = loss.point ?? point
            loss.fromMs = min(loss.fromMs, atMs)
            loss.toMs = max(loss.toMs, atMs)
            losses[place] = loss
        }
    }

    /// The same from a queue that tells its sum since it began to lose; `isOver` ends that sum.
    package func note(_ place: Place, sum: UInt64, isOver: Bool, atMs: Int64) {
        let known = sums.withLock { sums in
            defer { sums[place] = isOver ? nil : sum }
            return sums[place] ?? 0
        }
        note(place, count: sum - min(known, sum), atMs: atMs)
    }

    /// Takes out what was noted since the last call.
    package func take() -> [Place: Loss] {
        losses.withLock { losses in
            if losses.isEmpty { return [:] }
            defer { losses = [:] }
            return losses
        }
    }
}
