import ArgumentParser
import CBenchLoops
import Glibc

/// Hidden: simulated devices, plain C.
struct FieldDevicesCommand: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "field-devices", shouldDisplay: false)

    @Option var ports: Int32
    /// A unit id that never answers; -1 for none.
    @Option(parsing: .unconditional) var silent: Int32 = -1

    func run() throws {
        if plumbline_bench_serve(ports, silent) != 0 { throw ExitCode(2) }
    }
}

/// Hidden: a publisher in plain C with libmosquitto. It waits for a line on standard input.
struct FieldPublisherCommand: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "field-publisher", shouldDisplay: false)

    @Option var port: Int32
    @Option var topics: Int32
    @Option var qos: Int32
    @Option var messages: Int64

    func run() throws {
        let tookNs = plumbline_bench_publish("127.0.0.1", port, "bench", topics, qos, messages)
        if tookNs < 0 { throw ExitCode(2) }
        tell("perS", Double(messages) / (Double(tookNs) / 1e9))
        print("")
    }
}

/// Hidden: a subscriber in plain C with libmosquitto, the reference of the MQTT figures.
struct FieldSubscriberCommand: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "field-subscriber", shouldDisplay: false)

    @Option var port: Int32

    func run() throws {
        var messages: Int64 = 0
        let tookNs = plumbline_bench_subscribe("127.0.0.1", port, "bench/#", 1_000, &messages)
        if tookNs <= 0 { throw ExitCode(2) }
        tell("kept", Double(messages))
        tell("perS", Double(messages) / (Double(tookNs) / 1e9))
        print("")
    }
}
