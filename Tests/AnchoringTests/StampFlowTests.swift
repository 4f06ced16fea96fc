import Anchoring
import Disclosure
import Evidence
import Foundation
import Hashing
import LedgerStore
import LocalTangle
import Logging
import MerkleLog
import StampTesting
import Synchronization
import TangleClient
import Testing
import TimeStamping
import TwinModel

/// Goal: the newest checkpoint gets one token that an auditor can check, and nothing else waits for it.
/// Method: the real ledger and anchors, an authority in the process that obeys, errs or keeps silent.
@Suite(.serialized)
struct StampFlowTests {
    @Test func `the newest checkpoint is stamped once, and the token is there after a restart`() async throws {
        try await withHouse { house, authority in
            let stamps = try flow(house, authority)
            #expect(await stamps.round() == 1_000)
            let anchor = try #require(try await house.ledger.anchor(1))
            let kept = try #require(anchor.timeStamp)
            let token = try TimeStampToken.parse(response: kept)
            try token.check(statement: Array(anchor.note.utf8), nonce: nil, trust: authority.trust)
            #expect(await stamps.round() == 1_000)
            #expect(authority.requests == 1)
            try await house.restart()
            #expect(try await house.ledger.anchor(1)?.timeStamp == kept)
            #expect(try await house.ledger.lastStampedAnchor()?.seq == 1)
            let again = try flow(house, authority)
            #expect(await again.round() == 1_000)
            #expect(authority.requests == 1)
        }
    }

    @Test(arguments: Fault.allCases) func `what is not a good token is told, not kept, and asked for again`(
        _ fault: Fault
    ) async throws {
        try await withHouse { house, authority in
            authority.fault = fault
            let stamps = try flow(house, authority)
            var pauses: [Int64] = []
            for _ in 0..<12 { pauses.append(await stamps.round()) }
            #expect(pauses.prefix(4) == [2_000, 4_000, 8_000, 16_000])
            #expect(pauses.last == StampFlow.pauseMsMax)
            #expect(try await house.ledger.anchor(1)?.timeStamp == nil)
            let trouble = try #require(await stamps.trouble)
            #expect(trouble.hasPrefix("authority.example: ") && trouble.contains(fault.words), "\(trouble)")
            authority.fault = nil
            #expect(await stamps.round() == 1_000)
            #expect(await stamps.trouble == nil)
            #expect(try await house.ledger.anchor(1)?.timeStamp != nil)
        }
    }

    @Test func `a silent authority holds up no anchor`() async throws {
        try await withHouse { house, authority in
            authority.isSilent = true
            let stamps = try flow(house, authority)
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await stamps.run() }
                await authority.untilAsked()
                try await house.turnUntilAnchored()
                group.cancelAll()
                try await group.waitForAll()
            }
            #expect(try await house.ledger.anchor(1)?.state == .anchored)
            #expect(try await house.ledger.anchor(1)?.timeStamp == nil)
        }
    }

    @Test func `between two stamped checkpoints lies the time that was set`() async throws {
        try await withHouse { house, authority in
            let stamps = try flow(house, authority, everyMs: 60_000)
            _ = await stamps.round()
            for _ in 0..<9 {
                house.time.advance(ms: 10_000)
                try await house.network.issueMilestone()
                await house.flow.anchorNow()
                try await house.turn(ms: 0)
                _ = await stamps.round()
            }
            let anchors = try await house.ledger.anchors()
            #expect(anchors.count == 10)
            #expect(anchors.filter { $0.timeStamp != nil }.map(\.seq) == [1, 7])
        }
    }

    @Test func `both ways outwards are time anchors`() async throws {
        try await withHouse { house, authority in
            let stamps = try flow(house, authority)
            let anchors: [any TimeAnchor] = [house.flow, stamps]
            #expect(anchors.map(\.name) == ["Anchoring", "Time stamping"])
            for anchor in anchors {
                #expect(await anchor.round() > 0)
                #expect(await anchor.trouble == nil)
            }
        }
    }

    @Test func `a file of the gateway carries the tokens, and they hold with the authority's certificate`() async throws
    {
        let time = HandClock()
        try await withNetwork(time) { network, node in
            let house = try await AnchoringHouse(network, node, time: time, everyMs: 300_000)
            let authority = try InProcessAuthority(time)
            let stamps = try flow(house, authority)
            try await house.turnUntilAnchored()
            _ = await stamps.round()
            let fromMs = time.nowMs
            for _ in 0..<3 {
                try await house.run(minutes: 5)
                for _ in 0..<4 { try await house.turn() }
                _ = await stamps.round()
            }
            let card = try await house.card()
            let reader = try LedgerReader.open(directory: house.directory)
            let path = house.directory + "/p.evidence"
            _ = try await EvidenceMaker(reader: reader, card: Array(card.encoded().utf8)).period(
                fromMs: fromMs, toMs: fromMs + 600_000, streams: Array(try await reader.numbering().streams.values),
                path: path, progress: { _ in })
            let file = [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))
            let verdict = verify(file: file, card: card, stampTrust: authority.trust)
            #expect(verdict.exitCode == 0, "\(verdict.findings)")
            #expect(verdict.facts.timeStamps.count >= 2)
            #expect(!verdict.codes.contains("W_TIME_STAMP_UNCHECKED"))
            // The network is the operator's own; the token alone bounds the entries.
            #expect(verdict.bracket?.notAfterMs == verdict.facts.timeStamps.last?.latestMs)
            #expect(verify(file: file, card: card).codes.contains("W_TIME_STAMP_UNCHECKED"))
        }
    }

    // MARK: -

    /// A house with one signed checkpoint, and an authority on the same clock.
    private func withHouse(_ body: (AnchoringHouse, InProcessAuthority) async throws -> Void) async throws {
        let time = HandClock()
        try await withNetwork(time) { network, node in
            let house = try await AnchoringHouse(network, node, time: time)
            try await house.turn()
            try await body(house, try InProcessAuthority(time))
        }
    }

    private func flow(
        _ house: AnchoringHouse, _ authority: InProcessAuthority, everyMs: Int64? = nil
    ) throws -> StampFlow {
        let time = house.time
        return StampFlow(
            settings: StampFlow.Settings(everyMs: everyMs, trust: authority.trust), ledger: house.ledger,
            authority: authority, nonce: { 0x8123_4567_89ab_cdef },
            journal: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }, nowMs: { time.nowMs },
            pause: { time.advance(ms: $0) })
    }
}

/// What an authority can do wrong.
enum Fault: CaseIterable {
    case unreachable, refused, noise, rejection, otherNonce, otherStatement, stranger, clockBehind

    var words: String {
        switch self {
        case .unreachable: "no whole answer"
        case .refused: "HTTP 503"
        case .noise: "cannot be read"
        case .rejection: "the authority gave no token: status 2"
        case .otherNonce: "the token answers another request"
        case .otherStatement: "the token is over other bytes"
        case .stranger: "no certificate of the token is trusted"
        case .clockBehind: "ms behind"
        }
    }
}

/// An authority without a wire.
final class InProcessAuthority: TimeStampAuthority {
    let name = "authority.example"
    let trust: TimeStampTrust
    private let authority = TestAuthority()
    private let stranger = TestAuthority()
    private let time: HandClock
    private let certificates: [[UInt8]]
    private let strangers: [[UInt8]]
    private let state = Mutex(State())
    private let asked: AsyncStream<Void>
    private let ask: AsyncStream<Void>.Continuation

    private struct State {
        var requests = 0
        var fault: Fault?
        var isSilent = false
    }

    var requests: Int { state.withLock { $0.requests } }
    var fault: Fault? {
        get { state.withLock { $0.fault } }
        set { state.withLock { $0.fault = newValue } }
    }
    var isSilent: Bool {
        get { state.withLock { $0.isSilent } }
        set { state.withLock { $0.isSilent = newValue } }
    }

    init(_ time: HandClock) throws {
        self.time = time
        func made(_ authority: TestAuthority) throws -> (signer: [UInt8], root: [UInt8]) {
            (
                try TestAuthority.certificate(.signer(), key: authority.signerKey, by: authority.rootKey),
                try TestAuthority.certificate(.authority("root"), key: authority.rootKey, by: authority.rootKey)
            )
        }
        let own = try made(authority)
        certificates = [own.signer]
        strangers = [try made(stranger).signer]
        var trust = TimeStampTrust()
        try trust.add(pem: TestAuthority.pem([own.root]))
        self.trust = trust
        (asked, ask) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    func untilAsked() async { for await _ in asked { return } }

    func answer(to request: [UInt8]) async throws(AuthorityError) -> [UInt8] {
        let (fault, isSilent) = state.withLock { state in
            state.requests += 1
            return (state.fault, state.isSilent)
        }
        ask.yield()
        if isSilent {
            // Ends when the task is cancelled.
            for await _ in AsyncStream<Void>.makeStream().stream {}
            throw .unreachable("cancelled")
        }
        switch fault {
        case .unreachable: throw .unreachable("nobody there")
        case .refused: throw .refused(status: 503)
        case .noise: return [1, 2, 3]
        default: break
        }
        do { return try response(to: request, fault) } catch { throw .malformed(what: "\(error)") }
    }

    /// The request has its imprint at a fixed place; the nonce has nine octets and stands before the last three.
    private func response(to request: [UInt8], _ fault: Fault?) throws -> [UInt8] {
        var imprint = Array(request[24..<56])
        var nonce = request.dropLast(3).suffix(8).reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        if fault == .otherNonce { nonce ^= 1 }
        if fault == .otherStatement { imprint[0] ^= 1 }
        let ms = time.nowMs - (fault == .clockBehind ? 3_600_000 : 0)
        let signing = fault == .stranger ? stranger : authority
        return try signing.response(
            imprint: imprint, nonce: nonce, time: Self.text(ms),
            certificates: fault == .stranger ? strangers : certificates
        ) {
            if fault == .rejection { $0.status = DER.sequence(DER.integer(2)) }
        }
    }

    /// `YYYYMMDDhhmmssZ`.
    private static func text(_ ms: Int64) -> String {
        let date = Date(timeIntervalSince1970: Double(ms / 1_000))
        let text: String = date.formatted(.iso8601)
        return text.filter { !"-:T".contains($0) }
    }
}
