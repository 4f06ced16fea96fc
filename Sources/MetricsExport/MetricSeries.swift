internal import CoreMetrics
internal import Synchronization

/// One series behind swift-metrics, of whatever kind; may be counted on from any thread.
final class MetricSeries: Sendable {
    enum Kind: Hashable, Sendable {
        case counter, gauge, timer, recorder

        var family: MetricFamily.Kind {
            switch self {
            case .counter: .counter
            case .gauge: .gauge
            case .timer: .histogram
            case .recorder: .summary
            }
        }
    }

    /// Upper ends of a timer's buckets, in seconds; the last one, infinity, goes without saying.
    static let bucketSeconds: [Double] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]

    private struct State {
        /// The value of a counter or gauge, the sum of the others.
        var value = 0.0
        var count = 0
        /// How many lie in each bucket, without those in the buckets before.
        var buckets = [Int](repeating: 0, count: bucketSeconds.count)
    }

    let kind: Kind
    let labels: [MetricLabel]
    private let state = Mutex(State())

    init(_ kind: Kind, labels: [MetricLabel]) {
        self.kind = kind
        self.labels = labels
    }

    func add(_ value: Double) {
        // A counter that falls, or a sum that is no number, would spoil the series for ever.
        guard value.isFinite, kind != .counter || value >= 0 else { return }
        state.withLock { $0.value += value }
    }

    func put(_ value: Double) { state.withLock { $0.value = value } }

    func observe(_ value: Double) {
        guard value.isFinite else { return }
        state.withLock { state in
            state.value += value
            state.count += 1
            if kind == .timer, let bucket = Self.bucketSeconds.firstIndex(where: { value <= $0 }) {
                state.buckets[bucket] += 1
            }
        }
    }

    var samples: [MetricFamily.Sample] {
        let now = state.withLock { $0 }
        switch kind {
        case .counter, .gauge: return [MetricFamily.Sample(labels: labels, value: now.value)]
        case .recorder: return ends(now)
        case .timer:
            var below = 0
            var samples = zip(Self.bucketSeconds, now.buckets).map { end, count in
                below += count
                return bucket(ExpositionText.number(end), below)
            }
            samples.append(bucket("+Inf", now.count))
            return samples + ends(now)
        }
    }

    private func bucket(_ end: String, _ count: Int) -> MetricFamily.Sample {
        MetricFamily.Sample(suffix: "_bucket", labels: labels + [MetricLabel("le", end)], value: Double(count))
    }

    private func ends(_ state: State) -> [MetricFamily.Sample] {
        [
            MetricFamily.Sample(suffix: "_sum", labels: labels, value: state.value),
            MetricFamily.Sample(suffix: "_count", labels: labels, value: Double(state.count)),
        ]
    }
}

extension MetricSeries: CounterHandler, FloatingPointCounterHandler, MeterHandler, RecorderHandler, TimerHandler {
    func increment(by amount: Int64) { add(Double(amount)) }
    func increment(by amount: Double) { add(amount) }
    func decrement(by amount: Double) { add(-amount) }
    func reset() { put(0) }
    func set(_ value: Int64) { put(Double(value)) }
    func set(_ value: Double) { put(value) }
    func record(_ value: Int64) { record(Double(value)) }
    func record(_ value: Double) { if kind == .gauge { put(value) } else { observe(value) } }
    func recordNanoseconds(_ duration: Int64) { observe(Double(duration) / 1_000_000_000) }
}
