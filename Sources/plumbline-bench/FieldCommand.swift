import ArgumentParser
import CBenchLoops
import FoundationEssentials
import Glibc
import Modbus
import Profiles

/// The field side: what reading devices and hearing messages costs, beside plain C.
struct FieldCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "field",
        abstract: "Modbus and MQTT: flat-out reads, CPU, age, memory, durable messages, a dead unit.",
        discussion: """
            Devices, publishers and the broker are processes of their own; each gateway runs in a fresh process with its twin, log
            and API, as `plumblined run` has them. CPU is all of that process, measured while nobody listens; age is from the
            device's answer to a listener of the twin (the API's event stream tells the same batches once a second). Age and
            capture-time error come from the registers, which hold the time of the answer in steps of 0.1 ms.
            """)

    @Flag(help: "One JSON object a line.")
    var json = false

    @Option(help: "Only figures whose name begins with this, such as field.10x100; may be repeated.")
    var figure: [String] = []

    @Option(help: "Seconds over which CPU is measured, 2 to 600.")
    var seconds: Double = 20

    @Option(help: "Runs of each side of the flat-out figure, 1 to 99.")
    var runs = 7

    @Flag(help: "Short runs that only show that everything works.")
    var quick = false

    func validate() throws {
        guard (2...600).contains(seconds) else { throw ValidationError("--seconds takes 2 to 600") }
        guard (1...99).contains(runs) else { throw ValidationError("--runs takes 1 to 99") }
    }

    private var windowS: Double { quick ? 3 : seconds }

    func run() async throws {
        // As the systemd unit sets it.
        setenv("MALLOC_ARENA_MAX", "2", 0)
        setenv("MALLOC_MMAP_THRESHOLD_", "1048576", 0)
        try group("field.flat", flat)
        try group("field.10x100.") { try load("10x100", devices: 10, registers: 100, isPer1k: true) }
        try group("field.10x1000.") { try load("10x1000", devices: 10, registers: 1_000, isPer1k: true) }
        try group("field.100x100.") { try load("100x100", devices: 100, registers: 100, isPer1k: false) }
        try group("field.deadUnit.", deadUnit)
        try group("field.mqtt.", mqtt)
    }

    /// Runs what makes the figures under a name, if they are wanted; what cannot be measured here is told and left out.
    private func group(_ name: String, _ body: () throws -> Void) throws {
        guard figure.isEmpty || figure.contains(where: { $0.hasPrefix(name) || name.hasPrefix($0) }) else { return }
        do { try body() } catch {
            complain("plumbline-bench: \(name) is left out: \(error)")
        }
    }

    private func show(
        _ figure: String, _ value: Double, _ unit: String, reference: String? = nil, ratio: Double? = nil, runs: Int = 1
    ) {
        BenchFigure(
            suite: "field", figure: figure, value: value, unit: unit, reference: reference, ratio: ratio, runs: runs
        ).show(asJSON: json)
        fflush(nil)
    }

    // MARK: - Modbus

    /// 125 registers on one connection, ours and the C loop in turns on the same server.
    private func flat() throws {
        let devices = try Child(["field-devices", "--ports", "1"])
        defer { devices.end() }
        guard let port = try devices.linesUntilEmpty().first.flatMap({ Int($0) }) else { return }
        let reads = quick ? 1_000 : 20_000
        let session = try ModbusSession(ModbusSettings(.tcp(host: "127.0.0.1", port: UInt16(clamping: port))))
        var (ours, plain, ratios): ([Double], [Double], [Double]) = ([], [], [])
        var words: [UInt16] = []
        for _ in 0..<runs {
            let tookNs = plumbline_bench_flat_reads("127.0.0.1", Int32(port), 125, Int32(reads))
            guard tookNs > 0 else { throw Child.Problem.endedEarly(program: "the C loop") }
            let began = Usage.monotonicSeconds()
            for _ in 0..<reads {
                try session.read(unit: 1, .holdingRegisters, address: 0, count: 125, into: &words)
            }
            ours.append(Double(reads) / (Usage.monotonicSeconds() - began))
            plain.append(Double(reads) / (Double(tookNs) / 1e9))
            ratios.append((ours.last ?? 0) / (plain.last ?? 1))
        }
        let ratio = BenchFigure.median(ratios)
        show("field.flat", ratio, "ratio", reference: "plain C libmodbus loop", ratio: ratio, runs: runs)
        show(
            "field.flat.readsPerS", BenchFigure.median(ours), "1/s", reference: "plain C libmodbus loop", ratio: ratio,
            runs: runs)
        show("field.flat.plainReadsPerS", BenchFigure.median(plain), "1/s", runs: runs)
    }

    private func gateway(_ source: FieldFolder.Source, points: Int) throws -> (figures: [String: Double], points: Int) {
        let folder = try FieldFolder(source, points: points)
        defer { folder.remove() }
        let child = try Child([
            "field-gateway", "--configuration-path", folder.configurationPath, "--seconds", "\(windowS)",
        ])
        defer { child.end() }
        return (try child.figures(), folder.pointCount)
    }

    private func load(_ name: String, devices: Int, registers: Int, isPer1k: Bool) throws {
        let server = try Child(["field-devices", "--ports", "\(devices)"])
        defer { server.end() }
        let ports = try server.linesUntilEmpty().compactMap { Int($0) }
        let (found, points) = try gateway(.modbus(ports: ports.map { ($0, 1) }), points: registers)
        let cpu = found["cpuPercent"] ?? 0
        if isPer1k {
            show("field.\(name).cpuPer1k", cpu / (Double(points) / 1_000), "% of a core")
        }
        show("field.\(name).cpu", cpu, "% of a core")
        show("field.\(name).ageP50Ms", found["ageP50Ms"] ?? 0, "ms")
        show("field.\(name).ageP95Ms", found["ageP95Ms"] ?? 0, "ms")
        show("field.\(name).captureErrorP95Ms", found["captureErrorP95Ms"] ?? 0, "ms")
        show("field.\(name).rssMB", found["rssMB"] ?? 0, "MB")
        show("field.\(name).peakRssMB", found["peakRssMB"] ?? 0, "MB")
        show("field.\(name).threads", found["threads"] ?? 0, "")
        show(
            "field.\(name).keptPerS", found["keptPerS"] ?? 0, "1/s", reference: "points due a second",
            ratio: (found["keptPerS"] ?? 0) / Double(points))
    }

    /// Ten units behind one gateway, once all alive, once with the last one silent.
    private func deadUnit() throws {
        var rates: [Double] = []
        for silent in [-1, 10] {
            let server = try Child(["field-devices", "--ports", "1", "--silent", "\(silent)"])
            defer { server.end() }
            let ports = try server.linesUntilEmpty().compactMap { Int($0) }
            rates.append(try gateway(.modbus(ports: ports.map { ($0, 10) }), points: 100).figures["othersPerS"] ?? 0)
        }
        let share = rates[0] > 0 ? rates[1] / rates[0] : 0
        show("field.deadUnit.share", share, "ratio", reference: "the same nine units, all ten alive", ratio: share)
    }

    // MARK: - MQTT

    private static let topics = 1_000

    private func mqtt() throws {
        let messages = quick ? 20_000 : 400_000
        let plain = try heard(messages: messages, qos: 0) { broker in
            let child = try Child(["field-subscriber", "--port", "\(broker.port)"])
            return (child, nil)
        }
        let inMemory = try heard(messages: messages, qos: 0) { broker in
            let folder = try FieldFolder(.mqtt(port: broker.port), points: Self.topics)
            return (try Child(["field-mqtt", "--configuration-path", folder.configurationPath]), folder)
        }
        tellMQTT("memory", inMemory, plain)
        let durable = try heard(messages: messages / 2, qos: 1) { broker in
            let folder = try FieldFolder(.mqtt(port: broker.port), points: Self.topics)
            let child = try Child([
                "field-gateway", "--configuration-path", folder.configurationPath, "--seconds", "\(windowS)",
                "--durable",
            ])
            return (child, folder)
        }
        tellMQTT("durable", durable, plain)
    }

    private func tellMQTT(_ name: String, _ found: [String: Double], _ plain: [String: Double]) {
        let rate = found["perS"] ?? 0
        let reference = plain["perS"] ?? 0
        show(
            "field.mqtt.\(name)PerS", rate, "1/s", reference: "plain C subscriber, QoS 0",
            ratio: reference > 0 ? rate / reference : nil)
        show("field.mqtt.\(name)Lost", found["lost"] ?? 0, "")
    }

    /// What a listener heard of so many messages; it says with an empty line that it listens.
    private func heard(
        messages: Int, qos: Int, _ listener: (Broker) throws -> (Child, FieldFolder?)
    ) throws -> [String: Double] {
        let broker = try Broker()
        defer { broker.end() }
        let (child, folder) = try listener(broker)
        defer {
            child.end()
            folder?.remove()
        }
        _ = try child.linesUntilEmpty()
        let publisher = try Child([
            "field-publisher", "--port", "\(broker.port)", "--topics", "\(Self.topics)", "--qos", "\(qos)",
            "--messages", "\(messages)",
        ])
        defer { publisher.end() }
        return try child.figures()
    }
}

/// Standard error, for what is no result.
func complain(_ text: String) {
    let bytes = Array((text + "\n").utf8)
    // Nobody is left to tell when this fails.
    _ = write(STDERR_FILENO, bytes, bytes.count)
}
