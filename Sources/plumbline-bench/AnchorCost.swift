import Anchoring
import Hashing
import ProofOfWork
import Tangle

/// What anchoring costs this machine: work for a block, a day of blocks, a search that is given up, and the time between two.
struct AnchorCost {
    /// Bytes of an anchor's payload and tag, as the gateway sends them.
    private static let payloadBytes = 109
    private static let tagBytes = 20

    let score: UInt32
    let everySeconds: Double
    let anchors: Int

    /// CPU seconds of one anchor at the score, on average: what a try costs by real searches, times the tries that the score asks
    /// for. The number of tries of single searches scatters far too much to be the figure.
    func cpuSecondsPerAnchor() async throws -> Double {
        let miner = Miner(threads: 1, niceness: 0)
        try await miner.measure()
        var tries: UInt64 = 0
        var zeros = 0
        let began = Usage.cpuSeconds()
        for number in 0..<anchors {
            let block = try Self.block(number, score: score)
            zeros = PoWTarget.zeros(minScore: score, size: block.sizeBytes)
            tries += try await miner.mine(block.work, minScore: score).tries
        }
        let cpu = Usage.cpuSeconds() - began
        guard tries > 0 else { return cpu / Double(max(1, anchors)) }
        return cpu / Double(tries) * PoWTarget.meanTries(zeros: zeros)
    }

    /// A block as the gateway makes it when a node names eight tips.
    private static func block(_ number: Int, score: UInt32) throws -> Block {
        let tips = (0..<8).map { BlockID(sha256(Array("tip \(number) \($0)".utf8))) }
        return try AnchorBlock.make(
            tag: [UInt8](repeating: 1, count: tagBytes), payload: [UInt8](repeating: 2, count: payloadBytes),
            tips: tips, minScore: score)
    }

    var anchorsPerDay: Double { 86_400 / everySeconds }

    /// Time from a cancel to the search's return, in ms, for each of `runs` searches that would never end.
    static func cancelMs(runs: Int) async throws -> [Double] {
        let work = BlockWork(head: Array("plumbline-bench".utf8))
        let miner = Miner(threads: 1, niceness: 0)
        try await miner.measure()
        var times: [Double] = []
        for run in 0..<runs {
            let search = Task {
                try await miner.mine(work, minScore: .max, from: UInt64(run) << 40, allowedSeconds: 1e9)
            }
            // Somewhere inside a call of the kernel.
            try await Task.sleep(for: .microseconds(5_000 + run * 137))
            let began = Usage.monotonicSeconds()
            search.cancel()
            _ = await search.result
            times.append((Usage.monotonicSeconds() - began) * 1_000)
        }
        return times
    }

    /// CPU of a whole gateway with one meter between two anchors, in percent of a core; it runs in a process of its own.
    static func idlePercent(seconds: Double) throws -> Double? {
        let server = try Child(["field-devices", "--ports", "1"])
        defer { server.end() }
        guard let port = try server.linesUntilEmpty().first.flatMap({ Int($0) }) else { return nil }
        let folder = try FieldFolder(.modbus(ports: [(port, 1)]), points: 1, every: "10s")
        defer { folder.remove() }
        let child = try Child([
            "pow-gateway", "--configuration-path", folder.configurationPath, "--data-path", folder.path + "/data",
            "--seconds", "\(seconds)",
        ])
        defer { child.end() }
        return try child.figures()["cpuPercent"]
    }
}
