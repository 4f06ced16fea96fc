package import Logging
import Modbus
import MQTT
import Profiles
import Synchronization

/// One journal line for each change of state of a connection or a device; remembers whom another device answers for.
package final class FieldJournal: Sendable {
    private let journal: Logger
    /// Devices in whose place another one answers.
    private let others = Mutex<Set<String>>([])

    package init(_ journal: Logger) { self.journal = journal }

    func isOther(_ device: String) -> Bool { others.withLock { $0.contains(device) } }

    /// Only these are Modbus devices now.
    func keep(devices: Set<String>) { others.withLock { $0.formIntersection(devices) } }

    func tell(_ event: ModbusEvent, on line: ModbusTransport) {
        switch event {
        case .lineUp: journal.notice("modbus line is up", metadata: ["line": "\(line)"])
        case .lineDown(_, let error, let retryMs):
            journal.warning(
                "modbus line is down: \(error)", metadata: ["line": "\(line)", "retryMs": "\(retryMs)"])
        case .unitOffline(let device, let unit, let error):
            journal.warning("device does not answer: \(error)", metadata: Self.place(device, unit, line))
        case .unitBack(let device, let unit):
            others.withLock { _ = $0.remove(device) }
            journal.notice("device answers again", metadata: Self.place(device, unit, line))
        case .otherDevice(let device, let unit, let address, let expected, let found):
            others.withLock { _ = $0.insert(device) }
            var facts = Self.place(device, unit, line)
            facts["address"] = "\(address)"
            facts["expected"] = "\(expected)"
            facts["found"] = "\(found)"
            journal.error("another device answers than the profile describes; it is not read", metadata: facts)
        case .pointRefused(let device, let unit, let point, let code):
            var facts = Self.place(device, unit, line)
            facts["point"] = "\(point)"
            facts["exception"] = "\(code)"
            journal.warning("device refuses a point; it is read around", metadata: facts)
        case .functionRefused(let device, let unit, let function, let pointCount):
            var facts = Self.place(device, unit, line)
            facts["function"] = "\(function.rawValue)"
            facts["points"] = "\(pointCount)"
            journal.warning("device does not know a function; the points that need it are not read", metadata: facts)
        case .learned(let device, let layout):
            journal.notice(
                "what a device refuses was learned",
                metadata: ["device": "\(device)", "line": "\(line)", "layout": "\(layout)"])
        }
    }

    /// - Parameter broker: `HOST:PORT`.
    func tell(_ event: MQTTEvent, on broker: String) {
        var facts = event.facts.mapValues { Logger.MetadataValue.string($0) }
        facts["broker"] = "\(broker)"
        journal.log(level: event.isTrouble ? .warning : .notice, "\(event)", metadata: facts)
    }

    private static func place(_ device: String, _ unit: UInt8, _ line: ModbusTransport) -> Logger.Metadata {
        ["device": "\(device)", "unit": "\(unit)", "line": "\(line)"]
    }
}
