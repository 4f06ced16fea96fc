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
    func verify(_ file: String) throws -> (verdict: Verdict, bytes: [UInt8]) {
        let (bytes, card, trust, from, to) = try read(file, inputs: [])
        let verdict = Evidence.verify(file: bytes, card: card, stampTrust: trust, from: from, to: to)
        if bytes.count >= FileInput.progressBytesMin { Terminal.progress("") }
        return (verdict, bytes)
    }

    /// The same, and what the file holds, counted.
    func audit(
        _ file: String, scope: PeriodSurvey.Scope
    ) throws -> (verdict: Verdict, survey: PeriodSurvey?, sha256: Hash) {
        let (bytes, card, trust, from, to) = try read(file, inputs: [])
        let (verdict, survey) = Evidence.audit(
            file: bytes, card: card, stampTrust: trust, from: from, to: to, scope: scope)
        if bytes.count >= FileInput.progressBytesMin { Terminal.progress("") }
        return (verdict, survey, sha256(bytes))
    }

    /// The same, and the leaves of a file that holds of which the trail is made.
    func trail(_ file: String) throws -> (verdict: Verdict, leaves: [TrailLeaf], sha256: Hash) {
        let (bytes, card, trust, from, to) = try read(file, inputs: [])
        var leaves: [TrailLeaf] = []
        let verdict = Evidence.trail(file: bytes, card: card, stampTrust: trust, from: from, to: to) {
            leaves.append($0)
        }
        if bytes.count >= FileInput.progressBytesMin { Terminal.progress("") }
        return (verdict, leaves, sha256(bytes))
    }

    /// The same, and the readings of a file that holds. `inputs` are other files that are read.
    func verify(
        _ file: String, inputs: [String] = [],
        each: (ShownReading, _ stream: UInt32, _ k: UInt64) throws -> Void
    ) throws -> Verdict {
        let (bytes, card, trust, from, to) = try read(file, inputs: inputs)
        let verdict = try Evidence.verify(file: bytes, card: card, stampTrust: trust, from: from, to: to, each: each)
        if bytes.count >= FileInput.progressBytesMin { Terminal.progress("") }
        return verdict
    }

    private func read(
        _ file: String, inputs: [String]
    ) throws(Failure) -> (bytes: [UInt8], card: PolicyCard?, trust: TimeStampTrust, from: Int64?, to: Int64?) {
        let fromMs = try from.map { text throws(Failure) in try Self.instant(text, "--from") }
        let toMs = try to.map { text throws(Failure) in try Self.instant(text, "--to") }
        if let fromMs, let toMs, fromMs >= toMs {
            throw Failure("--to must be later than --from", code: Failure.usageCode)
        }
        let files = inputs + [file] + [policy, authorities].compactMap { $0 }
        guard files.count(where: { $0 == FileInput.standardInput }) <= 1 else {
            throw Failure("only one of the files can be standard input", code: Failure.usageCode)
        }
        let card = try policy.map { path throws(Failure) in try Self.card(path) }
        let trust = try authorities.map { path throws(Failure) in try Self.trust(path) } ?? TimeStampTrust()
        let bytes = try FileInput.read(file)
        if bytes.count >= FileInput.progressBytesMin { Terminal.progress("checking \(FileInput.name(of: file))") }
        return (bytes, card, trust, fromMs, toMs)
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
