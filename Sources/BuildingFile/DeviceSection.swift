import Hashing
import Profiles
import SourceYAML
import TwinModel

/// `devices:` of a building file.
enum DeviceSection {
    struct Found {
        let device: Device
        let profile: DeviceProfile
        /// How often its points are read or expected, unless a point says otherwise.
        let everySeconds: UInt32
    }

    /// Shortest and longest span between two values of a point.
    static let everyMs: ClosedRange<Int64> = 1_000...86_400_000
    /// For Modbus the poll; MQTT sensors speak seldom.
    static let modbusEverySeconds: UInt32 = 10
    static let mqttEverySeconds: UInt32 = 900
    /// From a request to the last byte of its answer.
    static let timeoutMs: ClosedRange<Int64> = 50...30_000
    /// Silence between two requests.
    static let gapMs: ClosedRange<Int64> = 0...1_000

    static func read(_ node: YAMLNode?, profiles: ProfileLibrary) throws(SourceError) -> [String: Found] {
        var found: [String: Found] = [:]
        var taken: [DeviceAddress: String] = [:]
        var wires: [String: (wire: Wire, device: String)] = [:]
        for entry in try node?.entries() ?? [] {
            try BuildingFile.checkKey(entry, what: "device")
            let device = try device(entry, profiles: profiles)
            let address = device.device.address
            if let (place, wire) = address.wire {
                if let other = wires[place], other.wire != wire {
                    throw entry.error(
                        "device \(entry.key) speaks \(wire.text) at \(place), but \(other.device) speaks \(other.wire.text) there",
                        hint: "all devices on one wire speak alike")
                }
                wires[place] = (wire, entry.key)
            }
            if let other = taken.updateValue(entry.key, forKey: address) {
                throw entry.error("device \(entry.key) has the same address as \(other): \(address.text)")
            }
            found[entry.key] = device
        }
        return found
    }

    static func seconds(_ node: YAMLNode) throws(SourceError) -> UInt32 {
        let ms = try node.duration(everyMs)
        guard ms % 1_000 == 0, let seconds = UInt32(exactly: ms / 1_000) else { throw node.error("whole seconds only") }
        return seconds
    }

    private static let serialKeys = ["baud", "mode"]
    private static let modbusKeys = ["modbus", "unit", "baud", "mode", "timeout", "gap"]

    private static func device(_ entry: YAMLEntry, profiles: ProfileLibrary) throws(SourceError) -> Found {
        let node = entry.value
        try node.allow(["profile"] + modbusKeys + ["mqtt", "every"], in: "device \(entry.key)")
        let profileNode = try node.required("profile")
        let name = try profileNode.string()
        guard let profile = profiles.profile(name) else {
            throw profileNode.error("unknown profile '\(name.prefix(80))'", hint: didYouMean(name, in: profiles.ids))
        }
        let isModbus = profile.modbus != nil
        let address =
            isModbus ? try modbus(node, entry.key) : try mqtt(node, entry.key, isSparkplug: profile.isSparkplug)
        let everySeconds = try node["every"].map { node throws(SourceError) in try seconds(node) }
        return Found(
            device: Device(
                id: entry.key, profile: profile.id, profileHash: profile.hash.bytes, address: address,
                patience: Patience(
                    timeoutMs: try ms(node["timeout"], timeoutMs), gapMs: try ms(node["gap"], gapMs))),
            profile: profile,
            everySeconds: everySeconds ?? (isModbus ? modbusEverySeconds : mqttEverySeconds))
    }

    private static func ms(_ node: YAMLNode?, _ range: ClosedRange<Int64>) throws(SourceError) -> UInt32? {
        guard let node else { return nil }
        return UInt32(clamping: try node.duration(range))
    }

    private static func mqtt(
        _ node: YAMLNode, _ id: String, isSparkplug: Bool
    ) throws(SourceError) -> DeviceAddress {
        for key in modbusKeys {
            if let wrong = node[key] {
                throw wrong.error("'\(key)' does not go with an MQTT profile", hint: "device \(id) needs 'mqtt: TOPIC'")
            }
        }
        let topic = try node.required("mqtt")
        let root = try topic.string(sizeBytesMax: 512)
        let isLegal =
            !root.isEmpty && !root.utf8.contains { $0 == UInt8(ascii: "+") || $0 == UInt8(ascii: "#") || $0 == 0 }
        guard isLegal, root.utf8.first != UInt8(ascii: "/"), root.utf8.last != UInt8(ascii: "/") else {
            throw topic.error("'\(root.prefix(80))' is no topic root", hint: "no wildcard, no slash at either end")
        }
        let levels = root.split(separator: "/", omittingEmptySubsequences: false)
        guard !isSparkplug || ((2...3).contains(levels.count) && !levels.contains("")) else {
            throw topic.error(
                "'\(root.prefix(80))' names no Sparkplug node", hint: "write GROUP/NODE or GROUP/NODE/DEVICE")
        }
        return .mqtt(root: root)
    }

    private static func modbus(_ node: YAMLNode, _ id: String) throws(SourceError) -> DeviceAddress {
        if let wrong = node["mqtt"] {
            throw wrong.error(
                "'mqtt' does not go with a Modbus profile", hint: "device \(id) needs 'modbus: \"tcp://HOST:PORT\"'")
        }
        let place = try node.required("modbus")
        let text = try place.string(sizeBytesMax: 512)
        let unit = UInt8(clamping: try node["unit"].map { node throws(SourceError) in try node.int(0...255) } ?? 1)
        for scheme in ["tcp://", "rtutcp://"] where text.hasPrefix(scheme) {
            for key in serialKeys {
                if let wrong = node[key] { throw wrong.error("'\(key)' is for serial lines") }
            }
            guard let (host, port) = hostAndPort(text.dropFirst(scheme.count)) else {
                throw place.error(
                    "'\(text.prefix(80))' is no address", hint: "write \(scheme)HOST:PORT, an IPv6 host in brackets")
            }
            return scheme == "tcp://"
                ? .modbus(host: host, port: port, unit: unit) : .rtuOverTCP(host: host, port: port, unit: unit)
        }
        guard text.hasPrefix("rtu:/"), text.utf8.count > 5, !text.utf8.contains(0) else {
            throw place.error(
                "'\(text.prefix(80))' is no Modbus address",
                hint: "write tcp://HOST:PORT, rtutcp://HOST:PORT or rtu:/dev/ttyUSB0")
        }
        let baud = try node["baud"].map { node throws(SourceError) in try self.baud(node) } ?? 9_600
        let mode = try node["mode"]?.choice(["8N1", "8E1", "8O1", "8N2", "7E1", "7O1"]) ?? "8N1"
        return .serial(path: String(text.dropFirst(4)), baud: UInt32(clamping: baud), mode: mode, unit: unit)
    }

    /// What serial lines can be set to; any other number would be taken for 9 600 by what sets it.
    private static let baudRates = [
        300, 600, 1_200, 2_400, 4_800, 9_600, 19_200, 38_400, 57_600, 115_200, 230_400, 460_800, 500_000, 576_000,
        921_600,
    ]

    private static func baud(_ node: YAMLNode) throws(SourceError) -> Int {
        let baud = try node.int(300...921_600)
        guard baudRates.contains(baud) else {
            throw node.error(
                "\(baud) is no rate of a serial line",
                hint: "known rates: \(baudRates.map { String($0) }.joined(separator: " "))")
        }
        return baud
    }

    /// `HOST`, `HOST:PORT`, `[IPv6]:PORT`; the port is 502 unless given.
    private static func hostAndPort(_ text: Substring) -> (String, UInt16)? {
        var host = text
        var port: Substring?
        if text.hasPrefix("[") {
            guard let end = text.firstIndex(of: "]") else { return nil }
            host = text[text.index(after: text.startIndex)..<end]
            let rest = text[text.index(after: end)...]
            guard rest.isEmpty || rest.hasPrefix(":") else { return nil }
            port = rest.isEmpty ? nil : rest.dropFirst()
        } else if let colon = text.firstIndex(of: ":") {
            host = text[..<colon]
            port = text[text.index(after: colon)...]
        }
        let isLegal = host.utf8.allSatisfy {
            $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: "/") && $0 != UInt8(ascii: "@")
        }
        guard !host.isEmpty, host.utf8.count <= 253, isLegal else { return nil }
        guard let port else { return (String(host), 502) }
        guard port.utf8.allSatisfy({ $0 >= 0x30 && $0 <= 0x39 }), let number = UInt16(port), number > 0 else {
            return nil
        }
        return (String(host), number)
    }
}

/// How frames go over one wire; two devices at one place cannot differ in it.
private enum Wire: Hashable {
    case tcp
    case rtuOverTCP
    case serial(baud: UInt32, mode: String)

    var text: String {
        switch self {
        case .tcp: "Modbus TCP"
        case .rtuOverTCP: "Modbus RTU over TCP"
        case .serial(let baud, let mode): "\(baud) \(mode)"
        }
    }
}

extension DeviceAddress {
    /// The place that devices share and how they speak there; `nil` for MQTT.
    fileprivate var wire: (place: String, wire: Wire)? {
        switch self {
        case .modbus(let host, let port, _): ("\(host) port \(port)", .tcp)
        case .rtuOverTCP(let host, let port, _): ("\(host) port \(port)", .rtuOverTCP)
        case .serial(let path, let baud, let mode, _): (path, .serial(baud: baud, mode: mode))
        case .mqtt: nil
        }
    }
}
