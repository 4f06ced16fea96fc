package import Capture
internal import CanonicalCBOR
internal import LedgerStore
internal import LogEntries
package import Profiles
package import Readings
package import TwinModel

/// The one way from the gateway back to the field: every write to a device goes through here and leaves two leaves.
///
/// | step | on disk when it is done | power fails behind it |
/// | --- | --- | --- |
/// | 1 request: role, point, value, reason | nothing | nothing happened |
/// | 2 key: used before? then that command's answer | nothing new | the same answer next time |
/// | 3 device free, pace of the point kept | nothing | nothing happened |
/// | 4 **intent** leaf, opening, list row, key: one transaction | what was asked for, by whom, why | start: `interrupted`, the device was not told |
/// | 5 write to the device | the same | start: `interrupted`, nobody knows whether the device took it |
/// | 6 read-back | the same | start: `interrupted` |
/// | 7 **outcome** leaf, opening, row's end: one transaction | what became of it | the answer is kept under the key |
/// | 8 event, anchor of a critical command, answer | the same | the client asks again under its key and gets the answer |
///
/// So no value is ever written without an intent on disk before it, and a repeated request never writes twice: the key is on
/// disk with the intent. After a crash the outcome says `interrupted` whether or not step 5 had begun: the log does not guess.
///
/// When the disk fails at step 4, nothing is sent; if the intent is found on disk all the same, its outcome is `not-sent`.
/// When it fails at step 7, the outcome is kept here and put on record as soon as the disk takes it (`run`).
package actor CommandDesk {
    /// Between two looks for outcomes that the disk did not take, ms.
    package static let settleEveryMs: UInt64 = 5_000

    /// A command that has the device to itself.
    struct Running: Hashable {
        let point: String
        let number: PointNumber
        /// From just before the intent is written.
        var isRecording = false
        var intent: UInt64?
    }

    struct Outcome: Hashable {
        let result: CommandResult
        var readBack: RawValue?
        var readMs: UInt64 = 0
        var detail = ""
    }

    /// Something the journal should have.
    package struct News: Hashable, Sendable {
        package let intent: UInt64
        package let point: String
        package let result: CommandResult
        /// Why nothing was sent, where that is known.
        package let why: String?
    }

    let writer: LogWriter
    let keeper: TwinKeeper
    private let source: @Sendable (Point) async -> ProfilePoint?
    private let field: any FieldWriting
    let anchorNow: @Sendable () async -> Void
    let tell: @Sendable (News) -> Void
    /// By device id.
    var running: [String: Running] = [:]
    /// Outcomes that the disk did not take yet, by intent.
    var owed: [UInt64: Outcome] = [:]
    /// Intents below were written by an earlier run of the gateway.
    var firstIntent: UInt64 = 0
    var isSettling = false

    /// - Parameters:
    ///   - source: how the device takes the point; `nil` when the profile is gone.
    ///   - anchorNow: asks for an anchor at once, after a critical command.
    ///   - tell: takes news for the journal; must not block.
    package init(
        writer: LogWriter, keeper: TwinKeeper, source: @escaping @Sendable (Point) async -> ProfilePoint?,
        field: any FieldWriting, anchorNow: @escaping @Sendable () async -> Void = {},
        tell: @escaping @Sendable (News) -> Void = { _ in }
    ) {
        self.writer = writer
        self.keeper = keeper
        self.source = source
        self.field = field
        self.anchorNow = anchorNow
        self.tell = tell
    }

    /// Carries one command out, from the first check to the outcome on disk.
    ///
    /// - Throws: `CommandRefusal` when it is not carried out; nothing of it is on disk then, except for `cannotRecord`.
    package func command(_ request: CommandRequest) async throws -> CommandAnswer {
        do { return try await take(request) } catch { throw Self.refusal(error, intent: nil) }
    }

    private func take(_ request: CommandRequest) async throws -> CommandAnswer {
        try CommandRules.check(role: request.actor.role)
        if !request.isDryRun, let kept = try await kept(request) { return kept }
        let place = try await place(request)
        let device = place.point.binding.device
        if let other = running[device] {
            throw CommandRefusal.running(device: device, point: other.point, intent: other.intent)
        }
        guard !request.isDryRun else {
            try await checkPace(place)
            return .wouldDo(value: place.value)
        }
        running[device] = Running(point: place.point.id, number: place.number)
        defer { running[device] = nil }
        return try await carryOut(request, place, device)
    }

    /// Where a request goes and what it says there.
    private struct Place {
        let point: Point
        let number: PointNumber
        let stream: StreamNumber
        let rule: CommandRule
        let source: ProfilePoint
        let value: RawValue
    }

    /// Step 1: the rules that need neither clock nor disk.
    private func place(_ request: CommandRequest) async throws -> Place {
        let building = await keeper.building
        let numbering = await keeper.numbering
        guard let point = building.point(request.point), let number = numbering.points[point.id],
            let stream = numbering.streams[point.stream]
        else { throw CommandRefusal.noSuchPoint(request.point) }
        guard let rule = point.command, point.privacy == .none, let source = await source(point), source.write != nil
        else { throw CommandRefusal.notWritable(point: point.id) }
        try CommandRules.check(reason: request.reason)
        return Place(
            point: point, number: number, stream: stream, rule: rule, source: source,
            value: try CommandRules.raw(request.value, of: point, rule, source))
    }

    private func checkPace(_ place: Place) async throws {
        let lastMs = try await writer.store.lastCommandMs(of: place.number)
        try CommandRules.check(pace: place.rule, of: place.point.id, lastMs: lastMs, nowMs: writer.clock.wallMs())
    }

    /// Steps 3 to 8, with the device to itself.
    private func carryOut(_ request: CommandRequest, _ place: Place, _ device: String) async throws -> CommandAnswer {
        try await settle()
        try await checkPace(place)
        running[device]?.isRecording = true
        let intent: UInt64
        switch try await recordIntent(request, place) {
        case .added(let leaf): intent = leaf
        case .keptKey(let key):
            running[device]?.isRecording = false
            return try await answer(to: request, key)
        case .keysFull: throw CommandRefusal.keysFull
        }
        running[device]?.intent = intent
        await announce(intent, point: place.point.id, state: "running", outcome: nil)
        let outcome = await write(place, device)
        do {
            try await record(outcome, of: intent, isCritical: place.rule.isCritical)
        } catch {
            owed[intent] = outcome
            throw Self.refusal(error, intent: intent)
        }
        return .ended(intent: intent, isReplayed: false)
    }

    private func recordIntent(_ request: CommandRequest, _ place: Place) async throws -> IntentFate {
        let payload = CommandPayload(
            phase: .intent, intent: nil, point: place.number, value: CBOR(place.value), resultCode: 0,
            reason: request.reason)
        return try await writer.appendIntent(
            payload, stream: place.stream, actor: request.actor.pseudonym,
            key: CommandKey(grant: request.actor.grant, key: request.key, question: request.question))
    }

    /// Steps 5 and 6.
    private func write(_ place: Place, _ device: String) async -> Outcome {
        do throws(FieldWriteError) {
            guard let found = try await field.write(device: device, point: place.source, value: place.value) else {
                return Outcome(result: .notReadBack)
            }
            return Outcome(
                result: Self.isSame(found, place.value) ? .done : .differs, readBack: found,
                readMs: writer.clock.wallMs())
        } catch {
            switch error {
            case .refused(let code): return Outcome(result: .refused, detail: "exception \(code)")
            case .noAnswer: return Outcome(result: .noAnswer)
            case .notSent(let why): return Outcome(result: .notSent, detail: Self.cut(why))
            case .interrupted: return Outcome(result: .interrupted)
            }
        }
    }

    /// A JSON device may write 21.50 for 21.5.
    package static func isSame(_ a: RawValue, _ b: RawValue) -> Bool {
        if a == b { return true }
        guard case .number = a, let first = ExactDecimal(a), let second = ExactDecimal(b) else { return false }
        return first == second
    }

    /// A reason is never longer than one that a person may give.
    private static func cut(_ text: String) -> String {
        var text = text
        while text.utf8.count > CommandRules.reasonBytes.upperBound { text.removeLast() }
        return text
    }

    // MARK: - Keys

    /// Step 2: the answer that an earlier request under the same key has got.
    private func kept(_ request: CommandRequest) async throws -> CommandAnswer? {
        let key = try await writer.store.commandKey(
            grant: request.actor.grant, key: request.key, nowMs: writer.clock.wallMs())
        guard let key else { return nil }
        return try await answer(to: request, key)
    }

    private func answer(to request: CommandRequest, _ key: KeptKey) async throws -> CommandAnswer {
        guard key.question == request.question else { throw CommandRefusal.keyReused }
        if let found = try await writer.store.command(intent: key.intent), found.end == nil {
            if let (device, other) = running.first(where: { $0.value.isRecording && $0.value.number == found.point }) {
                throw CommandRefusal.running(device: device, point: other.point, intent: key.intent)
            }
            // The disk did not take its outcome; perhaps it does now.
            try await settle()
            guard try await writer.store.command(intent: key.intent)?.end != nil else {
                throw CommandRefusal.cannotRecord(isDiskFull: false, intent: key.intent)
            }
        }
        return .ended(intent: key.intent, isReplayed: true)
    }

    static func refusal(_ error: any Error, intent: UInt64?) -> any Error {
        switch error {
        case let error as LedgerError: CommandRefusal.cannotRecord(isDiskFull: error.isDiskFull, intent: intent)
        case CaptureError.clockBehindMilestone: CommandRefusal.cannotRecord(isDiskFull: false, intent: intent)
        default: error
        }
    }
}
