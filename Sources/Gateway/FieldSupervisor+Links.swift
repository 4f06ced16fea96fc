import BrokerClient
package import Disclosure
import Modbus
import MQTT
import Profiles

/// How every connection fares, for the API, the page, the metrics and the health sentences.
extension FieldSupervisor {
    /// In order of id.
    package func links() -> [LinkView] {
        var links = buses.compactMap { transport, running in
            plan.buses[transport].map { link(transport, $0, running.connection.statistics) }
        }
        if let broker, let settings = surroundings.broker { links.append(link(settings, broker.connection.statistics)) }
        return links.sorted { $0.id < $1.id }
    }

    private func link(_ transport: ModbusTransport, _ bus: FieldPlan.Bus, _ now: ModbusStatistics) -> LinkView {
        LinkView(
            id: transport.description, kind: transport.kind, address: transport.address,
            state: now.isUp ? .up : now.lineFailures > 0 ? .down : .connecting, sinceMs: now.sinceMs,
            connects: now.connects, failures: now.lineFailures,
            bus: LinkView.Bus(gapMs: bus.settings.gapMs, timeoutMs: bus.settings.responseMsMax),
            units: bus.units.sorted { $0.device < $1.device }.map {
                unit($0, now.units[$0.id] ?? ModbusStatistics.UnitStatistics())
            })
    }

    private func unit(_ unit: ModbusUnit, _ now: ModbusStatistics.UnitStatistics) -> UnitView {
        let state: UnitView.State =
            if now.isAnswering { .answering } else if surroundings.journal.isOther(unit.device) {
                .otherDevice
            } else if now.breaker == .probing { .probing } else { .offline }
        let hasAnswered = now.lastAnswerAtMs != nil
        return UnitView(
            device: unit.device, unit: unit.id, state: state, lastGoodAtMs: now.lastAnswerAtMs,
            roundTripUs: hasAnswered ? now.roundTripUs : nil, roundTripUsMax: hasAnswered ? now.roundTripUsMax : nil,
            requests: now.requests, answers: now.answers, timeouts: now.timeouts, exceptions: now.exceptions,
            garbled: now.garbled, lateAnswers: now.lateAnswers, nextProbeAtMs: now.nextProbeAtMs,
            learned: now.learned.flatMap { $0.isEmpty ? nil : UnitView.Learned($0) })
    }

    private func link(_ settings: MQTTSettings, _ now: MQTTStatistics) -> LinkView {
        let host = settings.host.utf8.contains(UInt8(ascii: ":")) ? "[\(settings.host)]" : settings.host
        return LinkView(
            id: "mqtt://\(host):\(settings.port)", kind: .mqtt, address: "\(host):\(settings.port)",
            state: now.isConnected ? .up : now.failures > 0 ? .down : .connecting, sinceMs: now.sinceMs,
            connects: now.connects, failures: now.failures,
            messages: LinkView.Messages(
                received: now.messages, malformed: now.malformed, dropped: now.dropped, lastAtMs: now.lastMessageAtMs))
    }
}

extension UnitView.Learned {
    init(_ layout: LearnedLayout) {
        self.init(
            holes: layout.holes.map {
                Hole(
                    function: Int($0.function.rawValue), from: Int($0.addresses.lowerBound),
                    to: Int($0.addresses.upperBound))
            }, registerCountMax: layout.registerCountMax)
    }
}

extension ModbusTransport {
    fileprivate var kind: LinkView.Kind {
        switch self {
        case .tcp: .modbusTCP
        case .rtuOverTCP: .modbusRTUOverTCP
        case .serial: .modbusRTU
        }
    }

    /// Without the scheme.
    fileprivate var address: String {
        let text = description
        return text.firstRange(of: "://").map { String(text[$0.upperBound...]) }
            ?? text.firstIndex(of: ":").map { String(text[text.index(after: $0)...]) } ?? text
    }
}
