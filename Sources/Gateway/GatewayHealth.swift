import Anchoring
import Capture
import Disclosure
import LedgerStore
import Modbus
import MQTT

/// What `/v1/health` says: one sentence for each thing that needs a person.
enum GatewayHealth {
    static func now(writer: LogWriter, capture: CaptureFlow, anchoring: AnchorFlow, lines: FieldLines) async -> Health {
        var problems: [String] = []
        if let refusal = await writer.signingRefusal { problems.append("The log is not signed: \(refusal).") }
        switch await capture.diskState {
        case .enough: break
        case .short:
            problems.append(
                "The disk is nearly full: gauges are not taken, counters and the log go on. Free some space.")
        case .full: problems.append("The disk is full: nothing is taken until there is space again.")
        }
        if let trouble = await anchoring.status.trouble { problems.append("Anchoring waits: \(trouble).") }
        for line in lines.modbus where !line.statistics.isUp && line.statistics.lineFailures > 0 {
            problems.append("A Modbus line is down.")
        }
        if let mqtt = lines.mqtt, !mqtt.statistics.isConnected, mqtt.statistics.failures > 0 {
            problems.append("The MQTT broker does not answer.")
        }
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
}
