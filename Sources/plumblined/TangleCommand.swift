import ArgumentParser
import LocalTangle

struct TangleCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tangle",
        abstract: "Runs the development Tangle node alone, on loopback.",
        discussion: """
            Speaks what a Stardust node speaks (core/v2, poi/v1), for tests and for a try. Whoever runs it holds every key: it proves
            nothing to a third party.
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

    func validate() throws {
        guard (0...65_535).contains(port) else { throw ValidationError("--port takes 0 to 65535") }
        guard milliseconds(interval) != nil else {
            throw ValidationError("--interval takes a span such as 1s, 2500ms or 1m")
        }
    }

    func run() async throws {
        try await Terminal.attempt {
            let node = try LocalTangleNode(
                configuration: LocalTangleConfiguration(
                    networkName: network, intervalMs: milliseconds(interval) ?? 1_000, minPoWScore: minPoWScore,
                    directory: dir),
                clock: { Terminal.wallMs() })
            try await untilSignal {
                try await node.run(port: port) { port in
                    Terminal.say("plumblined: development node on http://127.0.0.1:\(port), network \(network)")
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
