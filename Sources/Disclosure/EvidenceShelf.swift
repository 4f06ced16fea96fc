import Hashing
import LedgerStore
import LogEntries
package import Readings
import Synchronization

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// Which period of which streams somebody wants proven.
package struct EvidenceQuestion: Hashable, Sendable {
    package let fromMs: Int64
    package let toMs: Int64
    /// Rising, no number twice.
    package let streams: [StreamNumber]

    package init(fromMs: Int64, toMs: Int64, streams: [StreamNumber]) {
        self.fromMs = fromMs
        self.toMs = toMs
        self.streams = Set(streams).sorted()
    }

    /// One text for one question; the id is made from it.
    package var canonical: String {
        "{\"kind\":\"period\",\"fromMs\":\(fromMs),\"toMs\":\(toMs),\"streams\":[\(streams.map(\.description).joined(separator: ","))]}"
    }

    package func id(origin: String) -> String {
        "e-" + String(sha256(Array((origin + "\n" + canonical).utf8)).hex.prefix(16))
    }
}

/// Where a file that was asked for stands.
package enum EvidenceState: String, Hashable, Sendable {
    case collecting, ready, failed
    case waitingForAnchor = "waiting-for-anchor"

    init(_ state: EvidenceJob.State) {
        switch state {
        case .collecting: self = .collecting
        case .ready: self = .ready
        case .waitingForAnchor: self = .waitingForAnchor
        case .failed: self = .failed
        }
    }
}

/// The evidence files that were asked for: each made once, kept for a while, the same question answered by the same file.
package actor EvidenceShelf {
    package static let keptMs: Int64 = 30 * 86_400_000
    package static let jobsMax = 64
    package static let waitingMax = 16
    /// How often a file that waits for an anchor is tried again, and how often the shelf looks for work.
    package static let retryMs: Int64 = 2_000

    /// A job as the API tells it.
    package struct Entry: Sendable {
        let job: EvidenceJob
        package let question: EvidenceQuestion
        /// While it waits for an anchor, UTC ms.
        package let expectedAtMs: Int64?
        package let failure: Refusal?
        /// The file, when it is ready.
        package let file: MadeFile?

        package var id: String { job.id }
        package var state: EvidenceState { EvidenceState(job.state) }
        /// Thousandths done, while it is being made.
        package var doneMille: Int { Int(job.doneMille) }
        package var expiresAtMs: Int64? { job.expiresMs.map { Int64(clamping: $0) } }
    }

    private struct Work {
        var job: EvidenceJob
        let question: EvidenceQuestion
        var expectedAtMs: Int64?
        var failure: Refusal?
        var file: MadeFile?
        var tryAtMs: Int64
    }

    private let reader: LedgerReader
    private let maker: any EvidenceMaking
    private let directory: String
    private let notes: EvidenceNotes
    private let nowMs: @Sendable () -> Int64
    private let pause: @Sendable (Int64) async throws -> Void
    private let anchorEveryMs: Int64
    private var works: [String: Work] = [:]
    /// Streams that are being erased: no file that shows one is made meanwhile, and none that was begun before is kept.
    private var erasing: [StreamNumber] = []
    /// Erasures that were begun; a file that was begun before one may show what has gone.
    private var erasuresBegun: [StreamNumber: Int] = [:]
    /// Thousandths done of the file being made; written from the maker's threads.
    private let progress = Mutex<[String: UInt32]>([:])

    init(
        reader: LedgerReader, maker: any EvidenceMaking, directory: String,
        nowMs: @escaping @Sendable () -> Int64, pause: @escaping @Sendable (Int64) async throws -> Void,
        anchorEveryMs: Int64
    ) {
        self.reader = reader
        self.maker = maker
        self.directory = directory
        notes = EvidenceNotes(directory: directory)
        self.nowMs = nowMs
        self.pause = pause
        self.anchorEveryMs = anchorEveryMs
    }

    /// Takes a question in. The same question gives the same entry; a failed one is tried again.
    package func ask(_ question: EvidenceQuestion) throws(Refusal) -> (entry: Entry, isNew: Bool) {
        forgetOld()
        let id = question.id(origin: reader.identity.origin)
        if let work = works[id], work.job.state != .failed { return (entry(work), false) }
        guard
            works.values.count(where: { $0.job.state == .collecting || $0.job.state == .waitingForAnchor })
                < Self.waitingMax
        else {
            throw .busy(retryAfterSeconds: 15)
        }
        let job = EvidenceJob(id: id, question: question.canonical, createdMs: UInt64(clamping: nowMs()))
        let work = Work(job: job, question: question, tryAtMs: nowMs())
        works[id] = work
        notes.write(question, id: id, createdMs: nowMs())
        return (entry(work), true)
    }

    package func entry(_ id: String) throws(Refusal) -> Entry {
        forgetOld()
        guard let work = works[id] else { throw .noSuchResource(kind: "evidence", id: id) }
        return entry(work)
    }

    package func entries() -> [Entry] {
        works.values.sorted { ($0.job.createdMs, $0.job.id) < ($1.job.createdMs, $1.job.id) }.map { entry($0) }
    }

    /// Makes what was asked for, one file after the other, until it is cancelled. Questions of an earlier run are taken up again
    /// under their ids; only those whose file is not there whole are made anew: the same question makes the same bytes.
    func run() async throws {
        let erased = try? await declared()  // what rotted may declare any erasure: then no made file is kept
        for note in notes.takeOver(nowMs: nowMs()).suffix(Self.jobsMax) where works[note.id] == nil {
            let job = EvidenceJob(
                id: note.id, question: note.question.canonical, createdMs: UInt64(clamping: note.createdMs))
            guard note.question.id(origin: reader.identity.origin) == note.id else { continue }
            works[note.id] = Work(job: job, question: note.question, tryAtMs: nowMs())
            guard let made = note.made else { continue }
            let isKept = erased.map { erased in
                !erased.contains { note.question.streams.contains($0.stream) && made.madeMs <= $0.untilMs }
            }
            if isKept != true {
                forget(note.id, file: made.file)
            } else {
                keep(made, id: note.id)
            }
        }
        while true {
            try Task.checkCancellation()
            forgetOld()
            let due = works.values.filter { $0.job.state == .collecting || $0.job.state == .waitingForAnchor }
                .filter { $0.tryAtMs <= nowMs() && isFree($0.question) }.min {
                    ($0.tryAtMs, $0.job.id) < ($1.tryAtMs, $1.job.id)
                }
            if let due { await make(due) } else { try await pause(Self.retryMs / 10) }
        }
    }

    private func make(_ work: Work) async {
        let id = work.job.id
        let path = directory + "/" + id + ".evidence"
        let question = work.question
        let begun = erasuresBegun
        do {
            let file = try await maker.period(
                fromMs: question.fromMs, toMs: question.toMs, streams: question.streams, path: path,
                progress: { [weak self] done in self?.noteProgress(id, done) })
            if question.streams.contains(where: { begun[$0] != erasuresBegun[$0] }) { return forget(id, file: file) }
            let made = EvidenceNotes.Made(file: file, expiresMs: nowMs() + Self.keptMs)
            keep(made, id: id)
            notes.writeMade(made, id: id)
        } catch EvidenceMakingError.notYetAnchored(let expectedAtMs) {
            wait(id, expectedAtMs: expectedAtMs)
        } catch EvidenceMakingError.notYetSealed {
            wait(id, expectedAtMs: question.toMs + anchorEveryMs)
        } catch let error as EvidenceMakingError {
            fail(id, Refusal(error, question: question))
        } catch {
            fail(id, nil)
        }
    }

    // MARK: - Erasing

    /// How far the clock may have been set back since, in ms; a file too many is made anew, no more.
    private static let clockSlackMs: Int64 = 3_600_000

    /// Takes every made file off the shelf that shows the stream; until `endErasing` none is made.
    func beginErasing(_ stream: StreamNumber) {
        erasing.append(stream)
        erasuresBegun[stream, default: 0] += 1
        for (id, work) in works where work.question.streams.contains(stream) {
            if let file = work.file { forget(id, file: file) }
        }
    }

    /// What was taken off the shelf is made anew, without what was erased.
    func endErasing(_ stream: StreamNumber) {
        if let place = erasing.firstIndex(of: stream) { erasing.remove(at: place) }
    }

    private func isFree(_ question: EvidenceQuestion) -> Bool { !question.streams.contains { erasing.contains($0) } }

    private func forget(_ id: String, file: MadeFile) {
        unlink(file.path)
        guard let work = works[id] else { return }
        notes.remove(id: id)
        notes.write(work.question, id: id, createdMs: Int64(clamping: work.job.createdMs))
        works[id] = Work(
            job: EvidenceJob(id: id, question: work.question.canonical, createdMs: work.job.createdMs),
            question: work.question, tryAtMs: nowMs())
    }

    /// Files made until then may show what is erased since.
    private func declared() async throws -> [(stream: StreamNumber, untilMs: Int64)] {
        try await reader.decodedLeaves(type: 10, limit: 10_000, descending: true).compactMap {
            guard case .erasure(let erasure) = $0.leaf.body else { return nil }
            return (erasure.stream, Int64(clamping: $0.leaf.wallMs) + Self.clockSlackMs)
        }
    }

    private func keep(_ made: EvidenceNotes.Made, id: String) {
        let file = made.file
        change(id) { work in
            work.file = file
            work.job.state = .ready
            work.job.doneMille = 1_000
            work.job.anchorFrom = UInt64(clamping: file.firstAnchor)
            work.job.anchorTo = UInt64(clamping: file.lastAnchor)
            work.job.file = id + ".evidence"
            work.job.sizeBytes = UInt64(clamping: file.sizeBytes)
            work.job.sha256 = file.sha256
            work.job.expiresMs = UInt64(clamping: made.expiresMs)
        }
    }

    private func wait(_ id: String, expectedAtMs: Int64?) {
        change(id) { work in
            work.job.state = .waitingForAnchor
            work.expectedAtMs = expectedAtMs
            work.tryAtMs = nowMs() + Self.retryMs
        }
    }

    private func fail(_ id: String, _ refusal: Refusal?) {
        change(id) { work in
            work.job.state = .failed
            work.failure = refusal
            work.job.expiresMs = UInt64(clamping: nowMs() + Self.keptMs)
        }
    }

    private func change(_ id: String, _ edit: (inout Work) -> Void) {
        guard var work = works[id] else { return }
        edit(&work)
        works[id] = work
    }

    private nonisolated func noteProgress(_ id: String, _ done: Double) {
        progress.withLock { $0[id] = UInt32(min(max(done, 0), 1) * 1_000) }
    }

    private func entry(_ work: Work) -> Entry {
        var job = work.job
        if job.state == .collecting { job.doneMille = progress.withLock { $0[job.id] } ?? 0 }
        return Entry(
            job: job, question: work.question, expectedAtMs: work.expectedAtMs, failure: work.failure, file: work.file)
    }

    /// Drops what has expired, and the oldest finished ones beyond the limit.
    private func forgetOld() {
        let now = UInt64(clamping: nowMs())
        let finished = works.values.filter { $0.job.state == .ready || $0.job.state == .failed }
            .sorted { $0.job.createdMs < $1.job.createdMs }
        let surplus = max(0, works.count - Self.jobsMax)
        for (index, work) in finished.enumerated()
        where index < surplus || (work.job.expiresMs.map { $0 <= now } ?? false) {
            works[work.job.id] = nil
            progress.withLock { _ = $0.removeValue(forKey: work.job.id) }
            notes.remove(id: work.job.id)
            if let file = work.file { unlink(file.path) }
        }
    }
}
