import Anchoring
import Foundation
import Hashing
import MerkleLog
import Synchronization
import Testing
import Witness
import WitnessClient

/// A real witness without HTTP between; it can be unreachable, lie, or be given other answers.
final class WitnessAtHand: WitnessCalls {
    enum Mood: Sendable {
        case honest
        case unreachable
        /// Never answers; ends when the call is cancelled.
        case stuck
        /// Claims this size and shows nothing for it.
        case boasting(UInt64)
        case answering(AddCheckpointAnswer)
    }

    let name = "test witness"
    let desk: WitnessDesk
    private let state = Mutex<(mood: Mood, requests: [AddCheckpointRequest])>((.honest, []))

    init(_ name: String, key: VerifierKey) throws {
        let folder = NSTemporaryDirectory() + "witness-\(UUID().uuidString)"
        let store = try WitnessStore(path: folder, name: name) { Array(repeating: UInt8(name.utf8.count), count: $0) }
        desk = WitnessDesk(
            cosigner: store.cosigner, logs: [key.name: [key]], memory: store.memory, forks: store.forks,
            nowS: { 1_772_370_000 })
    }

    var mood: Mood {
        get { state.withLock { $0.mood } }
        set { state.withLock { $0.mood = newValue } }
    }
    /// Sizes of the checkpoints it was shown, in order.
    var sizes: [UInt64] { state.withLock { $0.requests.compactMap { $0.note.checkpoint?.size } } }

    func add(_ request: AddCheckpointRequest) async throws(CallError) -> AddCheckpointAnswer {
        let mood = state.withLock {
            $0.requests.append(request)
            return $0.mood
        }
        switch mood {
        case .honest: return try await store { try await self.desk.add(request) }
        case .unreachable: throw .unreachable("on purpose")
        case .stuck:
            await forever()
            throw .unreachable("cancelled")
        case .boasting(let size): return .otherSize(size)
        case .answering(let answer): return answer
        }
    }

    func latest(origin: String) async throws(CallError) -> SignedNote? {
        if case .boasting = mood { return nil }
        return try await store { try await self.desk.latest(of: origin) }
    }

    private func store<Answer: Sendable>(
        _ body: @Sendable () async throws -> Answer
    ) async throws(CallError) -> Answer {
        do { return try await body() } catch { throw .refused(status: 500) }
    }
}

/// Returns when the task is cancelled.
func forever() async {
    let (stream, end) = AsyncStream<Void>.makeStream()
    for await _ in stream {}
    end.finish()
}

extension Witnesses {
    /// Witnesses that are waited for until the calling task is cancelled, or not at all.
    static func at(_ list: [WitnessAtHand], waits: Bool = true) -> Witnesses {
        Witnesses(list.map { ConfiguredWitness(key: $0.desk.key, calls: $0) }) { _ in if waits { await forever() } }
    }
}
