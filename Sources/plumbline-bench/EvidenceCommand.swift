import ArgumentParser
import FoundationEssentials
import Glibc

/// Evidence: what checking it costs whoever checks, and what making it costs the gateway.
struct EvidenceCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "evidence",
        abstract: "Evidence: time and memory of checking a day, a month, a year and a reading; sealing and hashing.",
        discussion: """
            The files are of a simulated building of 1 000 points in 50 streams, read once a minute, anchored every 15 minutes in
            a network with one signing key and a low score. They are checked by the `plumbline verify` beside this program, in a
            process of its own; time is from its start to its end, memory is its largest resident set. A year is about 7 GB and is
            made only when asked for; making a file takes twice its size on the disk.
            """)

    @Flag(help: "One JSON object a line.")
    var json = false

    @Option(help: "Only figures whose name begins with this, such as evidence.day; may be repeated.")
    var figure: [String] = []

    @Option(help: "Days of the one period that is made, 1 to 366; a day and a month unless given.")
    var days: UInt64?

    @Flag(help: "Make a year as well.")
    var year = false

    @Option(help: ArgumentHelp("Make the files here, and keep them.", valueName: "folder"))
    var keep: String?

    @Option(help: "Runs of each figure, 1 to 99; a month is checked three times at most, a year once.")
    var runs = 5

    private static let readingRuns = 21

    func validate() throws {
        if let days, !(1...366).contains(days) { throw ValidationError("--days takes 1 to 366") }
        guard (1...99).contains(runs) else { throw ValidationError("--runs takes 1 to 99") }
    }

    func run() async throws {
        // As the systemd unit sets it.
        setenv("MALLOC_ARENA_MAX", "2", 0)
        let folder = keep ?? FileManager.default.temporaryDirectory.path + "/plumbline-bench-" + UUID().uuidString
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer {
            // A folder that stays in the temporary directory harms nobody.
            if keep == nil { try? FileManager.default.removeItem(atPath: folder) }
        }
        // First, while this process is small: Linux counts its memory as the child's.
        var hasReading = false
        for (name, days) in periods where isWanted("evidence.\(name)") || isWanted("evidence.reading") {
            group("evidence.\(name)") {
                try period(name, days: days, folder)
                hasReading = true
            }
        }
        if hasReading, isWanted("evidence.reading") { group("evidence.reading") { try reading(folder) } }
        if keep == nil { removeFiles(folder) }
        if isWanted("evidence.seal") {
            await group("evidence.seal") { try await seal(folder) }
        }
        if isWanted("evidence.append") { group("evidence.append") { try append(folder) } }
        if isWanted("evidence.sha256") { group("evidence.sha256") { try digest() } }
    }

    private var periods: [(name: String, days: UInt64)] {
        let known: [(name: String, days: UInt64)] = [("day", 1), ("month", 30), ("year", 365)]
        if let days { return [(known.first { $0.days == days }?.name ?? "days\(days)", days)] }
        let isYearAsked = year || figure.contains { $0.hasPrefix("evidence.year") }
        return known.filter { $0.name != "year" || isYearAsked }
    }

    private func isWanted(_ name: String) -> Bool {
        figure.isEmpty || figure.contains { $0.hasPrefix(name) || name.hasPrefix($0) }
    }

    /// What cannot be measured here is told and left out.
    private func group(_ name: String, _ body: () throws -> Void) {
        do { try body() } catch { complain("plumbline-bench: \(name) is left out: \(error)") }
    }

    private func group(_ name: String, _ body: () async throws -> Void) async {
        do { try await body() } catch { complain("plumbline-bench: \(name) is left out: \(error)") }
    }

    private func show(
        _ figure: String, _ value: Double, _ unit: String, reference: String? = nil, ratio: Double? = nil, runs: Int = 1
    ) {
        BenchFigure(
            suite: "evidence", figure: "evidence.\(figure)", value: value, unit: unit, reference: reference,
            ratio: ratio, runs: runs
        ).show(asJSON: json)
        fflush(nil)
    }

    // MARK: - Files

    private func period(_ name: String, days: UInt64, _ folder: String) throws {
        let intervals = days * EvidenceBuilding.intervalsPerDay
        let sizeBytes = EvidencePeriod.sizeBytes(intervals: intervals)
        let free = try EvidenceChecking.freeBytes(folder)
        guard free / 2 > sizeBytes else {
            throw EvidenceChecking.Problem.noRoom(neededBytes: 2 * sizeBytes, freeBytes: free)
        }
        let file = "\(name).evidence"
        let making = try Child(["evidence-period", "--intervals", "\(intervals)", "--folder", folder, "--name", file])
        let began = Usage.monotonicSeconds()
        let made = making.ending()
        guard made.code == 0 else { throw EvidenceChecking.Problem.notMade(file, code: made.code) }
        let makingSeconds = Usage.monotonicSeconds() - began
        guard isWanted("evidence.\(name)") else { return }
        let count = min(runs, days < 30 ? 99 : days < 365 ? 3 : 1)
        let checks = try (0..<count).map { _ in
            try EvidenceChecking.check("\(folder)/\(file)", card: "\(folder)/\(EvidencePeriod.cardName)")
        }
        func median(_ value: (EvidenceChecking.Check) -> Double) -> Double { BenchFigure.median(checks.map(value)) }
        show("\(name).seconds", median(\.seconds), "s", runs: count)
        show("\(name).cpuSeconds", median(\.cpuSeconds), "s", runs: count)
        show("\(name).memoryMB", checks.map(\.memoryMB).max() ?? 0, "MB", runs: count)
        show("\(name).bytes", Double(try EvidenceChecking.sizeBytes("\(folder)/\(file)")), "B")
        show("\(name).makingSeconds", makingSeconds, "s")
    }

    private func reading(_ folder: String) throws {
        let (bare, configured) = (EvidencePeriod.readingName, EvidencePeriod.configuredReadingName)
        let card = "\(folder)/\(EvidencePeriod.cardName)"
        let checks = try (0..<Self.readingRuns).map { _ in
            try EvidenceChecking.check("\(folder)/\(bare)", card: card)
        }
        show("reading.ms", BenchFigure.median(checks.map { $0.seconds * 1_000 }), "ms", runs: checks.count)
        show("reading.bytes", Double(try EvidenceChecking.sizeBytes("\(folder)/\(bare)")), "B")
        _ = try EvidenceChecking.check("\(folder)/\(configured)", card: card)
        show("reading.configuredBytes", Double(try EvidenceChecking.sizeBytes("\(folder)/\(configured)")), "B")
    }

    private func removeFiles(_ folder: String) {
        for name in periods.map({ "\($0.name).evidence" }) { unlink("\(folder)/\(name)") }
    }

    // MARK: - The gateway's side

    private func seal(_ folder: String) async throws {
        for isPrivate in [false, true] {
            let times = try await EvidenceSealing.cpuMs(folder: folder, isPrivate: isPrivate)
            show(isPrivate ? "seal.private.cpuMs" : "seal.cpuMs", BenchFigure.median(times), "ms", runs: times.count)
        }
    }

    private func append(_ folder: String) throws {
        let rates = try (0..<runs).map { _ in try EvidenceHashing.itemsPerS(folder: folder) }
        show("append.itemsPerS", BenchFigure.median(rates), "1/s", runs: runs)
    }

    private func digest() throws {
        var (ours, theirs): ([Double], [Double]) = ([], [])
        for _ in 0..<min(runs, 3) {
            ours.append(EvidenceHashing.sha256BytesPerS())
            theirs.append(try EvidenceHashing.opensslBytesPerS())
        }
        let (rate, plain) = (BenchFigure.median(ours), BenchFigure.median(theirs))
        show(
            "sha256", rate / 1e6, "MB/s", reference: "openssl speed -evp sha256", ratio: plain > 0 ? rate / plain : nil,
            runs: ours.count)
    }
}

/// Hidden: makes a period file in a process of its own, so that the one that measures stays small.
struct EvidencePeriodCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "evidence-period", shouldDisplay: false)

    @Option var intervals: UInt64
    @Option var folder: String
    @Option var name: String

    func run() async throws { try await EvidencePeriod(intervals: intervals, folder: folder).write(name) }
}
