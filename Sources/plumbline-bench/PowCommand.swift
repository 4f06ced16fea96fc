import ArgumentParser
import CBenchLoops
import ProofOfWork

/// Nonces a second of every kernel this processor runs, beside a plain 64-lane search.
struct PowCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "pow",
        abstract: "Proof of work: nonces a second for each kernel, on one thread and on two.",
        discussion: """
            Every figure is the median of several runs; runs of all kernels and of the reference take turns, so that a busy
            machine slows them alike. The reference is a plain 64-lane search in C (`scalar64`).
            """)

    @Flag(help: "One JSON object a line.")
    var json = false

    @Option(help: "Runs of each figure, 1 to 99.")
    var runs = 7

    @Option(help: "Milliseconds of one run, 10 to 10000.")
    var milliseconds = 200

    func validate() throws {
        guard (1...99).contains(runs) else { throw ValidationError("--runs takes 1 to 99") }
        guard (10...10_000).contains(milliseconds) else { throw ValidationError("--milliseconds takes 10 to 10000") }
    }

    /// Kernels by the name of their figure; the faster of the two for AVX-512 stands for it.
    private static let names: [(name: String, kernels: [SearchKernel])] = [
        ("portable64", [.portable64]), ("vector128", [.vector128]), ("avx2", [.avx2]),
        ("avx512", [.avx512Gates, .avx512Ternary]),
    ]

    func run() async throws {
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
