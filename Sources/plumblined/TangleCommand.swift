import ArgumentParser
import BrokerClient
import LocalTangle

struct TangleCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tangle",
        abstract: "Runs the development Tangle node alone, on loopback.",
        discussion: """
            Speaks what a Stardust node speaks (core/v2, poi/v1), for tests and for a try.
            Whoever runs it holds every key: it proves nothing to a third party. When it
            listens, it prints the tangle: section of a gateway that is to use it.

            Faults, for tests. N counts milestones, or the blocks of lost-reply and
            other-id, until the fault ends; without a number it does not end. For prune,
            stale and slow the number says how far the node is off; the one shown is taken
            without a number.
            \(LocalTangleFault.help)
            """)

    @Option(help: "Port on 127.0.0.1; 0 takes a free one, which is printed.")
    var port = 14_265

    @Option(help: "Time between milestones: 1s, 500ms is too short.")
    var interval = "1s"

    @Option(name: .customLong("min-pow-score"), help: "Score a block must reach; 0 asks for no work.")
    var minPoWScore: UInt32 = 100

    @Option(help: "Name of the network.")
    var network = "plumbline-local"

    @Option(help: "Folder for keys, milestones and waiting blocks; without it nothing is kept.")
    var dir: String?

    @Option(help: "Coordinator keys, 1 to 255; those in --dir, or one, when it is left out.")
    var keys: Int?

    @Option(help: "Keys that sign a milestone, in turns; as --dir says, or all, when it is left out.")
    var threshold: Int?

    @Option(
        help: ArgumentHelp(
            "Broker that is told what happens, by a Stardust node's topics.", valueName: "mqtt://host:port"))
    var events: String?

    @Option(name: .customLong("fault"), help: "A fault of the list above: NAME or NAME=N. May be given again.")
    var faults: [String] = []

    func validate() throws {
        guard (0...65_535).contains(port) else { throw ValidationError("--port takes 0 to 65535") }
        guard milliseconds(interval) != nil else {
            throw ValidationError("--interval takes a span such as 1s, 2500ms or 1m")
        }
        if let events, BrokerAddress(events) == nil {
            throw ValidationError("--events takes the address of a broker, such as mqtt://127.0.0.1:1883")
        }
        do { _ = try LocalTangleFaults(words: faults) } catch { throw ValidationError("--fault: \(error)") }
    }

    func run() async throws {
        try await Terminal.attempt {
            let node = try LocalTangleNode(
                configuration: LocalTangleConfiguration(
                    networkName: network, intervalMs: milliseconds(interval) ?? 1_000, minPoWScore: minPoWScore,
                    keyCount: keys, threshold: threshold, directory: dir,
                    events: events.flatMap { BrokerAddress($0) }),
                clock: { Terminal.wallMs() }, chance: { Double.random(in: 0..<1) })
            let faults = try LocalTangleFaults(words: faults)
            await node.setFaults(faults)
            try await untilSignal {
                try await node.run(port: port) { port in
                    let url = "http://127.0.0.1:\(port)"
                    Terminal.say("plumblined: development node on \(url), network \(network)")
                    if !faults.words.isEmpty {
                        Terminal.say("plumblined: faults: \(faults.words.joined(separator: " "))")
                    }
                    Terminal.show(node.gatewaySection(url: url), terminator: "")
                }
            }
        }
    }
}

/// `500ms`, `1s`, `10m`; `nil` for anything else.
func milliseconds(_ text: String) -> Int64? {
    let digits = text.prefix { $0.isASCII && $0.isNumber }
    let factors: [Substring: Int64] = ["ms": 1, "s": 1_000, "m": 60_000, "h": 3_600_000]
    guard let value = Int64(digits), let factor = factors[text.dropFirst(digits.count)] else { return nil }
    let (product, over) = value.multipliedReportingOverflow(by: factor)
    return over || product <= 0 ? nil : product
}
