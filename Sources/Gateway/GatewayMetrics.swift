import Anchoring
import Capture
import CoreMetrics
import Disclosure
import LogEntries
import MetricsExport
import Scrubbing
import TangleClient

/// What `/metrics` tells: what is counted behind swift-metrics, and what the parts of the gateway know at this moment.
struct GatewayMetrics: Sendable {
    /// One registry for the process, because swift-metrics can be bootstrapped once only.
    static let registry: MetricsRegistry = {
        let registry = MetricsRegistry(help: [
            requests + "_total": "Answers of the API, by route, method and status.",
            duration + "_seconds": "Time from a request of the API to its answer, by route.",
        ])
        MetricsSystem.bootstrap(registry)
        return registry
    }()

    static let requests = "plumbline_api_requests"
    static let duration = "plumbline_api_request_duration"

    let capture: CaptureFlow
    let anchoring: AnchorFlow
    let nodes: NodeRoster
    let events: NodeEventStream?
    let field: FieldSupervisor
    let disk: DiskSpace
    let scrubber: Scrubber
    let version: String
    let startedMs: Int64
    let nowMs: @Sendable () -> Int64

    /// Takes one answer of the API into account.
    static func count(route: String, method: String, status: Int, tookNs: Int64) {
        _ = registry
        Counter(label: requests, dimensions: [("route", route), ("method", method), ("status", "\(status)")])
            .increment()
        CoreMetrics.Timer(label: duration, dimensions: [("route", route)]).recordNanoseconds(tookNs)
    }

    /// The text of one answer.
    func text() async -> String {
        var families = Self.registry.families
        families += LinkMetrics.families(await field.links())
        families += await captureFamilies()
        families += AnchorMetrics.families(
            await anchoring.status, triesPerSecond: anchoring.triesPerSecond, nowMs: nowMs())
        families += NodeMetrics.families(await nodes.views)
        families += NodeMetrics.families(events?.views ?? [])
        families += GatewayScrub.families(await scrubber.status)
        families += ProcessMetrics.families(disk: disk)
        var build = MetricFamily("plumbline_build_info", .gauge, help: "1, with the version as a label.")
        build.add([MetricLabel("version", version)], 1)
        families.append(build)
        families.append(
            one("plumbline_uptime_seconds", .gauge, "Since the start.", Double(nowMs() - startedMs) / 1_000))
        return ExpositionText.text(families)
    }

    private func captureFamilies() async -> [MetricFamily] {
        let intake = capture.intake.counts
        let counts = await capture.counts
        let head = await capture.writer.configuration.configuration.head
        var queue = MetricFamily(
            "plumbline_queue_dropped_total", .counter,
            help: "Readings lost on their way to the ledger, by what the queue's policy did.")
        for (policy, count) in [
            ("oldest-gauge", intake.droppedGauges), ("replaced", intake.replaced), ("disk-floor", intake.refused),
            ("crowded", counts.crowded),
            ("superseded", counts.superseded),
        ] {
            queue.add([MetricLabel("policy", policy)], Double(count))
        }
        return [
            queue,
            one("plumbline_queue_length", .gauge, "Readings that wait now.", Double(capture.intake.length)),
            one("plumbline_queue_limit", .gauge, "Readings that may wait.", Double(capture.intake.lengthMax)),
            one("plumbline_readings_offered_total", .counter, "Readings from the field.", Double(intake.offered)),
            one("plumbline_readings_kept_total", .counter, "Readings on disk.", Double(counts.kept)),
            one(
                "plumbline_readings_unknown_total", .counter, "Readings of points that are in no building file.",
                Double(counts.unknownPoint)),
            one(
                "plumbline_readings_suppressed_total", .counter,
                "Readings that their point's report rule does not want.", Double(intake.suppressed)),
            one(
                "plumbline_readings_late_total", .counter, "Readings older than what their point showed already.",
                Double(counts.late)),
            MetricFamily(
                "plumbline_commit_seconds", .summary, help: "Time to put a group of readings on disk.",
                samples: [
                    MetricFamily.Sample(suffix: "_sum", value: Double(counts.commitMs) / 1_000),
                    MetricFamily.Sample(suffix: "_count", value: Double(counts.commits)),
                ]),
            one("plumbline_overload_events_total", .counter, "Overloads in the log.", Double(counts.overloadEvents)),
            one("plumbline_intervals_sealed_total", .counter, "Intervals in the log.", Double(counts.sealed)),
            one("plumbline_ledger_failures_total", .counter, "Rounds that the disk failed.", Double(counts.failures)),
            one("plumbline_model_revision", .gauge, "Of the building in force.", Double(head.modelRevision)),
            one(
                "plumbline_disk_state", .gauge, "0 enough space, 1 short (no gauges), 2 full (nothing is taken).",
                await capture.diskState.number),
        ]
    }

    private func one(_ name: String, _ kind: MetricFamily.Kind, _ help: String, _ value: Double) -> MetricFamily {
        MetricFamily(name, kind, help: help, samples: [MetricFamily.Sample(value: value)])
    }
}

extension CaptureFlow.DiskState {
    fileprivate var number: Double {
        switch self {
        case .enough: 0
        case .short: 1
        case .full: 2
        }
    }
}
