import Capture
import Logging
import Modbus
import MQTT
import Profiles
import Readings
import TwinModel

/// Every connection to the field that a building asks for, ready to run. Readings go to the intake, changes of state to the journal.
struct FieldLines: Sendable {
    let modbus: [ModbusConnection]
    let mqtt: MQTTConnection?

    /// - Parameter chance: 0 ..< 1, spreads reconnects.
    init(
        _ plan: GatewayPlan, numbering: Numbering, intake: Intake, journal: Logger, clock: Clock,
        chance: @escaping @Sendable () -> Double
    ) throws {
        let bound = Self.bound(plan, numbering)
        let nowMs: @Sendable () -> Int64 = { Int64(clamping: clock.wallMs()) }
        let deliver: @Sendable ([Reading]) -> Void = { intake.offer($0) }
        var units: [Line: [ModbusUnit]] = [:]
        var sources: [MQTTDevice] = []
        for device in plan.building.devices {
            guard let profile = plan.profiles.profile(device.profile), let points = bound[device.id] else { continue }
            switch device.address {
            case .modbus(let host, let port, let unit):
                units[Line(host: host, port: port), default: []].append(
                    ModbusUnit(id: unit, device: device.id, profile: profile, points: points))
            case .mqtt(let root):
                sources.append(MQTTDevice(device: device.id, root: root, profile: profile, points: points))
            case .serial(let path, _, _, _):
                journal.error(
                    "serial lines are not read in this release",
                    metadata: ["device": "\(device.id)", "path": "\(path)"])
            }
        }
        modbus = units.sorted { ($0.key.host, $0.key.port) < ($1.key.host, $1.key.port) }.map { line, units in
            ModbusConnection(
                ModbusSettings(.tcp(host: line.host, port: line.port)), units: units, nowMs: nowMs, chance: chance,
                deliver: deliver, report: { Self.tell($0, journal) })
        }
        guard !sources.isEmpty, let broker = try plan.configuration.fieldBroker() else {
            mqtt = nil
            return
        }
        mqtt = MQTTConnection(
            broker, devices: sources, zones: try plan.mqttZones(), nowMs: nowMs, chance: chance, deliver: deliver,
            report: { Self.tell($0, journal) })
    }

    private struct Line: Hashable {
        let host: String
        let port: UInt16
    }

    /// Points by device, with the number the ledger gave them.
    private static func bound(_ plan: GatewayPlan, _ numbering: Numbering) -> [String: [BoundPoint]] {
        var bound: [String: [BoundPoint]] = [:]
        for point in plan.building.points {
            guard let number = numbering.points[point.id], let profile = plan.profiles.profile(point.binding.profile),
                let source = profile.point(point.binding.profilePoint)
            else { continue }
            let everyMs = Int64(point.pollSeconds ?? point.expectedSeconds ?? 60) * 1_000
            bound[point.binding.device, default: []].append(BoundPoint(point: number, source: source, everyMs: everyMs))
        }
        return bound
    }

    private static func tell(_ event: ModbusEvent, _ journal: Logger) {
        switch event {
        case .lineUp(let line): journal.notice("modbus line is up", metadata: ["line": "\(line)"])
        case .lineDown(let line, let error, let retryMs):
            journal.warning(
                "modbus line is down: \(error)", metadata: ["line": "\(line)", "retryMs": "\(retryMs)"])
        case .unitOffline(let device, let unit, let error):
            journal.warning("device does not answer: \(error)", metadata: ["device": "\(device)", "unit": "\(unit)"])
        case .unitBack(let device, let unit):
            journal.notice("device answers again", metadata: ["device": "\(device)", "unit": "\(unit)"])
        case .otherDevice(let device, let unit, let address, let expected, let found):
            journal.error(
                "another device answers than the profile describes; it is not read",
                metadata: [
                    "device": "\(device)", "unit": "\(unit)", "address": "\(address)", "expected": "\(expected)",
                    "found": "\(found)",
                ])
        case .pointRefused(let device, let unit, let point, let code):
            journal.warning(
                "device refuses a point; it is read around",
                metadata: ["device": "\(device)", "unit": "\(unit)", "point": "\(point)", "exception": "\(code)"])
        case .functionRefused(let device, let unit, let function, let pointCount):
            journal.warning(
                "device does not know a function; the points that need it are not read",
                metadata: [
                    "device": "\(device)", "unit": "\(unit)", "function": "\(function.rawValue)",
                    "points": "\(pointCount)",
                ])
        case .learned(let device, let layout):
            journal.notice(
                "what a device refuses was learned", metadata: ["device": "\(device)", "layout": "\(layout)"])
        }
    }

    private static func tell(_ event: MQTTEvent, _ journal: Logger) {
        let facts = event.facts.mapValues { Logger.MetadataValue.string($0) }
        journal.log(level: event.isTrouble ? .warning : .notice, "\(event)", metadata: facts)
    }
}
