import ArgumentParser
import BrokerClient
import CBuildInfo
import Evidence
import Glibc
import Hashing
import Logging
import MerkleLog
import TangleClient
import UnixSignals
import Watching
import Witness
import WitnessClient

/// The auditor's memory between audits.
@main
struct PlumblineWatch: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "plumbline-watch",
        abstract: "Remembers a gateway's log from outside and cosigns it.",
        discussion: """
            Run it on a machine that the gateway's operator does not hold. It follows
            one log: it reads the gateway's list of anchors, fetches each block with its
            proof from the node itself, checks it by the policy card, keeps it, and
            compares every signed checkpoint with the last one it remembers. What
            continues the log it cosigns (C2SP tlog-cosignature); what contradicts it,
            it keeps, both signed notes, in STORE/forks.

            The gateway may ask it before every signature for the size it knows (C2SP
            tlog-witness, POST /add-checkpoint), so that a gateway put back to an old
            state notices before it signs a second history: put the address and the
            witness's key, which is printed at the start, under 'witnesses' in
            plumbline.yaml, and the key as a line 'witness VKEY' on the policy card.

            The key, before anything else (for the card and the gateway):
              plumbline-watch --store /var/lib/plumbline-watch --make-key

            First start, with the policy card you were handed; it is kept in the store:
              plumbline-watch --card house-16.card --store /var/lib/plumbline-watch \\
                  --node https://tangle.example:14265 --gateway https://gw.example:8420

            Later, and once only, for a timer or a check by hand:
              plumbline-watch --origin gw1/b/house-16/1 --store /var/lib/plumbline-watch \\
                  --node https://tangle.example:14265 \\
                  --gateway https://gw.example:8420 --once

            Where the node tells its events to a broker (--events), blocks under the log's
            tag are seen as they come, and an anchor that the gateway does not list within
            --patience is kept in STORE/sighted and told. Events are believed by nobody:
            whatever they say is fetched from the node and proven; without them the list
            is followed as before.

            GET /health answers 200 while all is one history, 503 otherwise, with the
            report of --json. A copy of the store must never run beside the original:
            two witnesses with one key and two memories can sign two histories.

            Exit codes: 0 one history, 1 the log has forked, was rolled back or hides an
            anchor, 2 something could not be checked, 64 wrong usage.
            """,
        version:
            "plumbline-watch \(String(cString: plumbline_version())) (commit \(String(cString: plumbline_commit())))")

    @Option(help: ArgumentHelp("A node of the network: http://HOST:PORT.", valueName: "url"))
    var node: String?

    @Option(
        help: ArgumentHelp(
            "Broker at which the node tells its events: finds anchors that are not listed.",
            valueName: "mqtt://host:port"))
    var events: String?

    @Option(help: "Time that the gateway has to list an anchor after its milestone: 10m.")
    var patience = "10m"

    @Option(help: ArgumentHelp("The gateway, for its list of anchors, its checkpoint and its tiles.", valueName: "url"))
    var gateway: String?

    @Option(help: ArgumentHelp("Folder for the key, the memory, the anchors and the forks.", valueName: "dir"))
    var store: String

    @Option(
        help: ArgumentHelp("The policy card; needed at the first start, then kept in the store.", valueName: "file"))
    var card: String?

    @Option(help: ArgumentHelp("Refuse to start unless the card is for this log.", valueName: "origin"))
    var origin: String?

    @Option(help: ArgumentHelp("The witness's key; made at the first start (STORE/witness.key).", valueName: "file"))
    var key: String?

    @Option(help: ArgumentHelp("Name of a key that is made now, best an address without https://.", valueName: "name"))
    var name: String?

    @Option(help: ArgumentHelp("Address to answer on; port 0 takes a free one.", valueName: "host:port"))
    var listen = "127.0.0.1:8430"

    @Option(help: "Time between two looks: 10s, 1m.")
    var every = "10s"

    @Flag(name: .customLong("make-key"), help: "Make the key if there is none, print it, end.")
    var makeKey = false

    @Flag(help: "Look once, print how the log stands, end.")
    var once = false

    @Flag(help: "Print the report as one JSON object (with --once), or the address and key (without).")
    var json = false

    private var address: (host: String, port: Int)? {
        guard let colon = listen.lastIndex(of: ":"), let port = Int(listen[listen.index(after: colon)...]),
            (0...65_535).contains(port)
        else { return nil }
        var host = String(listen[..<colon])
        if host.hasPrefix("["), host.hasSuffix("]") { host = String(host.dropFirst().dropLast()) }
        return host.isEmpty ? nil : (host, port)
    }

    private var everyMs: Int64? { Self.spanMs(every, 100...86_400_000) }
    private var patienceMs: Int64? { Self.spanMs(patience, 1_000...86_400_000) }

    private static func spanMs(_ text: String, _ range: ClosedRange<Int64>) -> Int64? {
        let digits = text.prefix { $0.isASCII && $0.isNumber }
        let factors: [Substring: Int64] = ["ms": 1, "s": 1_000, "m": 60_000, "h": 3_600_000]
        guard let value = Int64(digits), let factor = factors[text.dropFirst(digits.count)] else { return nil }
        let (span, isOver) = value.multipliedReportingOverflow(by: factor)
        return !isOver && range.contains(span) ? span : nil
    }

    func validate() throws {
        for (option, url) in [("--node", node), ("--gateway", gateway)] where !makeKey {
            guard let url else { throw ValidationError("\(option) is missing") }
            guard url.hasPrefix("http://") || url.hasPrefix("https://") else {
                throw ValidationError("\(option) takes an address such as https://gw.example:8420")
            }
        }
        guard address != nil else { throw ValidationError("--listen takes HOST:PORT, such as 127.0.0.1:8430") }
        if let events, BrokerAddress(events) == nil {
            throw ValidationError("--events takes the address of a broker, such as mqtt://tangle.example:1883")
        }
        guard patienceMs != nil else { throw ValidationError("--patience takes 1s to 24h, such as 10m") }
        guard everyMs != nil else { throw ValidationError("--every takes 100ms to 24h, such as 10s or 1m") }
    }

    func run() async throws {
        do { try await watch() } catch let exit as ExitCode { throw exit } catch is CancellationError {} catch {
            Terminal.say("plumbline-watch: \(error)")
            throw ExitCode(2)
        }
    }

    private func watch() async throws {
        if makeKey {
            let opened = try open()
            return try Terminal.show("\(opened.cosigner.verifierKey)")
        }
        guard let node, let gateway else { return }
        try StoreFiles.makeFolder(store)
        // Before there is a key: a store without a card would be of no use.
        let card = try KeptCard.open(store: store, given: card, origin: origin)
        let opened = try open()
        let journal = Terminal.journal
        if opened.isNew {
            journal.notice("a key was made; put it on the policy card: witness \(opened.cosigner.verifierKey)")
        }
        let tangle = HTTPTangleNode(url: node)
        let log = HTTPLog(url: gateway)
        do {
            let run = try await WatchRun(
                card: card, store: opened, node: tangle, log: log, events: eventStream(of: node, origin: card.origin),
                patienceMs: patienceMs ?? Watcher.patienceMs, journal: journal, nowMs: { Terminal.wallMs() })
            try await once ? look(run) : serve(run)
        } catch {
            // The first error is the one to tell.
            try? await tangle.shutdown()
            try? await log.shutdown()
            throw error
        }
        try await tangle.shutdown()
        try await log.shutdown()
    }

    /// Heard while it runs on: a look with `--once` goes by what was heard before.
    private func eventStream(of node: String, origin: String) -> NodeEventStream? {
        guard let broker = events.flatMap({ BrokerAddress($0) }) else { return nil }
        let journal = Terminal.journal
        // Two clients of one name throw each other out of the broker.
        let name = "plumbline-" + hexText((0..<4).map { _ in UInt8.random(in: .min ... .max) })
        return NodeEventStream(
            [NodeEventStream.Source(node: node, broker: broker)], tag: anchorTag(origin: origin), clientID: name,
            nowMs: { Terminal.monotonicMs() }, chance: { Double.random(in: 0..<1) },
            report: { sentence, isTrouble in journal.log(level: isTrouble ? .warning : .notice, "\(sentence)") })
    }

    private func open() throws -> WitnessStore {
        try WitnessStore(path: store, keyPath: key, name: name) { count in
            var random = SystemRandomNumberGenerator()
            return (0..<count).map { _ in UInt8.random(in: .min ... .max, using: &random) }
        }
    }

    private func look(_ run: WatchRun) async throws {
        let report = try await run.once()
        try Terminal.show(json ? report.json : report.text)
        if report.exitCode != 0 { throw ExitCode(report.exitCode) }
    }

    private func serve(_ run: WatchRun) async throws {
        guard let address, let everyMs else { return }
        let vkey = "\(run.store.cosigner.verifierKey)"
        let json = json
        let signals = await UnixSignalsSequence(trapping: .sigterm, .sigint)
        try await withThrowingTaskGroup(of: Void.self) { group in
            defer { group.cancelAll() }
            group.addTask {
                try await run.run(
                    host: address.host, port: address.port, everyMs: everyMs,
                    pause: { try await Task.sleep(for: .milliseconds($0)) }
                ) { port in
                    let host = address.host.contains(":") ? "[\(address.host)]" : address.host
                    let url = "http://\(host):\(port)"
                    Terminal.announce(json ? #"{"url":"\#(url)","witness":"\#(vkey)"}"# : "\(url) \(vkey)")
                }
            }
            group.addTask { for await _ in signals { return } }
            try await group.next()
        }
        let report = await run.watcher.report
        let code = report.forks > 0 || !report.hidden.isEmpty ? Int32(1) : 0
        if code != 0 { throw ExitCode(code) }
    }

    /// Wrong usage leaves with 64, as everywhere in this house.
    static func main() async {
        signal(SIGPIPE, SIG_IGN)
        do {
            var command = try parseAsRoot()
            if var command = command as? any AsyncParsableCommand {
                try await command.run()
            } else {
                try command.run()
            }
        } catch let exit as ExitCode {
            Glibc.exit(exit.rawValue)
        } catch {
            if exitCode(for: error) == .success {
                do { try Terminal.show(fullMessage(for: error)) } catch { Glibc.exit(2) }
                Glibc.exit(0)
            }
            Terminal.say("plumbline-watch: \(message(for: error))")
            Terminal.say("plumbline-watch: hint: 'plumbline-watch --help' shows how it is used")
            Glibc.exit(64)
        }
    }
}
