package import Modbus
package import Profiles
import Readings
package import TwinModel

/// What the field side shall be: every connection with all that makes it what it is, so that two plans can be compared.
package struct FieldPlan: Hashable, Sendable {
    package struct Bus: Hashable, Sendable {
        package let settings: ModbusSettings
        /// In order of device; without what was learned, which belongs to the running side.
        package let units: [ModbusUnit]
    }

    /// A device behind the broker.
    package struct Source: Hashable, Sendable {
        package let device: String
        package let root: String
        package let profile: DeviceProfile
        package let points: [BoundPoint]
    }

    package let buses: [ModbusTransport: Bus]
    /// In order of device.
    package let sources: [Source]

    package init(buses: [ModbusTransport: Bus] = [:], sources: [Source] = []) {
        self.buses = buses
        self.sources = sources
    }

    /// - Parameter numbering: knows every point of the plan's building.
    package init(_ plan: GatewayPlan, numbering: Numbering) {
        let bound = Self.bound(plan, numbering)
        var units: [ModbusTransport: [(unit: ModbusUnit, patience: Patience)]] = [:]
        var sources: [Source] = []
        for device in plan.building.devices {
            guard let profile = plan.profiles.profile(device.profile), let points = bound[device.id] else { continue }
            if let (transport, unit) = device.address.bus {
                units[transport, default: []].append(
                    (ModbusUnit(id: unit, device: device.id, profile: profile, points: points), device.patience))
            } else if case .mqtt(let root) = device.address {
                sources.append(Source(device: device.id, root: root, profile: profile, points: points))
            }
        }
        var buses: [ModbusTransport: Bus] = [:]
        for (transport, members) in units {
            var settings = ModbusSettings(transport)
            // The most patient device of a bus decides: the others lose a little time, it loses nothing.
            if let ms = members.compactMap(\.patience.timeoutMs).max() { settings.responseMsMax = Int(ms) }
            if let ms = members.compactMap(\.patience.gapMs).max() { settings.gapMs = Int(ms) }
            buses[transport] = Bus(settings: settings, units: members.map(\.unit))
        }
        self.init(buses: buses, sources: sources)
    }

    /// The connection of a Modbus device; `nil` for others.
    package func transport(of device: String) -> ModbusTransport? {
        buses.first { $0.value.units.contains { $0.device == device } }?.key
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
}

/// The way from one plan to the next, in order of the transports' text.
package struct FieldChange: Hashable, Sendable {
    package private(set) var kept: [ModbusTransport] = []
    package private(set) var changed: [ModbusTransport] = []
    package private(set) var started: [ModbusTransport] = []
    package private(set) var ended: [ModbusTransport] = []

    package init(from old: FieldPlan, to new: FieldPlan) {
        for transport in Set(old.buses.keys).union(new.buses.keys).sorted(by: { "\($0)" < "\($1)" }) {
            switch (old.buses[transport], new.buses[transport]) {
            case (nil, _): started.append(transport)
            case (_, nil): ended.append(transport)
            case (let before, let after):
                if before == after { kept.append(transport) } else { changed.append(transport) }
            }
        }
    }
}

extension DeviceAddress {
    /// The wire of a Modbus device and its unit id on it.
    var bus: (transport: ModbusTransport, unit: UInt8)? {
        switch self {
        case .modbus(let host, let port, let unit): (.tcp(host: host, port: port), unit)
        case .rtuOverTCP(let host, let port, let unit): (.rtuOverTCP(host: host, port: port), unit)
        case .serial(let path, let baud, let mode, let unit):
            (.serial(path: path, baud: baud, mode: SerialMode(mode) ?? .n1), unit)
        case .mqtt: nil
        }
    }
}
