import ArgumentParser
import BrokerClient
import Capture
import FoundationEssentials
import Gateway
import Glibc
import MQTT
import Profiles
import Readings
import SourceYAML
import TwinModel

/// Hidden: broker to twin in memory, without log and API. Counts until nothing more comes, then writes `NAME VALUE` lines.
struct FieldMQTTCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "field-mqtt", shouldDisplay: false)

    @Option var configurationPath: String

    func run() async throws {
        let plan = try GatewayPlan.load(configurationPath: configurationPath)
        guard let broker = plan.configuration.mqtt, let profile = plan.profiles.profile("bench") else {
            throw ExitCode(2)
        }
        var numbers: [String: PointNumber] = [:]
        var bound: [BoundPoint] = []
        for (index, point) in plan.building.points.enumerated() {
            let number = PointNumber(UInt32(index + 1))
            numbers[point.id] = number
            guard let source = profile.point(point.binding.profilePoint) else { continue }
            bound.append(BoundPoint(point: number, source: source, everyMs: 1_000))
        }
        let numbering = Numbering(points: numbers, streams: [:])
        let intake = Intake(sources: plan.building.sources(numbering))
        let keeper = TwinKeeper(building: plan.building, numbering: numbering, listeningSinceMs: 0)
        let connection = MQTTConnection(
            MQTTSettings(host: broker.host, port: broker.port, clientID: "plumbline-bench"),
            devices: [MQTTDevice(device: "d0-1", root: "bench", profile: profile, points: bound)],
            nowMs: { Int64(Clock.system.wallMs()) }, chance: { 0 }, deliver: { intake.offer($0) })
        try await withThrowingTaskGroup(of: Void.self) { group in
            defer { group.cancelAll() }
            group.addTask { try await connection.run() }
            while !connection.statistics.isConnected { try await Task.sleep(for: .milliseconds(10)) }
            print("")
            fflush(nil)
            group.addTask {
                while true {
                    try await Task.sleep(for: .milliseconds(100))
                    intake.ring()
                }
            }
            var (taken, first, last) = (0, 0.0, 0.0)
            let givingUp = Usage.monotonicSeconds() + 60
            for await _ in intake.rings {
                let now = Usage.monotonicSeconds()
                let readings = intake.drain(5_000)
                if readings.isEmpty {
                    if taken > 0 ? now - last > 2 : now > givingUp { break }
                    continue
                }
                await keeper.apply(readings)
                if taken == 0 { first = now }
                taken += readings.count
                last = Usage.monotonicSeconds()
                if intake.length > 0 { intake.ring() }
            }
            tell("kept", Double(taken))
            tell("lost", Double(intake.counts.droppedGauges) + Double(connection.statistics.dropped))
            tell("perS", Double(taken) / max(last - first, 1e-3))
            print("")
        }
    }
}

/// A broker on a free port of loopback, in a folder of its own.
final class Broker {
    static let program = "/usr/sbin/mosquitto"

    let port: Int
    private let child: Child
    private let folder: String

    init() throws {
        port = try Self.freePort()
        folder = FileManager.default.temporaryDirectory.path + "/plumbline-bench-broker-" + UUID().uuidString
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        // Without a limit of its own the broker would drop what it should measure.
        let text = """
            listener \(port) 127.0.0.1
            allow_anonymous true
            persistence false
            log_type none
            max_queued_messages 0
            max_inflight_messages 0

            """
        try Data(text.utf8).write(to: URL(filePath: folder + "/broker.conf"))
        child = try Child(program: Self.program, ["-c", folder + "/broker.conf"])
        try waitUntilItListens()
    }

    func end() {
        child.end(signal: SIGTERM)
        // A folder that stays in the temporary directory harms nobody.
        try? FileManager.default.removeItem(atPath: folder)
    }

    private func waitUntilItListens() throws {
        let ending = Usage.monotonicSeconds() + 5
        while Usage.monotonicSeconds() < ending {
            let tried = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
            defer { close(tried) }
            if Self.withAddress(port, { connect(tried, $0, $1) }) == 0 { return }
            usleep(20_000)
        }
        throw Child.Problem.endedEarly(program: Self.program)
    }

    private static func freePort() throws -> Int {
        let tried = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(tried) }
        guard withAddress(0, { bind(tried, $0, $1) }) == 0 else {
            throw Child.Problem.cannotStart(program: program, errno: errno)
        }
        var address = sockaddr_in()
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        _ = withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(tried, $0, &size) }
        }
        return Int(UInt16(bigEndian: address.sin_port))
    }

    private static func withAddress(_ port: Int, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Int32) -> Int32 {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = UInt16(truncatingIfNeeded: port).bigEndian
        address.sin_addr.s_addr = in_addr_t(0x7F00_0001).bigEndian
        return withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                body($0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
    }
}
