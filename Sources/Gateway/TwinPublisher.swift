import BrokerClient
import Glibc
import Logging
import MQTT
import Profiles
import Readings
import Synchronization
import TwinModel

/// The twin, told on a broker, for points of privacy class `none`: one retained message for each change, `ROOT/ENTITY.NAME`, with
/// quality and capture instant. Everything is told again after each connect, and what the building no longer has is taken back.
struct TwinPublisher: Sendable {
    private let root: String
    private let discovery: HomeAssistant?
    private let keeper: TwinKeeper
    private let profiles: @Sendable () async -> ProfileLibrary
    private let publisher: MQTTPublisher
    private let work: AsyncStream<Work>
    private let told: AsyncStream<Work>.Continuation
    /// Something was not told: everything is told again.
    private let isBehind = BehindFlag()
    /// Topics that hold a retained message of ours, one a line; it outlives the daemon.
    private let topicsFile: String

    private enum Work: Sendable {
        case all
        case changes([Reading])
    }

    /// Changes that wait while everything is told.
    private static let workCountMax = 256
    /// Waiting time when the outbox is full.
    private static let fullMs = 20
    private static let topicCountMax = 100_000

    /// - Parameters:
    ///   - profiles: those in force, asked for whenever a name is needed.
    ///   - folder: the data folder.
    init?(
        _ configuration: GatewayConfiguration, keeper: TwinKeeper,
        profiles: @escaping @Sendable () async -> ProfileLibrary, folder: String,
        chance: @escaping @Sendable () -> Double
    ) throws {
        guard let root = configuration.mqtt?.publish, let settings = try configuration.twinBroker() else { return nil }
        self.root = root
        self.keeper = keeper
        self.profiles = profiles
        discovery = configuration.mqtt?.discovery.map {
            HomeAssistant(prefix: $0, gateway: configuration.gateway, root: root)
        }
        topicsFile = folder + "/published-topics"
        let (work, told) = AsyncStream<Work>.makeStream(bufferingPolicy: .bufferingNewest(Self.workCountMax))
        (self.work, self.told) = (work, told)
        let gateway = root + "/gateway"
        publisher = MQTTPublisher(
            settings, will: MQTTMessage(topic: gateway, text: "offline", isRetained: true, qos: 1),
            birth: [MQTTMessage(topic: gateway, text: "online", isRetained: true, qos: 1)],
            farewell: [MQTTMessage(topic: gateway, text: "offline", isRetained: true, qos: 1)], chance: chance,
            onConnect: { told.yield(.all) })
    }

    func run() async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { [publisher] in try await publisher.run() }
            group.addTask {
                for await readings in await keeper.subscribe() { add(.changes(readings)) }
            }
            // One after the other, so that no older word follows a newer one.
            group.addTask { try await tell() }
            defer { group.cancelAll() }
            try await group.next()
        }
    }

    private func add(_ new: Work) {
        if case .dropped = told.yield(new) { isBehind.set(true) }
    }

    private func tell() async throws {
        var known = storedTopics()
        var building: Building?
        for await next in work {
            let now = await keeper.building
            if case .all = next { isBehind.set(true) }
            if building != now || isBehind.value {
                isBehind.set(false)
                building = now
                try await tellAll(now, &known)
            } else if case .changes(let readings) = next {
                await tell(readings, now)
            }
        }
    }

    // MARK: - Everything

    private func tellAll(_ building: Building, _ known: inout Set<String>) async throws {
        var present: Set<String> = []
        // A broker has readers that no grant names: what tells about people stays inside.
        let points = building.points.filter { $0.privacy == .none }
        for point in points {
            present.insert(topic(of: point.id))
            if let discovery { present.insert(discovery.topic(of: point.id)) }
        }
        for topic in known.subtracting(present).sorted() {
            try await put(MQTTMessage(topic: topic, payload: [], isRetained: true, qos: 1))
        }
        for point in points {
            let labels = await labels(of: point)
            if let discovery {
                let text = discovery.configuration(of: point, in: building, names: labels.map(\.name))
                try await put(
                    MQTTMessage(topic: discovery.topic(of: point.id), text: text, isRetained: true, qos: 1))
            }
            guard let state = await keeper.state(of: point.id),
                let text = TwinMessage.json(state, point, name: { name(of: $0, labels) })
            else { continue }
            try await put(MQTTMessage(topic: topic(of: point.id), text: text, isRetained: true, qos: 0))
        }
        if known != present { store(present) }
        known = present
    }

    private func put(_ message: MQTTMessage) async throws {
        while !publisher.publish(message) { try await Task.sleep(for: .milliseconds(Self.fullMs)) }
    }

    // MARK: - Changes

    private func tell(_ readings: [Reading], _ building: Building) async {
        for reading in readings {
            guard let id = await keeper.id(of: reading.point), let point = building.point(id), point.privacy == .none,
                // The state, not the reading: a late reading does not change what is shown.
                let state = await keeper.state(of: reading.point), state.touchedAtMs == reading.capturedAtMs
            else { continue }
            let labels = await labels(of: point)
            let text = TwinMessage.json(reading, point) { name(of: $0, labels) }
            if !publisher.publish(MQTTMessage(topic: topic(of: id), text: text, isRetained: true, qos: 0)) {
                isBehind.set(true)
            }
        }
    }

    private func topic(of point: String) -> String { "\(root)/\(point)" }

    private func labels(of point: Point) async -> [ProfilePoint.Label] {
        await profiles().profile(point.binding.profile)?.point(point.binding.profilePoint)?.labels ?? []
    }

    private func name(of number: Int64, _ labels: [ProfilePoint.Label]) -> String? {
        labels.first { $0.value == number }?.name
    }

    // MARK: - What was published

    /// What an earlier run has published; without the file nothing is taken back.
    private func storedTopics() -> Set<String> {
        guard let bytes = try? GatewayPlan.read(topicsFile) else { return [] }
        return Set(
            String(decoding: bytes, as: UTF8.self).split(separator: "\n").prefix(Self.topicCountMax).map(String.init))
    }

    /// A file that cannot be written costs a retained message that nobody takes back, and nothing else.
    private func store(_ topics: Set<String>) {
        unlink(topicsFile)
        try? Files.writeNew(topics.sorted().joined(separator: "\n") + "\n", to: topicsFile, mode: 0o640)
    }
}

/// Set by whoever could not say something, read by whoever tells everything again.
private final class BehindFlag: Sendable {
    private let atomic = Atomic<Bool>(false)
    var value: Bool { atomic.load(ordering: .acquiring) }
    func set(_ new: Bool) { atomic.store(new, ordering: .releasing) }
}
