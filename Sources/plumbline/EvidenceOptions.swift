import ArgumentParser
import Evidence
import Hashing
import Readings
import TimeStamping

/// Which card and which time an evidence file is held against.
struct EvidenceOptions: ParsableArguments {
    @Option(name: .customLong("policy"), help: ArgumentHelp("The policy card you were handed.", valueName: "card"))
    var policy: String?

    @Option(
        name: .customLong("tsa-ca"),
        help: ArgumentHelp(
            "Certificates (PEM) whose time stamps you trust, beside those on the card.", valueName: "file"))
    var authorities: String?

    @Option(
        help: ArgumentHelp(
            "Ask whether the file covers the time from here on (RFC 3339, with zone).", valueName: "time"))
    var from: String?

    @Option(
        help: ArgumentHelp("Ask whether the file covers the time up to here (RFC 3339, with zone).", valueName: "time"))
    var to: String?

    /// Reads file and card and checks them.
    func verify(_ file: String) throws -> (verdict: Verdict, source: FileSource) {
        let (source, card, options, bar) = try read(file, inputs: [])
        defer { bar.clear() }
        let verdict = try told { () throws(SourceFailure) in
            try Evidence.verify(source: source, card: card, by: options)
        }
        return (verdict, source)
    }

    /// The same, and what the file holds, counted.
    func audit(
        _ file: String, scope: PeriodSurvey.Scope
    ) throws -> (verdict: Verdict, survey: PeriodSurvey?, sha256: Hash) {
        let (source, card, options, bar) = try read(file, inputs: [])
        defer { bar.clear() }
        let (verdict, survey) = try told { () throws(SourceFailure) in
            try Evidence.audit(source: source, card: card, by: options, scope: scope)
        }
        return (verdict, survey, try source.sha256())
    }

    /// The same, and the leaves of a file that holds of which the trail is made.
    func trail(_ file: String) throws -> (verdict: Verdict, leaves: [TrailLeaf], sha256: Hash) {
        let (source, card, options, bar) = try read(file, inputs: [])
        defer { bar.clear() }
        var leaves: [TrailLeaf] = []
        let verdict = try told {
            try Evidence.trail(source: source, card: card, by: options) { leaves.append($0) }
        }
        return (verdict, leaves, try source.sha256())
    }

    /// The same, and the readings of a file that holds. `inputs` are other files that are read.
    func verify(
        _ file: String, inputs: [String] = [],
        each: (ShownReading, _ stream: UInt32, _ k: UInt64) throws -> Void
    ) throws -> Verdict {
        let (source, card, options, bar) = try read(file, inputs: inputs)
        defer { bar.clear() }
        return try told { try Evidence.verify(source: source, card: card, by: options, each: each) }
    }

    /// A source that failed is told like any file that cannot be read.
    private func told<Value>(_ check: () throws -> Value) throws -> Value {
        do {
            return try check()
        } catch let failure as SourceFailure {
            throw Failure(failure.message, hint: "nothing is said of it; try again when nobody writes it")
        }
    }

    private func read(
        _ file: String, inputs: [String]
    ) throws(Failure) -> (source: FileSource, card: PolicyCard?, options: VerificationOptions, bar: ProgressBar) {
        var options = VerificationOptions()
        options.fromMs = try from.map { text throws(Failure) in try Self.instant(text, "--from") }
        options.toMs = try to.map { text throws(Failure) in try Self.instant(text, "--to") }
        if let fromMs = options.fromMs, let toMs = options.toMs, fromMs >= toMs {
            throw Failure("--to must be later than --from", code: Failure.usageCode)
        }
        let files = inputs + [file] + [policy, authorities].compactMap { $0 }
        guard files.count(where: { $0 == FileInput.standardInput }) <= 1 else {
            throw Failure("only one of the files can be standard input", code: Failure.usageCode)
        }
        let card = try policy.map { path throws(Failure) in try Self.card(path) }
        if let authorities { options.stampTrust = try Self.trust(authorities) }
        let source = try FileSource(file)
        let bar = ProgressBar(source.name, sizeBytes: source.sizeBytes)
        options.workers = .processors
        options.progress = bar.progress
        return (source, card, options, bar)
    }

    private static func instant(_ text: String, _ option: String) throws(Failure) -> Int64 {
        do {
            return try UTCTime.parse(text)
        } catch {
            switch error {
            case .malformed:
                throw Failure(
                    "\(option) '\(Terminal.safe(text))' is not a time", hint: "write it like 2026-03-01T10:15:00Z",
                    code: Failure.usageCode)
            case .withoutZone:
                throw Failure(
                    "\(option) '\(Terminal.safe(text))' has no zone", hint: "add Z or an offset such as +01:00",
                    code: Failure.usageCode)
            }
        }
    }

    private static func trust(_ path: String) throws(Failure) -> TimeStampTrust {
        let bytes = try FileInput.read(path)
        var trust = TimeStampTrust()
        do { try trust.add(pem: bytes) } catch {
            throw Failure(
                "\(FileInput.name(of: path)) holds no certificates that can be used: \(error)",
                hint: "give X.509 certificates as PEM, between BEGIN CERTIFICATE and END CERTIFICATE")
        }
        return trust
    }

    private static func card(_ path: String) throws(Failure) -> PolicyCard {
        let bytes = try FileInput.read(path)
        do {
            return try PolicyCard.parse(bytes)
        } catch {
            let reason =
                switch error {
                case .tooLong: "it is longer than \(PolicyCard.sizeBytesMax) bytes"
                case .notText: "it is not UTF-8 text"
                case .line(let number): "line \(number) is not what a card has there"
                case .contradiction: "its lines contradict each other"
                }
            throw Failure(
                "\(FileInput.name(of: path)) is not a policy card: \(reason)",
                hint: "a card begins with the line plumbline-card/v1; use the file you were handed, unchanged")
        }
    }
}
