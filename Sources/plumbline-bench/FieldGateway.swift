import ArgumentParser
import Capture
import Glibc
import Readings
import TwinModel

/// Hidden: one whole gateway in a process of its own. It measures itself and writes `NAME VALUE` lines, then an empty one.
struct FieldGatewayCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "field-gateway", shouldDisplay: false)

    @Option var configurationPath: String
    @Option var seconds: Double
    /// Counts what is put on disk until nothing more comes, instead of watching devices.
    @Flag var durable = false

    func run() async throws {
        try await BenchGateway.run(configurationPath: configurationPath) { capture in
            if durable { try await watchDisk(capture) } else { try await watchDevices(capture) }
        }
    }

    /// First what it costs, with nobody listening; then what a listener of the twin sees.
    private func watchDevices(_ capture: CaptureFlow) async throws {
        // The first anchor is made and confirmed by then; another comes after minutes.
        try await Task.sleep(for: .seconds(10))
        let (cpu, began, kept) = (Usage.cpuSeconds(), Usage.monotonicSeconds(), await capture.counts.kept)
        try await Task.sleep(for: .seconds(seconds))
        let tookS = Usage.monotonicSeconds() - began
        tell("cpuPercent", (Usage.cpuSeconds() - cpu) / tookS * 100)
        tell("keptPerS", Double(await capture.counts.kept - kept) / tookS)
        tell("threads", Usage.status("Threads"))
        tell("rssMB", Usage.status("VmRSS") / 1_024)
        try await listen(capture.keeper)
        tell("peakRssMB", Usage.status("VmHWM") / 1_024)
        let lost = capture.intake.counts
        tell("lost", Double(lost.droppedGauges + lost.replaced + lost.refused))
        print("")
    }

    private func listen(_ keeper: TwinKeeper) async throws {
        let ids = await keeper.ids
        let ending = Usage.monotonicSeconds() + max(5, seconds)
        var ages: [Double] = []
        var errors: [Double] = []
        var polls: [Substring: Polls] = [:]
        let stream = await keeper.subscribe()
        for await batch in stream {
            let now = Usage.wallTicks()
            for reading in batch {
                guard case .integer(let word) = reading.value else { continue }
                ages.append(Self.ticks(now - word) / 10)
                errors.append(abs(Self.ticks(reading.capturedAtMs * 10 - word)) / 10)
                guard let entity = ids[reading.point]?.prefix(while: { $0 != "." }) else { continue }
                polls[entity, default: Polls()].note(reading.capturedAtMs)
            }
            if Usage.monotonicSeconds() >= ending { break }
        }
        ages.sort()
        errors.sort()
        tell("ageP50Ms", Self.part(ages, 0.50))
        tell("ageP95Ms", Self.part(ages, 0.95))
        tell("captureErrorP95Ms", Self.part(errors, 0.95))
        // All but the last of ten units: in the run with a dead unit that is the dead one.
        tell("othersPerS", polls.filter { $0.key != "d0-10" }.values.map(\.perS).reduce(0, +))
    }

    /// How often a device was read, from the first to the last time.
    private struct Polls {
        var count = 0
        var firstMs: Int64 = 0
        var lastMs: Int64 = 0

        mutating func note(_ atMs: Int64) {
            if atMs == lastMs { return }
            if count == 0 { firstMs = atMs }
            lastMs = atMs
            count += 1
        }

        var perS: Double { lastMs > firstMs ? Double(count - 1) * 1_000 / Double(lastMs - firstMs) : 0 }
    }

    /// Messages on disk a second, from the first to the last commit.
    private func watchDisk(_ capture: CaptureFlow) async throws {
        try await Task.sleep(for: .seconds(2))
        let before = await capture.counts.kept
        print("")
        fflush(nil)
        var first: Double?
        var last = Usage.monotonicSeconds()
        var kept = before
        let (giveUp, began) = (seconds + 60, Usage.monotonicSeconds())
        while Usage.monotonicSeconds() - began < giveUp {
            let counts = await capture.counts
            let now = Usage.monotonicSeconds()
            if counts.kept != kept {
                // What was kept before the first look after the start took time as well: the clock starts a round earlier.
                if first == nil { first = now - 0.3 }
                (kept, last) = (counts.kept, now)
            } else if first != nil, now - last > 3 {
                break
            }
            try await Task.sleep(for: .milliseconds(20))
        }
        let lost = capture.intake.counts
        tell("kept", Double(kept - before))
        tell("lost", Double(lost.droppedGauges + lost.replaced + lost.refused))
        tell("perS", first.map { Double(kept - before) / max(last - $0, 1e-3) } ?? 0)
        print("")
    }

    /// A difference of two words of the devices, in 100 µs, from −3.3 to 3.3 s.
    private static func ticks(_ difference: Int64) -> Double { Double(Int16(truncatingIfNeeded: difference)) }

    private static func part(_ sorted: [Double], _ share: Double) -> Double {
        sorted.isEmpty ? 0 : sorted[min(sorted.count - 1, Int(Double(sorted.count) * share))]
    }
}

func tell(_ name: String, _ value: Double) { print("\(name) \(value)") }
