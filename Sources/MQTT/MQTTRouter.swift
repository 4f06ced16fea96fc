package import Profiles
package import Readings

/// One device that speaks over MQTT: the root its topics hang under and which of its points are wanted.
package struct MQTTDevice: Sendable {
    /// Id of the device in the building file.
    package let device: String
    /// One or more topic levels, such as `shellypro3em-0123456789ab`.
    package let root: String
    package let profile: DeviceProfile
    package let points: [BoundPoint]

    package init(device: String, root: String, profile: DeviceProfile, points: [BoundPoint]) {
        self.device = device
        self.root = root
        self.profile = profile
        self.points = points
    }
}

/// Which message is about which points, and what it says about them.
package struct MQTTRouter {
    /// What came out of one message.
    package struct Outcome: Sendable {
        package var readings: [Reading] = []
        /// It should have been JSON and was not, or a value was not of its type.
        package var isMalformed = false
        package var events: [MQTTEvent] = []
    }

    private struct Route {
        let template: TopicTemplate
        let device: Int
        var points: [Int]
        var tellsAvailability: Bool
    }

    private struct Target {
        let bound: BoundPoint
        let place: MQTTPoint
        let device: Int
        /// What was told last, where that was not a value.
        var told: Quality?
    }

    private let devices: [MQTTDevice]
    private var isOffline: [Bool]
    private var targets: [Target] = []
    private var routes: [Route] = []
    /// Routes whose topic is known wholly, by topic.
    private var exact: [String: [Int]] = [:]
    /// Routes with captures.
    private var patterns: [Int] = []

    /// What to subscribe to, each once.
    package let filters: [String]

    package init(_ devices: [MQTTDevice]) {
        self.devices = devices
        isOffline = Array(repeating: false, count: devices.count)
        for (number, device) in devices.enumerated() {
            for bound in device.points {
                guard let place = bound.source.mqtt else { continue }
                targets.append(Target(bound: bound, place: place, device: number))
                let index = targets.count - 1
                Self.add(place.topic, number, to: &routes) { $0.points.append(index) }
            }
            if let availability = device.profile.mqtt?.availability {
                Self.add(availability.topic, number, to: &routes) { $0.tellsAvailability = true }
            }
        }
        var filters: Set<String> = []
        for (index, route) in routes.enumerated() {
            let filter = route.template.filter(root: devices[route.device].root)
            filters.insert(filter)
            if route.template.captures.isEmpty {
                exact[filter, default: []].append(index)
            } else {
                patterns.append(index)
            }
        }
        self.filters = filters.sorted()
    }

    private static func add(
        _ template: TopicTemplate, _ device: Int, to routes: inout [Route], change: (inout Route) -> Void
    ) {
        if let known = routes.firstIndex(where: { $0.device == device && $0.template == template }) {
            change(&routes[known])
        } else {
            var route = Route(template: template, device: device, points: [], tellsAvailability: false)
            change(&route)
            routes.append(route)
        }
    }

    /// - Parameter atMs: arrival, milliseconds since 1970.
    package mutating func take(_ message: MQTTMessage, atMs: Int64) -> Outcome {
        var outcome = Outcome()
        var parsed: JSONValue?
        var isParsed = false
        func json() -> JSONValue? {
            if !isParsed {
                isParsed = true
                parsed = try? JSONValue.parse(message.payload)  // What is wrong with it is counted as malformed.
            }
            return parsed
        }
        for index in (exact[message.topic] ?? []) + patterns {
            let route = routes[index]
            guard let captures = route.template.match(message.topic, root: devices[route.device].root) else { continue }
            if route.tellsAvailability { tellAvailability(route.device, message, json, atMs: atMs, &outcome) }
            for target in route.points {
                let said = said(target, message, captures, json, &outcome.isMalformed)
                note(said, target, message, json, atMs: atMs, &outcome)
            }
        }
        return outcome
    }

    /// Every point is offline, told once, because the broker cannot be reached.
    mutating func tellAllOffline(atMs: Int64) -> [Reading] {
        targets.indices.compactMap { tell(.offline, $0, atMs: atMs) }
    }

    private func said(
        _ index: Int, _ message: MQTTMessage, _ captures: [String: String], _ json: () -> JSONValue?,
        _ isMalformed: inout Bool
    ) -> Said {
        let (source, place) = (targets[index].bound.source, targets[index].place)
        if message.isRetained, place.retained == .ignore { return .nothing }
        if let match = place.match {
            guard let value = json() else {
                isMalformed = true
                return .nothing
            }
            guard value.at(match.path)?.word == match.equals else { return .nothing }
        }
        let word: String?
        switch place.place {
        case .plain:
            guard let text = String(validating: message.payload, as: UTF8.self) else {
                isMalformed = true
                return .nothing
            }
            // An empty retained message is how a broker is told to forget one.
            if text.isEmpty { return .nothing }
            word = text
        case .capture(let name): word = captures[name]
        case .path(let path):
            guard let value = json() else {
                isMalformed = true
                return .nothing
            }
            guard let found = value.at(path) else { return .nothing }
            switch found {
            case .array, .object: return .value(.none, .suspect)
            default: word = found.word
            }
        }
        let (value, quality) = source.decode(word: word, type: place.type, notAvailable: place.notAvailable)
        return .value(value, quality)
    }

    private mutating func note(
        _ said: Said, _ index: Int, _ message: MQTTMessage, _ json: () -> JSONValue?, atMs: Int64,
        _ outcome: inout Outcome
    ) {
        guard case .value(let value, var quality) = said else { return }
        if quality == .suspect {
            outcome.isMalformed = true
            if let reading = tell(.suspect, index, atMs: atMs) { outcome.readings.append(reading) }
            return
        }
        let sourceAtMs = targets[index].place.time.flatMap { time in json().flatMap { time.read($0) } }
        if message.isRetained, sourceAtMs == nil, quality == .good { quality = .stale }
        targets[index].told = nil
        outcome.readings.append(
            Reading(
                point: targets[index].bound.point, capturedAtMs: atMs, sourceAtMs: sourceAtMs, quality: quality,
                value: value))
    }

    private mutating func tellAvailability(
        _ device: Int, _ message: MQTTMessage, _ json: () -> JSONValue?, atMs: Int64, _ outcome: inout Outcome
    ) {
        guard let availability = devices[device].profile.mqtt?.availability else { return }
        let word: String? =
            if let path = availability.path { json()?.at(path)?.word } else {
                String(validating: message.payload, as: UTF8.self)
            }
        if word == availability.offline {
            if !isOffline[device] { outcome.events.append(.deviceOffline(device: devices[device].device)) }
            isOffline[device] = true
            for index in targets.indices where targets[index].device == device {
                if let reading = tell(.offline, index, atMs: atMs) { outcome.readings.append(reading) }
            }
        } else if word == availability.online {
            if isOffline[device] { outcome.events.append(.deviceOnline(device: devices[device].device)) }
            isOffline[device] = false
        }
    }

    private mutating func tell(_ quality: Quality, _ index: Int, atMs: Int64) -> Reading? {
        guard targets[index].told != quality else { return nil }
        targets[index].told = quality
        return Reading(point: targets[index].bound.point, capturedAtMs: atMs, quality: quality, value: .none)
    }
}
