import ArgumentParser
import CBenchLoops
import Glibc
import ProofOfWork

/// Nonces a second of every kernel this processor runs, beside a plain 64-lane search.
struct PowCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "pow",
        abstract: "Proof of work: nonces a second for each kernel, and what anchors cost a gateway.",
        discussion: """
            Every rate is the median of several runs; runs of all kernels and of the reference take turns, so that a busy
            machine slows them alike. The reference is a plain 64-lane search in C (`scalar64`). The CPU of an anchor is that of a
            try, measured by searches for whole blocks, times the tries that its score asks for on average. The CPU between anchors
            is all of a gateway with one meter, in a fresh process with its twin, log, API and development node.
            """)

    @Flag(help: "One JSON object a line.")
    var json = false

    @Option(help: "Runs of each figure, 1 to 99.")
    var runs = 7

    @Option(help: "Milliseconds of one run, 10 to 10000.")
    var milliseconds = 200

    @Option(help: "Only figures whose name begins with this, such as pow.anchor; may be repeated.")
    var figure: [String] = []

    @Option(help: "Score that the network demands, 1 to 100000.")
    var score: UInt32 = 1_500

    @Option(help: "Seconds between two anchors, 2 to 86400.")
    var every: Double = 600

    @Option(help: "Anchors that are searched for their CPU, 1 to 10000.")
    var anchors = 32

    @Option(help: "Searches that are cancelled, 1 to 10000.")
    var cancels = 50

    @Option(help: "Seconds over which the idle gateway is measured, 2 to 600.")
    var seconds: Double = 60

    func validate() throws {
        guard (1...100_000).contains(score) else { throw ValidationError("--score takes 1 to 100000") }
        guard (2...86_400).contains(every) else { throw ValidationError("--every takes 2 to 86400") }
        guard (1...10_000).contains(anchors) else { throw ValidationError("--anchors takes 1 to 10000") }
        guard (1...10_000).contains(cancels) else { throw ValidationError("--cancels takes 1 to 10000") }
        guard (2...600).contains(seconds) else { throw ValidationError("--seconds takes 2 to 600") }
        guard (1...99).contains(runs) else { throw ValidationError("--runs takes 1 to 99") }
        guard (10...10_000).contains(milliseconds) else { throw ValidationError("--milliseconds takes 10 to 10000") }
    }

    /// Kernels by the name of their figure; the faster of the two for AVX-512 stands for it.
    private static let names: [(name: String, kernels: [SearchKernel])] = [
        ("portable64", [.portable64]), ("vector128", [.vector128]), ("avx2", [.avx2]),
        ("avx512", [.avx512Gates, .avx512Ternary]),
    ]

    func run() async throws {
        // As the systemd unit sets it.
        setenv("MALLOC_ARENA_MAX", "2", 0)
        let rates = ["scalar64"] + Self.names.map(\.name)
        if rates.contains(where: { isWanted("pow.\($0)") }) { try await kernels() }
        let cost = AnchorCost(score: score, everySeconds: every, anchors: anchors)
        if isWanted("pow.anchor") || isWanted("pow.day") {
            let cpu = try await cost.cpuSecondsPerAnchor()
            show("pow.anchor.cpuSeconds", cpu, "s", runs: anchors)
            show("pow.day.cpuSeconds", cpu * cost.anchorsPerDay, "s", runs: anchors)
        }
        if isWanted("pow.cancel") {
            let times = try await AnchorCost.cancelMs(runs: cancels).sorted()
            show("pow.cancel.p95Ms", times[Int(Double(times.count - 1) * 0.95)], "ms", runs: cancels)
            show("pow.cancel.maxMs", times.last ?? 0, "ms", runs: cancels)
        }
        if isWanted("pow.idle"), let percent = try AnchorCost.idlePercent(seconds: seconds) {
            show("pow.idle.cpu", percent, "% of a core", runs: 1)
        }
    }

    private func isWanted(_ name: String) -> Bool {
        figure.isEmpty || figure.contains { $0.hasPrefix(name) || name.hasPrefix($0) }
    }

    private func show(_ figure: String, _ value: Double, _ unit: String, runs: Int) {
        BenchFigure(suite: "pow", figure: figure, value: value, unit: unit, runs: runs).show(asJSON: json)
        fflush(nil)
    }

    private func kernels() async throws {
        let input = BlockWork(head: Array("plumbline-bench".utf8)).inputTrits(nonce: 0)
        let kernels = SearchKernel.allCases.filter(\.isAvailable)
        var reference: [Double] = []
        var rates: [SearchKernel: [Int: [Double]]] = [:]
        for _ in 0..<runs {
            reference.append(plainRate(input))
            for kernel in kernels {
                for threads in [1, 2] {
                    rates[kernel, default: [:]][threads, default: []].append(try await rate(kernel, threads))
                }
            }
        }
        let plain = BenchFigure.median(reference)
        show("scalar64", threads: 1, plain, plain)
        for (name, members) in Self.names {
            for threads in [1, 2] {
                let medians = members.compactMap { rates[$0]?[threads].map(BenchFigure.median) }
                if let best = medians.max() { show(name, threads: threads, best, plain) }
            }
        }
    }

    private func show(_ name: String, threads: Int, _ rate: Double, _ plain: Double) {
        BenchFigure(
            suite: "pow", figure: "pow.\(name).threads\(threads)", value: rate / 1e6, unit: "M/s",
            reference: "scalar64.threads1", ratio: plain > 0 ? rate / plain : nil, runs: runs
        ).show(asJSON: json)
    }

    /// Nonces a second of the plain search.
    private func plainRate(_ input: [Int8]) -> Double {
        let began = monotonicNanoseconds()
        var nonces: UInt64 = 0
        while monotonicNanoseconds() - began < UInt64(milliseconds) * 1_000_000 {
            _ = plumbline_bench_curl64(input, UInt32(SearchKernel.zerosMax), nonces, 16)
            nonces += 16 * 64
        }
        return Double(nonces) / (Double(monotonicNanoseconds() - began) / 1e9)
    }

    /// Nonces a second of our search, its threads at normal priority.
    private func rate(_ kernel: SearchKernel, _ threads: Int) async throws -> Double {
        try await Miner(threads: threads, kernel: kernel, niceness: 0).measure(
            forNs: UInt64(milliseconds) * 1_000_000)
    }
}
