package import BrokerClient
package import Profiles
package import Readings

/// One device that speaks over MQTT: the root its topics hang under and which of its points are wanted.
package struct MQTTDevice: Sendable {
    /// Id of the device in the building file.
    package let device: String
    /// One or more topic levels, such as `shellypro3em-0123456789ab`; of a Sparkplug device `GROUP/NODE[/DEVICE]`.
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
        /// No device has this topic.
        package var isUnknown = false
        package var events: [MQTTEvent] = []
        /// To be sent.
        package var messages: [MQTTMessage] = []
    }

    private struct Route {
        let template: TopicTemplate
        let device: Int
        var points: [Int]
        var tellsAvailability: Bool
    }

    struct Target {
        let bound: BoundPoint
        let place: MQTTPoint
        let device: Int
        let path: [JSONText.Step]
        /// Number of its question about time or match; points that ask the same have the same number.
        let timeNumber: Int
        let timePath: [JSONText.Step]
        let matchNumber: Int
        let matchPath: [JSONText.Step]
        /// What was told last, where that was not a value.
        var told: Quality?
    }

    /// A route that a topic fits.
    private struct Hit {
        let route: Int
        let captures: [String: String]
    }

    /// Topics that are looked up without comparing templates; a flood of new ones empties the list.
    private static let knownCountMax = 8192
    private static let knownBytesMax = 256

    private let devices: [MQTTDevice]
    private let zones: MQTTZones
    private let availability: [[JSONText.Step]?]
    private let tlvPaths: [[JSONText.Step]]
    private var isOffline: [Bool]
    private var targets: [Target] = []
    private var routes: [Route] = []
    private var known: [String: [Hit]] = [:]
    private var sparkplug: SparkplugNodes

    /// What to subscribe to, each once, sorted.
    package let filters: [String]

    /// - Parameter old: what is known of devices and points that stay is taken over from it.
    package init(_ devices: [MQTTDevice], zones: MQTTZones = MQTTZones(), keeping old: MQTTRouter? = nil) {
        self.devices = devices
        self.zones = zones
        isOffline = Array(repeating: false, count: devices.count)
        availability = devices.map { $0.profile.mqtt?.availability?.path?.compiled }
        tlvPaths = devices.map { $0.profile.mqtt?.tlv?.path.compiled ?? [] }
        var questions = Questions()
        for (number, device) in devices.enumerated() {
            for bound in device.points {
                guard let place = bound.source.mqtt else { continue }
                targets.append(questions.target(bound, place, device: number))
                let index = targets.count - 1
                if place.metric == nil { Self.add(place.topic, number, to: &routes) { $0.points.append(index) } }
            }
            if let availability = device.profile.mqtt?.availability {
                Self.add(availability.topic, number, to: &routes) { $0.tellsAvailability = true }
            }
        }
        sparkplug = SparkplugNodes(devices, targets)
        var filters = Set(sparkplug.filters)
        for route in routes { filters.insert(route.template.filter(root: devices[route.device].root)) }
        self.filters = filters.sorted()
        if let old { keep(old) }
    }

    /// - Parameters:
    ///   - atMs: arrival, milliseconds since 1970.
    ///   - isQueued: the broker had kept it while this client was away, so a value without a time of its own is stale.
    package mutating func take(_ message: MQTTMessage, atMs: Int64, isQueued: Bool = false) -> Outcome {
        var outcome = Outcome()
        if message.topic.utf8.starts(with: SparkplugNodes.topicStart.utf8), sparkplug.take(message, atMs, &outcome) {
            for told in sparkplug.takeTold() { note(told, atMs: atMs, &outcome) }
            return outcome
        }
        let hits = hits(message.topic)
        if hits.isEmpty {
            outcome.isUnknown = true
            return outcome
        }
        var body = MessageBody(message)
        for hit in hits {
            let route = routes[hit.route]
            if route.tellsAvailability { tellAvailability(route.device, &body, atMs: atMs, &outcome) }
            for target in route.points {
                let said = said(target, &body, hit.captures, &outcome.isMalformed)
                note(said, target, &body, atMs: atMs, isQueued: isQueued, &outcome)
            }
        }
        return outcome
    }

    /// What a new connection has to ask for: Sparkplug births that may have been missed.
    mutating func connected(atMs: Int64) -> Outcome {
        var outcome = Outcome()
        sparkplug.connected(atMs, &outcome)
        return outcome
    }

    /// What has become due without a message.
    package mutating func due(atMs: Int64) -> Outcome {
        var outcome = Outcome()
        sparkplug.due(atMs, &outcome)
        return outcome
    }

    /// Every point is offline, told once, because the broker cannot be reached.
    mutating func tellAllOffline(atMs: Int64) -> [Reading] {
        targets.indices.compactMap { tell(.offline, $0, atMs: atMs) }
    }

    // MARK: - Topics

    private mutating func hits(_ topic: String) -> [Hit] {
        if let hits = known[topic] { return hits }
        var hits: [Hit] = []
        for (index, route) in routes.enumerated() {
            guard let captures = route.template.match(topic, root: devices[route.device].root) else { continue }
            hits.append(Hit(route: index, captures: captures))
        }
        guard topic.utf8.count <= Self.knownBytesMax else { return hits }
        if known.count >= Self.knownCountMax { known.removeAll(keepingCapacity: true) }
        known[topic] = hits
        return hits
    }

    private static func add(
        _ template: TopicTemplate, _ device: Int, to routes: inout [Route], change: (inout Route) -> Void
    ) {
        // The routes of one device stand together, at the end.
        let own = routes.lastIndex { $0.device != device }.map { $0 + 1 } ?? 0
        if let known = routes[own...].firstIndex(where: { $0.template == template }) {
            change(&routes[known])
        } else {
            var route = Route(template: template, device: device, points: [], tellsAvailability: false)
            change(&route)
            routes.append(route)
        }
    }

    private mutating func keep(_ old: MQTTRouter) {
        var told: [PointNumber: (source: ProfilePoint, told: Quality?)] = [:]
        for target in old.targets { told[target.bound.point] = (target.bound.source, target.told) }
        for index in targets.indices {
            guard let before = told[targets[index].bound.point], before.source == targets[index].bound.source else {
                continue
            }
            targets[index].told = before.told
        }
        for (index, device) in devices.enumerated() {
            guard let before = old.devices.firstIndex(where: { $0.device == device.device && $0.root == device.root })
            else { continue }
            isOffline[index] = old.isOffline[before]
        }
        sparkplug.keep(old.sparkplug)
    }

    // MARK: - Values

    private func said(
        _ index: Int, _ body: inout MessageBody, _ captures: [String: String], _ isMalformed: inout Bool
    ) -> Said {
        let target = targets[index]
        let (source, place) = (target.bound.source, target.place)
        if body.message.isRetained, place.retained == .ignore { return .nothing }
        if let match = place.match {
            guard body.asJSON() != nil else {
                isMalformed = true
                return .nothing
            }
            let holds = body.matches(target.matchNumber) { body in
                guard let json = body.asJSON(), let found = json.find(target.matchPath[...]),
                    let word = json.word(found)
                else { return false }
                return match.equals.contains(word)
            }
            guard holds else { return .nothing }
        }
        let word: String?
        switch place.place {
        case .metric: return .nothing
        case .plain:
            guard let text = body.asText() else {
                isMalformed = true
                return .nothing
            }
            // An empty retained message is how a broker is told to forget one.
            if text.isEmpty { return .nothing }
            word = text
        case .capture(let name): word = captures[name]
        case .record(let field): return record(field, target, &body, &isMalformed)
        case .path:
            guard let json = body.asJSON() else {
                isMalformed = true
                return .nothing
            }
            guard let found = json.find(target.path[...]) else {
                guard place.omitted == .zero, let around = json.find(target.path.dropLast()),
                    json.kind(around) == .object
                else { return .nothing }
                let (value, quality) = source.omittedZero(type: place.type)
                return .value(value, quality)
            }
            switch json.kind(found) {
            case .array, .object: return .value(.none, .suspect)
            default: word = json.word(found)
            }
        }
        let (value, quality) = source.decode(word: word, type: place.type, notAvailable: place.notAvailable)
        return .value(value, quality)
    }

    private func record(
        _ field: TLVField, _ target: Target, _ body: inout MessageBody, _ isMalformed: inout Bool
    ) -> Said {
        guard let table = devices[target.device].profile.mqtt?.tlv, let json = body.asJSON() else {
            isMalformed = true
            return .nothing
        }
        // A message without payload, such as a join or an acknowledgement, says nothing.
        guard let found = json.find(tlvPaths[target.device][...]), json.kind(found) != .null else { return .nothing }
        let records = body.records(target.device) { _ in json.word(found).flatMap { TLVRecords($0, table) } }
        guard let records else {
            isMalformed = true
            return .nothing
        }
        if records.endsEarly { isMalformed = true }
        guard let (value, quality) = records.read(field) else { return .nothing }
        return .value(value, quality)
    }

    private mutating func note(
        _ said: Said, _ index: Int, _ body: inout MessageBody, atMs: Int64, isQueued: Bool, _ outcome: inout Outcome
    ) {
        guard case .value(let value, var quality) = said else { return }
        if quality == .suspect {
            outcome.isMalformed = true
            if let reading = tell(.suspect, index, atMs: atMs) { outcome.readings.append(reading) }
            return
        }
        let target = targets[index]
        var sourceAtMs: Int64?
        if let time = target.place.time {
            let zones = zones
            sourceAtMs = body.time(target.timeNumber) { body in
                guard let json = body.asJSON(), let found = json.find(target.timePath[...]) else { return nil }
                return json.word(found).flatMap { time.read(word: $0, zones: zones) }
            }
        }
        if body.message.isRetained || isQueued, sourceAtMs == nil, quality == .good { quality = .stale }
        targets[index].told = nil
        outcome.readings.append(
            Reading(
                point: target.bound.point, capturedAtMs: atMs, sourceAtMs: sourceAtMs, quality: quality, value: value))
    }

    private mutating func note(_ told: SparkplugNodes.Told, atMs: Int64, _ outcome: inout Outcome) {
        switch told {
        case .silent(let index):
            if let reading = tell(.stale, index, atMs: atMs) { outcome.readings.append(reading) }
        case .value(let index, let value, let quality, let sourceAtMs):
            if value == .none, quality == .suspect {
                outcome.isMalformed = true
                if let reading = tell(.suspect, index, atMs: atMs) { outcome.readings.append(reading) }
                return
            }
            targets[index].told = nil
            outcome.readings.append(
                Reading(
                    point: targets[index].bound.point, capturedAtMs: atMs, sourceAtMs: sourceAtMs, quality: quality,
                    value: value))
        }
    }

    private mutating func tellAvailability(
        _ device: Int, _ body: inout MessageBody, atMs: Int64, _ outcome: inout Outcome
    ) {
        guard let availability = devices[device].profile.mqtt?.availability else { return }
        var word = body.asText()
        // Some senders wrap the word in an object and some do not.
        if let path = self.availability[device], let json = body.asJSON(), json.kind == .object {
            word = json.find(path[...]).flatMap { json.word($0) }
        }
        if word == availability.offline {
            if !isOffline[device] { outcome.events.append(.deviceOffline(device: devices[device].device)) }
            isOffline[device] = true
            for index in targets.indices where targets[index].device == device {
                if let reading = tell(.offline, index, atMs: atMs) { outcome.readings.append(reading) }
            }
        } else if word == availability.online, isOffline[device] {
            outcome.events.append(.deviceOnline(device: devices[device].device))
            isOffline[device] = false
            // It is there again; what its values are now it has not said yet.
            for index in targets.indices where targets[index].device == device && targets[index].told == .offline {
                if let reading = tell(.stale, index, atMs: atMs) { outcome.readings.append(reading) }
            }
        }
    }

    private mutating func tell(_ quality: Quality, _ index: Int, atMs: Int64) -> Reading? {
        guard targets[index].told != quality else { return nil }
        targets[index].told = quality
        return Reading(point: targets[index].bound.point, capturedAtMs: atMs, quality: quality, value: .none)
    }
}

/// Numbers questions, so that points that ask the same of one message are answered once.
private struct Questions {
    private var times: [MQTTPoint.SourceTime: Int] = [:]
    private var matches: [MQTTPoint.Match: Int] = [:]

    mutating func target(_ bound: BoundPoint, _ place: MQTTPoint, device: Int) -> MQTTRouter.Target {
        var path: [JSONText.Step] = []
        if case .path(let own) = place.place { path = own.compiled }
        let time = place.time.map { Self.number($0, &times) }
        let match = place.match.map { Self.number($0, &matches) }
        return MQTTRouter.Target(
            bound: bound, place: place, device: device, path: path, timeNumber: time ?? -1,
            timePath: place.time?.path.compiled ?? [], matchNumber: match ?? -1,
            matchPath: place.match?.path.compiled ?? [])
    }

    private static func number<Question: Hashable>(_ question: Question, _ known: inout [Question: Int]) -> Int {
        if let number = known[question] { return number }
        known[question] = known.count
        return known.count - 1
    }
}
