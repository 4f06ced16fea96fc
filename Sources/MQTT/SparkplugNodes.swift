import BrokerClient
import Profiles
import Readings
import SparkplugPayload

/// The Sparkplug B nodes that devices of the building belong to: who was born, what its aliases mean, who died.
struct SparkplugNodes {
    static let topicStart = SparkplugTopic.namespace + "/"
    /// A node is asked for its births no more often than this.
    static let rebirthEveryMs: Int64 = 10_000
    /// Names that one node may give an alias.
    static let aliasCountMax = 20_000

    /// What a message says about one point, by its index among the router's targets.
    enum Told {
        case value(Int, RawValue, Quality, sourceAtMs: Int64?)
        /// Its node or device has died: what it said last is old.
        case silent(Int)
    }

    /// A metric within its node.
    private struct Key: Hashable {
        /// `nil` for the node itself.
        let device: String?
        let name: String
    }

    private struct Node {
        let group: String
        let name: String
        /// Targets by metric.
        var targets: [Key: [Int]] = [:]
        /// Id in the building file of the devices here, by their name within the node.
        var devices: [String?: String] = [:]

        var isBorn = false
        var bornDevices: Set<String?> = []
        /// Number of the session: a death counts for the birth of the same number.
        var bdSeq: UInt64?
        /// Number of the newest message.
        var seq: UInt64?
        /// No message is missing since the birth.
        var isWhole = true
        var aliases: [UInt64: Key] = [:]
        var datatypes: [Key: UInt32] = [:]
        var askedAtMs: Int64?
        /// It was too early to ask again.
        var isToBeAsked = false

        var id: String { group + "/" + name }
    }

    private var nodes: [Node] = []
    private var byID: [String: Int] = [:]
    private var sources: [(source: ProfilePoint, place: MQTTPoint)] = []
    private var told: [Told] = []

    let filters: [String]

    init(_ devices: [MQTTDevice], _ targets: [MQTTRouter.Target]) {
        sources = targets.map { ($0.bound.source, $0.place) }
        var filters: Set<String> = []
        for (number, device) in devices.enumerated() where device.profile.isSparkplug {
            let levels = device.root.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
            guard levels.count == 2 || levels.count == 3 else { continue }
            let id = levels[0] + "/" + levels[1]
            let scope = levels.count == 3 ? levels[2] : nil
            let index = byID[id] ?? nodes.count
            if index == nodes.count {
                nodes.append(Node(group: levels[0], name: levels[1]))
                byID[id] = index
            }
            nodes[index].devices[scope] = device.device
            for (at, target) in targets.enumerated() where target.device == number {
                guard let name = target.place.metric else { continue }
                nodes[index].targets[Key(device: scope, name: name), default: []].append(at)
            }
            filters.insert("\(SparkplugTopic.namespace)/\(levels[0])/+/\(levels[1])")
            if let scope { filters.insert("\(SparkplugTopic.namespace)/\(levels[0])/+/\(levels[1])/\(scope)") }
        }
        self.filters = filters.sorted()
    }

    /// What is known of nodes that stay. Their metrics may be others now, so their births are asked for.
    mutating func keep(_ old: SparkplugNodes) {
        for index in nodes.indices {
            guard let before = old.byID[nodes[index].id] else { continue }
            nodes[index].askedAtMs = old.nodes[before].askedAtMs
        }
    }

    /// Births may have been missed while nobody listened.
    mutating func connected(_ atMs: Int64, _ outcome: inout MQTTRouter.Outcome) {
        for index in nodes.indices {
            nodes[index].isBorn = false
            ask(index, atMs, &outcome)
        }
    }

    /// Asks what it was too early to ask before.
    mutating func due(_ atMs: Int64, _ outcome: inout MQTTRouter.Outcome) {
        for index in nodes.indices where nodes[index].isToBeAsked { ask(index, atMs, &outcome) }
    }

    mutating func takeTold() -> [Told] {
        defer { told.removeAll(keepingCapacity: true) }
        return told
    }

    /// Whether the message was about a node that is known here. What it says about points stands in `takeTold` then.
    mutating func take(_ message: MQTTMessage, _ atMs: Int64, _ outcome: inout MQTTRouter.Outcome) -> Bool {
        guard let topic = SparkplugTopic(message.topic), let index = byID[topic.group + "/" + topic.node] else {
            return false
        }
        // Sparkplug keeps nothing at the broker; what was kept is of unknown age.
        if message.isRetained { return true }
        switch topic.kind {
        case .nodeCommand, .deviceCommand: return true
        default: break
        }
        let report: SparkplugReport
        do throws(SparkplugProblem) { report = try SparkplugReport(message.payload) } catch {
            outcome.isMalformed = true
            return true
        }
        switch topic.kind {
        case .nodeBirth: bear(node: index, report, atMs, &outcome)
        case .nodeDeath: bury(node: index, report, &outcome)
        case .deviceBirth: bear(device: topic.device, of: index, report, atMs, &outcome)
        case .deviceDeath: bury(device: topic.device, of: index, report, atMs, &outcome)
        case .nodeData, .deviceData:
            guard count(index, report, atMs, &outcome) else { break }
            guard topic.device == nil || nodes[index].bornDevices.contains(topic.device) else {
                ask(index, atMs, &outcome)
                break
            }
            tell(index, topic.device, report, atMs, &outcome)
        case .nodeCommand, .deviceCommand: break
        }
        return true
    }

    // MARK: - Births and deaths

    private mutating func bear(
        node index: Int, _ report: SparkplugReport, _ atMs: Int64, _ outcome: inout MQTTRouter.Outcome
    ) {
        nodes[index].isBorn = true
        nodes[index].isWhole = true
        nodes[index].isToBeAsked = false
        nodes[index].seq = report.seq
        nodes[index].aliases = [:]
        nodes[index].datatypes = [:]
        nodes[index].bdSeq = Self.bdSeq(report)
        // Its devices have to be born again.
        for device in nodes[index].bornDevices where device != nil { silence(index, device) }
        nodes[index].bornDevices = []
        welcome(index, nil, &outcome)
        register(index, nil, report)
        tell(index, nil, report, atMs, &outcome)
    }

    private mutating func bear(
        device: String?, of index: Int, _ report: SparkplugReport, _ atMs: Int64, _ outcome: inout MQTTRouter.Outcome
    ) {
        guard count(index, report, atMs, &outcome) else { return }
        welcome(index, device, &outcome)
        register(index, device, report)
        tell(index, device, report, atMs, &outcome)
    }

    /// The broker tells a node's death, with the number of the session that ended; an old one is not about this session.
    private mutating func bury(node index: Int, _ report: SparkplugReport, _ outcome: inout MQTTRouter.Outcome) {
        let number = Self.bdSeq(report)
        guard nodes[index].bdSeq == nil || number == nil || number == nodes[index].bdSeq else { return }
        nodes[index].isBorn = false
        nodes[index].seq = nil
        for (scope, device) in nodes[index].devices {
            if nodes[index].bornDevices.contains(scope) { outcome.events.append(.deviceOffline(device: device)) }
            silence(index, scope)
        }
        nodes[index].bornDevices = []
    }

    private mutating func bury(
        device: String?, of index: Int, _ report: SparkplugReport, _ atMs: Int64, _ outcome: inout MQTTRouter.Outcome
    ) {
        _ = count(index, report, atMs, &outcome)
        if nodes[index].bornDevices.remove(device) != nil, let id = nodes[index].devices[device] {
            outcome.events.append(.deviceOffline(device: id))
        }
        silence(index, device)
    }

    private mutating func welcome(_ index: Int, _ scope: String?, _ outcome: inout MQTTRouter.Outcome) {
        guard nodes[index].bornDevices.insert(scope).inserted, let device = nodes[index].devices[scope] else { return }
        outcome.events.append(.deviceOnline(device: device))
    }

    private mutating func silence(_ index: Int, _ scope: String?) {
        for (key, targets) in nodes[index].targets where key.device == scope { told += targets.map { .silent($0) } }
    }

    private static func bdSeq(_ report: SparkplugReport) -> UInt64? {
        switch report.metrics.first(where: { $0.name == "bdSeq" })?.value {
        case .int(let number)?: UInt64(number)
        case .long(let number)?: number
        default: nil
        }
    }

    private mutating func register(_ index: Int, _ scope: String?, _ report: SparkplugReport) {
        for metric in report.metrics {
            guard let name = metric.name else { continue }
            let key = Key(device: scope, name: name)
            if nodes[index].targets[key] != nil { nodes[index].datatypes[key] = metric.datatype }
            if let alias = metric.alias, nodes[index].aliases.count < Self.aliasCountMax {
                nodes[index].aliases[alias] = key
            }
        }
    }

    // MARK: - Order

    /// Whether the node was born, so that what the message says can be understood. A number that is missing, like a birth that
    /// is, has the node asked for its births.
    private mutating func count(
        _ index: Int, _ report: SparkplugReport, _ atMs: Int64, _ outcome: inout MQTTRouter.Outcome
    ) -> Bool {
        guard nodes[index].isBorn else {
            ask(index, atMs, &outcome)
            return false
        }
        let expected = nodes[index].seq.map { ($0 &+ 1) % 256 }
        if report.seq != expected || report.seq == nil { nodes[index].isWhole = false }
        nodes[index].seq = report.seq
        if !nodes[index].isWhole { ask(index, atMs, &outcome) }
        return true
    }

    private mutating func ask(_ index: Int, _ atMs: Int64, _ outcome: inout MQTTRouter.Outcome) {
        if let asked = nodes[index].askedAtMs, atMs >= asked, atMs - asked < Self.rebirthEveryMs {
            nodes[index].isToBeAsked = true
            return
        }
        let request = SparkplugReport.rebirthRequest(timestampMs: UInt64(clamping: atMs))
        // A request of one short metric can be written.
        guard let payload = try? request.encoded() else { return }
        nodes[index].askedAtMs = atMs
        nodes[index].isToBeAsked = false
        let node = nodes[index]
        let topic = SparkplugTopic(group: node.group, kind: .nodeCommand, node: node.name)
        outcome.messages.append(MQTTMessage(topic: topic.description, payload: payload))
        outcome.events.append(.rebirthAsked(node: node.id))
    }

    // MARK: - Values

    /// Historical values first, so that the newest is the one that is shown.
    private mutating func tell(
        _ index: Int, _ scope: String?, _ report: SparkplugReport, _ atMs: Int64, _ outcome: inout MQTTRouter.Outcome
    ) {
        for isHistorical in [true, false] {
            for metric in report.metrics where metric.isHistorical == isHistorical {
                tell(index, scope, metric, report.timestampMs, atMs, &outcome)
            }
        }
    }

    private mutating func tell(
        _ index: Int, _ scope: String?, _ metric: SparkplugMetric, _ reportAtMs: UInt64?, _ atMs: Int64,
        _ outcome: inout MQTTRouter.Outcome
    ) {
        let key: Key
        if let name = metric.name {
            key = Key(device: scope, name: name)
        } else if let alias = metric.alias, let known = nodes[index].aliases[alias] {
            key = known
        } else {
            outcome.isMalformed = true
            ask(index, atMs, &outcome)
            return
        }
        guard let targets = nodes[index].targets[key] else { return }
        let sourceAtMs = (metric.timestampMs ?? reportAtMs).flatMap { Int64(exactly: $0) }.flatMap {
            MQTTPoint.SourceTime.plausibleMs.contains($0) ? $0 : nil
        }
        for target in targets {
            var (value, quality) = decode(metric, nodes[index].datatypes[key], target)
            if quality == .good {
                // An alias may mean something else since a birth that is missing.
                if metric.name == nil, !nodes[index].isWhole { quality = .suspect }
                if metric.isHistorical || metric.quality == 500 { quality = .stale }
                if let own = metric.quality, own != 192, own != 500 { quality = own == 0 ? .deviceFault : .suspect }
            }
            if value == .none, quality == .good { (value, quality) = (.none, .noValue) }
            told.append(.value(target, value, quality, sourceAtMs: sourceAtMs))
        }
    }

    private func decode(_ metric: SparkplugMetric, _ datatype: UInt32?, _ target: Int) -> (RawValue, Quality) {
        let (source, place) = sources[target]
        if metric.isNull || metric.isNotANumber { return (.none, .noValue) }
        guard let word = metric.word(datatype: datatype) else { return (.none, .suspect) }
        return source.decode(word: word, type: place.type, notAvailable: place.notAvailable)
    }
}
