internal import Capture
internal import LedgerStore
internal import Readings
internal import TwinModel

/// Outcomes: put on record after the write, or later when the disk or a crash prevented it.
extension CommandDesk {
    /// Gives every command that an earlier run left without an outcome the outcome `interrupted`. Call it before the first
    /// request; when it returns, no intent stands alone in the log.
    package func start() async throws {
        firstIntent = try await writer.head().size
        try await settle()
    }

    /// Puts on record what the disk did not take, until cancelled.
    package func run() async throws {
        while true {
            try await writer.clock.sleepMs(Self.settleEveryMs)
            // It is tried again in the next round; a disk that fails is told by capture.
            try? await settle()
        }
    }

    /// Step 7, and what follows from it.
    func record(_ outcome: Outcome, of intent: UInt64, isCritical: Bool) async throws {
        guard let command = try await writer.store.command(intent: intent) else {
            throw LedgerError.outOfOrder(what: "the command of leaf \(intent) is not in the ledger")
        }
        let leaf = try await writer.appendOutcome(
            of: command, result: outcome.result.rawValue,
            readBack: outcome.readBack.map { ($0, outcome.readMs) }, detail: outcome.detail)
        let id = await keeper.id(of: command.point) ?? String(command.point.rawValue)
        await announce(intent, point: id, state: outcome.result.name, outcome: leaf)
        tell(
            News(
                intent: intent, point: id, result: outcome.result, why: outcome.detail.isEmpty ? nil : outcome.detail))
        if isCritical { await anchorNow() }
    }

    /// Gives every intent that nobody works on its outcome: the one that is owed, `interrupted` for those of an earlier run, and
    /// `not-sent` for those whose writing was reported as failed although it was done.
    func settle() async throws {
        guard !isSettling else { return }
        isSettling = true
        defer { isSettling = false }
        let open = try await writer.store.openCommands()
        for command in open where !isWorkedOn(command) {
            // Nobody works on it since the line above: whoever did has ended, and the ledger knows whether with an outcome.
            guard try await writer.store.command(intent: command.intent)?.end == nil else { continue }
            let outcome =
                owed[command.intent]
                ?? Outcome(result: command.intent < firstIntent ? .interrupted : .notSent)
            let id = await keeper.id(of: command.point)
            let building = await keeper.building
            let isCritical = id.flatMap { building.point($0)?.command?.isCritical } ?? false
            try await record(outcome, of: command.intent, isCritical: isCritical)
            owed[command.intent] = nil
        }
        let left = Set(open.map(\.intent))
        owed = owed.filter { left.contains($0.key) }
    }

    private func isWorkedOn(_ command: StoredCommand) -> Bool {
        running.values.contains { $0.isRecording && $0.number == command.point }
    }

    /// Lets the API's event stream know. Ids and names hold nothing that JSON would have to escape.
    func announce(_ intent: UInt64, point: String, state: String, outcome: UInt64?) async {
        let event = NewEvent(
            kind: "command", points: [point],
            json: """
                {"id":"c-\(intent)","point":"\(point)","state":"\(state)","intentLeaf":\(intent),\
                "outcomeLeaf":\(outcome.map { String($0) } ?? "null")}
                """)
        // The event stream is a courtesy; the command is in the log.
        _ = try? await writer.store.addEvents([event], nowMs: writer.clock.wallMs())
    }
}
