package import Anchoring
import Capture
package import Disclosure
import LedgerStore
import Readings
import Scrubbing
package import TangleClient

/// What `/v1/health` says: one sentence for each thing that needs a person.
package enum GatewayHealth {
    /// Sentences about silent devices; what is more is counted in one more.
    package static let deviceSentencesMax = 20

    static func now(
        writer: LogWriter, capture: CaptureFlow, anchoring: AnchorFlow, timeAnchors: [any TimeAnchor],
        nodes: NodeRoster, field: FieldSupervisor, scrubber: Scrubber, nowMs: Int64
    ) async -> Health {
        var problems: [String] = []
        if let refusal = await writer.signingRefusal { problems.append("The log is not signed: \(refusal).") }
        switch await capture.diskState {
        case .enough: break
        case .short:
            problems.append(
                "The disk is nearly full: gauges are not taken, counters and the log go on. Free some space.")
        case .full: problems.append("The disk is full: nothing is taken until there is space again.")
        }
        for anchor in timeAnchors {
            if let trouble = await anchor.trouble { problems.append("\(anchor.name) waits: \(trouble).") }
        }
        let anchors = await anchoring.status
        if let late = anchors.late { problems.append(sentence(late)) }
        problems += anchors.witnessTroubles.map { "A witness cannot be relied on: \($0)." }
        problems += sentences(await nodes.views, nowMs: nowMs)
        problems += sentences(await field.links(), nowMs: nowMs)
        problems += GatewayScrub.sentences(await scrubber.status)
        let lost = capture.intake.counts
        if lost.droppedGauges > 0 {
            problems.append("\(lost.droppedGauges) gauge readings were dropped because the queue was full.")
        }
        let crowded = await capture.counts.crowded
        if crowded > 0 {
            problems.append("\(crowded) readings were dropped because a point spoke more than once a millisecond.")
        }
        return Health(state: problems.isEmpty ? .ok : .problems, problems: problems)
    }

    /// Nodes that are not to be used, where there are several: of one alone it is told what anchoring waits for.
    package static func sentences(_ nodes: [NodeView], nowMs: Int64) -> [String] {
        guard nodes.count > 1 else { return [] }
        return nodes.compactMap { node in
            guard case .failing(let why, let sinceMs, let nextTryMs) = node.state else { return nil }
            let next = nextTryMs > nowMs ? "in \((nextTryMs - nowMs + 999) / 1_000) s" : "now"
            return "The node \(node.name) is not used since \(UTCTime.text(sinceMs)): \(why), next try \(next)."
        }
    }

    /// What has no proof, and since when.
    package static func sentence(_ late: AnchorFlow.Unproven) -> String {
        let since = UTCTime.text(late.sinceMs)
        return late.seq.map { "Anchor \($0), signed \(since), has no proof yet." }
            ?? "No state of the log could be anchored since \(since)."
    }

    /// Lines that are down, then devices that are silent on lines that are up.
    package static func sentences(_ links: [LinkView], nowMs: Int64) -> [String] {
        let lines = links.filter { $0.state == .down }.map { link in
            let since = link.sinceMs.map { " since \(UTCTime.text($0))" } ?? ""
            return link.kind == .mqtt
                ? "The MQTT broker \(link.address) does not answer\(since)."
                : "The Modbus line \(link.id) is down\(since)."
        }
        let devices = links.filter { $0.state == .up }.flatMap { link in
            link.units.compactMap { sentence($0, on: link, nowMs: nowMs) }
        }
        let told = devices.prefix(deviceSentencesMax)
        let more = devices.count - told.count
        return lines + told + (more > 0 ? ["\(more) devices more do not answer; see /v1/links."] : [])
    }

    private static func sentence(_ unit: UnitView, on link: LinkView, nowMs: Int64) -> String? {
        let place = "(unit \(unit.unit) on \(link.id))"
        switch unit.state {
        case .answering: return nil
        case .otherDevice:
            return "Another device than its profile describes answers for \(unit.device) \(place); it is not read."
        case .offline, .probing:
            // Before its first request has ended there is nothing to tell.
            guard unit.timeouts + unit.exceptions + unit.garbled > 0 else { return nil }
            let since = unit.lastGoodAtMs.map { "since \(UTCTime.text($0))" } ?? "and never did since the start"
            let next = unit.nextProbeAtMs.map { at in
                at > nowMs ? ", next try in \((at - nowMs + 999) / 1_000) s" : ", next try now"
            }
            return "Device \(unit.device) \(place) does not answer \(since)\(next ?? "")."
        }
    }
}
