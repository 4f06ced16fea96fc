import CanonicalCBOR
import Capture
import Hashing
import LedgerStore
import LogEntries
import Readings
import Testing
import TestTools
import TwinModel

/// Goal: whatever a queue lets go of is accounted for in the log, in few events.
struct OverloadTests {
    private typealias Loss = LossBook.Loss
    private let place = LossBook.Place.intakeFull

    private func loss(_ count: UInt64, _ atMs: Int64 = 0) -> [LossBook.Place: Loss] {
        [place: Loss(count: count, point: PointNumber(1), fromMs: atMs, toMs: atMs)]
    }

    @Test func `an episode is told when it begins, at most once a minute while it lasts, and when it is over`() {
        var episodes = OverloadEpisodes()
        var told: [OverloadEpisodes.Event] = []
        for second in UInt64(0)..<400 {
            if second < 200 { episodes.note(loss(10, Int64(second)), monoMs: second * 1_000) }
            for event in episodes.due(monoMs: second * 1_000) {
                told.append(event)
                episodes.wasTold(event, monoMs: second * 1_000)
            }
        }
        #expect(told.map(\.phase) == [.start, .ongoing, .ongoing, .ongoing, .end])
        #expect(told.map(\.count) == [10, 600, 600, 600, 190])
        #expect(told.last?.total == 2_000)
        #expect(told.last?.toMs == 199)
    }

    @Test func `a short one has a start and an end, and the next begins its own sum`() {
        var episodes = OverloadEpisodes()
        var told: [OverloadEpisodes.Event] = []
        func pass(_ seconds: Range<UInt64>, losing: Bool) {
            for second in seconds {
                if losing { episodes.note(loss(1), monoMs: second * 1_000) }
                for event in episodes.due(monoMs: second * 1_000) {
                    told.append(event)
                    episodes.wasTold(event, monoMs: second * 1_000)
                }
            }
        }
        pass(0..<5, losing: true)
        pass(5..<100, losing: false)
        pass(100..<103, losing: true)
        pass(103..<300, losing: false)
        #expect(told.map(\.phase) == [.start, .end, .start, .end])
        #expect(told.map(\.count).reduce(0, +) == 8)
        #expect(told.map(\.total) == [1, 5, 3, 3])
    }

    @Test(arguments: 1...12 as ClosedRange<UInt64>)
    func `no loss is left out of the sums, and none is told twice`(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        var episodes = OverloadEpisodes()
        var lost: UInt64 = 0
        var told: UInt64 = 0
        var times: [UInt64] = []
        for second in UInt64(0)..<3_000 {
            if second < 2_800, Int.random(in: 0..<30, using: &random) == 0 {
                let count = UInt64.random(in: 1...50, using: &random)
                lost += count
                episodes.note(loss(count), monoMs: second * 1_000)
            }
            for event in episodes.due(monoMs: second * 1_000) {
                // A write that failed is told again.
                if Int.random(in: 0..<4, using: &random) == 0 { continue }
                told += event.count
                times.append(second)
                episodes.wasTold(event, monoMs: second * 1_000)
            }
        }
        #expect(told == lost, "seed \(seed)")
        #expect(zip(times, times.dropFirst()).allSatisfy { $1 - $0 >= 60 }, "seed \(seed)")
    }

    @Test func `a queue that tells sums is counted once`() {
        let book = LossBook()
        for (sum, isOver) in [(3, false), (10, true), (2, false), (2, true)] as [(UInt64, Bool)] {
            book.note(.mqttInbox, sum: sum, isOver: isOver, atMs: 5)
        }
        #expect(book.take()[.mqttInbox]?.count == 12)
        #expect(book.take().isEmpty)
    }

    @Test func `a full intake stands in the log as an event of a public stream, and as an alarm`() async throws {
        let house = try await House()
        let daemon = try await house.start()
        let numbering = try await daemon.ledger.numbering()
        let intake = Intake(sources: house.building.sources(numbering), lengthMax: 10)
        let flow = CaptureFlow(
            writer: daemon.writer, keeper: daemon.keeper, intake: intake,
            disk: DiskSpace(directory: house.directory, freeBytes: { 1 << 40 }), settings: house.settings)
        intake.offer((0..<25).map { house.reading(2, Int64(400 + $0)) })
        for _ in 0..<80 {
            try await flow.step()
            house.time.advance(ms: 1_000)
        }
        #expect(intake.counts.droppedGauges == 15)
        #expect(await flow.counts.overloadEvents == 2)
        let reader = try house.reader()
        let proof = try await LogProof(reader)
        let payloads = try await events(proof, reader)
        #expect(payloads.map(\.kind) == ["overload", "overload"])
        // Point 2 is of class indirect: its name does not stand in the open.
        #expect(payloads.map(\.point) == [nil, nil])
        #expect(payloads.compactMap { detail("phase", $0)?.asText } == ["start", "end"])
        #expect(payloads.compactMap { detail("count", $0)?.asUnsigned } == [15, 0])
        #expect(payloads.compactMap { detail("queue", $0)?.asText } == ["intake", "intake"])
        let alarms = try await reader.events(after: 0, limit: 100).filter { $0.kind == "alarm" }
        #expect(alarms.count == 2)
        #expect(alarms.first?.json.contains(#""alarm":"overload","queue":"intake""#) == true)
        await daemon.kill()
    }

    @Test func `a point that is crowded out is named where its stream is public`() async throws {
        let house = try await House()
        let daemon = try await house.start()
        daemon.intake.offer((0..<1_500).map { house.reading(1, $0) })
        try await daemon.flow.step()
        house.time.advance(ms: 1_000)
        try await daemon.flow.step()
        let reader = try house.reader()
        let payloads = try await events(try await LogProof(reader), reader)
        #expect(payloads.map(\.point) == [PointNumber(1)])
        #expect(payloads.first.flatMap { detail("queue", $0)?.asText } == "placement")
        #expect(payloads.first.flatMap { detail("count", $0)?.asUnsigned } == 499)
        await daemon.kill()
    }

    private func detail(_ name: String, _ payload: EventPayload) -> CBOR? {
        payload.details.first { $0.name == name }?.value
    }

    private func events(_ proof: LogProof, _ reader: LedgerReader) async throws -> [EventPayload] {
        var found: [EventPayload] = []
        for (index, leaf) in proof.leaves.enumerated() {
            guard case .event(let event) = leaf.body else { continue }
            let opening = try #require(try await reader.openings(leaf: UInt64(index)).first?.bytes)
            let commitment = try Commitment.decode(opening)
            #expect(commitment.hash == event.commitment)
            #expect(commitment.stream == event.stream)
            found.append(try EventPayload.decode(commitment.payload))
        }
        return found
    }
}
