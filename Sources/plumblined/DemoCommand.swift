import ArgumentParser
import FoundationEssentials
import Gateway
import Logging
import Simulation

struct DemoCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "demo",
        abstract: "A simulated building and a gateway that reads it, in one process.",
        discussion: "Needs a broker on loopback; Deploy/demo starts one, and everything else that belongs to the demo.")

    @Option(help: "Folder for everything the demo writes.")
    var dir: String

    @Option(name: .customLong("mqtt-port"), help: "Port of a broker on 127.0.0.1.")
    var mqttPort: UInt16

    @Option(help: "Folder of the device profiles.")
    var profiles = "/usr/share/plumbline/profiles"

    @Option(help: "Building file; @MODBUS_PORT@ and @MQTT_PORT@ in it are replaced.")
    var building: String

    @Option(help: "Length of an interval.")
    var period = "10s"

    @Option(name: .customLong("anchor-every"), help: "Time between anchors.")
    var anchorEvery = "60s"

    @Option(name: .customLong("milestone-every"), help: "Milestone interval of the development node.")
    var milestoneEvery = "5s"

    @Option(help: "Simulated seconds in a real second.")
    var pace = 1.0

    @Option(help: "Seed of weather and people.")
    var seed: UInt64 = 2_026

    @Option(name: .customLong("ready-file"), help: "Written when the gateway listens: lines url=… and token=…")
    var readyFile: String?

    func run() async throws {
        try await Terminal.attempt {
            try FileManager.default.createDirectory(atPath: dir, withIntermediateDirectories: true)
            let (ports, told) = AsyncStream<UInt16>.makeStream(bufferingPolicy: .bufferingNewest(1))
            let library = try GatewayPlan.profiles(in: profiles)
            let simulated = try SimulatedBuilding(
                SimulatedBuilding.Settings(seed: seed, startMs: Terminal.wallMs(), pace: pace), profiles: library)
            let mqttPort = mqttPort
            try await untilSignal {
                try await withThrowingTaskGroup(of: Void.self) { group in
                    defer { group.cancelAll() }
                    group.addTask {
                        defer { told.finish() }
                        try await simulated.run(
                            modbusPort: 0, mqttHost: "127.0.0.1", mqttPort: mqttPort, wallMs: { Terminal.wallMs() },
                            ready: { told.yield($0) })
                    }
                    guard let modbusPort = await ports.first(where: { _ in true }) else {
                        try await group.next()
                        return
                    }
                    let path = try write(modbusPort: modbusPort)
                    group.addTask { try await gateway(path) }
                    try await group.next()
                }
            }
        }
    }

    /// Configuration and building file with the ports filled in; where the configuration stands.
    private func write(modbusPort: UInt16) throws -> String {
        let text = String(decoding: try Data(contentsOf: URL(filePath: building)), as: UTF8.self)
            .replacing("@MODBUS_PORT@", with: "\(modbusPort)").replacing("@MQTT_PORT@", with: "\(mqttPort)")
        try Data(text.utf8).write(to: URL(filePath: dir + "/building.yaml"))
        let folder = profiles.hasPrefix("/") ? profiles : FileManager.default.currentDirectoryPath + "/" + profiles
        let configuration = """
            gateway: demo
            building: building.yaml
            profiles: \(folder)
            data: data
            log: {period: \(period)}
            api: {host: 127.0.0.1, port: 0}
            mqtt: {host: 127.0.0.1, port: \(mqttPort), publish: twin}
            anchors: {every: \(anchorEvery)}
            localTangle: {interval: \(milestoneEvery), minPowScore: 100}
            freeSpaceFloor: 16MiB

            """
        let path = dir + "/plumbline.yaml"
        try Data(configuration.utf8).write(to: URL(filePath: path))
        return path
    }

    private func gateway(_ path: String) async throws {
        let plan = try GatewayPlan.load(configurationPath: path)
        if !FileManager.default.fileExists(atPath: plan.configuration.dataPath + "/card") {
            _ = try await GatewaySetup.initialise(
                plan, recoveryKeyPath: dir + "/recovery.key")
        }
        let token = try GatewayTokens(plan.configuration).add(
            name: "demo-\(Terminal.wallMs())", role: "facility", days: nil)
        let run = GatewayRun(
            plan, journal: { Terminal.journal($0, level: .info) })
        try await run.run { ready in
            Terminal.say("plumblined: page \(ready.url)/ token \(token)")
            guard let readyFile else { return }
            do {
                // Whole or not at all: whoever waits for it reads both lines.
                try Data("url=\(ready.url)\ntoken=\(token)\n".utf8).write(
                    to: URL(filePath: readyFile), options: .atomic)
            } catch { Terminal.complain(error) }
        }
    }
}
