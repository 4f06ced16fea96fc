package import CoreMetrics
internal import Synchronization

/// The exporter behind swift-metrics: keeps every series in memory and gives them out as families.
///
/// A bounded number of series is kept; what comes beyond counts into nothing and is told by `droppedSeries`.
package final class MetricsRegistry: MetricsFactory, Sendable {
    package static let seriesCountMax = 2_000
    /// Longest value of a label; the rest is cut off.
    static let labelBytesMax = 200

    private struct Key: Hashable {
        let name: String
        let labels: [MetricLabel]
    }

    private struct State {
        var series: [Key: MetricSeries] = [:]
        /// One name, one kind.
        var kinds: [String: MetricSeries.Kind] = [:]
        var dropped = 0
    }

    private let help: [String: String]
    private let state = Mutex(State())

    /// - Parameter help: one sentence for each name.
    package init(help: [String: String] = [:]) { self.help = help }

    /// Series that were asked for and are not kept.
    package var droppedSeries: Int { state.withLock { $0.dropped } }

    /// All families in order of name, the series of each in order of their labels.
    package var families: [MetricFamily] {
        let (series, kinds) = state.withLock { ($0.series, $0.kinds) }
        let byName = Dictionary(grouping: series) { $0.key.name }
        return byName.sorted { $0.key < $1.key }.compactMap { name, members in
            guard let kind = kinds[name] else { return nil }
            let ordered = members.sorted { Self.order($0.key.labels) < Self.order($1.key.labels) }
            return MetricFamily(
                name, kind.family, help: help[name] ?? "", samples: ordered.flatMap(\.value.samples))
        }
    }

    private static func order(_ labels: [MetricLabel]) -> String {
        labels.map { $0.name + "\u{0}" + $0.value }.joined(separator: "\u{0}")
    }

    /// The series of this name and these labels, made when there is none; one that counts into nothing where it cannot be kept.
    private func series(_ name: String, _ kind: MetricSeries.Kind, _ dimensions: [(String, String)]) -> MetricSeries {
        let labels = dimensions.map { MetricLabel($0.0, String($0.1.unicodeScalars.prefix(Self.labelBytesMax))) }
        return state.withLock { state in
            let key = Key(name: name, labels: labels)
            if let known = state.series[key], known.kind == kind { return known }
            guard state.kinds[name] ?? kind == kind, state.series.count < Self.seriesCountMax,
                labels.allSatisfy({ MetricName.isLegalLabel($0.name) })
            else {
                state.dropped += 1
                return MetricSeries(kind, labels: labels)
            }
            let made = MetricSeries(kind, labels: labels)
            state.series[key] = made
            state.kinds[name] = kind
            return made
        }
    }

    private func forget(_ handler: AnyObject) {
        state.withLock { state in
            guard let key = state.series.first(where: { $0.value === handler })?.key else { return }
            state.series[key] = nil
            if !state.series.keys.contains(where: { $0.name == key.name }) { state.kinds[key.name] = nil }
        }
    }
}

extension MetricsRegistry {
    package func makeCounter(label: String, dimensions: [(String, String)]) -> any CounterHandler {
        series(MetricName.made(from: label, suffix: "_total"), .counter, dimensions)
    }

    package func makeFloatingPointCounter(
        label: String, dimensions: [(String, String)]
    ) -> any FloatingPointCounterHandler {
        series(MetricName.made(from: label, suffix: "_total"), .counter, dimensions)
    }

    package func makeMeter(label: String, dimensions: [(String, String)]) -> any MeterHandler {
        series(MetricName.made(from: label), .gauge, dimensions)
    }

    package func makeRecorder(label: String, dimensions: [(String, String)], aggregate: Bool) -> any RecorderHandler {
        series(MetricName.made(from: label), aggregate ? .recorder : .gauge, dimensions)
    }

    package func makeTimer(label: String, dimensions: [(String, String)]) -> any TimerHandler {
        series(MetricName.made(from: label, suffix: "_seconds"), .timer, dimensions)
    }

    package func destroyCounter(_ handler: any CounterHandler) { forget(handler) }
    package func destroyFloatingPointCounter(_ handler: any FloatingPointCounterHandler) { forget(handler) }
    package func destroyMeter(_ handler: any MeterHandler) { forget(handler) }
    package func destroyRecorder(_ handler: any RecorderHandler) { forget(handler) }
    package func destroyTimer(_ handler: any TimerHandler) { forget(handler) }
}
