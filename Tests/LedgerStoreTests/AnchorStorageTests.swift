import Hashing
import LedgerStore
import Testing

/// Goal: an anchor's state only goes forward, every attempt is kept, and the earliest confirmation counts.
struct AnchorStorageTests {
    @Test func `each state is there after a restart`() async throws {
        let shelf = try Shelf()
        var ledger = try shelf.create()
        func reopen() async throws {
            await ledger.close()
            ledger = try shelf.open()
        }
        let made = try await add(ledger, seq: 1)
        #expect(made.state == .waiting)
        try await reopen()
        #expect(try await ledger.openAnchors() == [made])
        let attempt = try await ledger.addAttempt(seq: 1, blockID: sha256([1]), block: [1, 2], minedMs: 50)
        try await reopen()
        #expect(try await ledger.anchor(1)?.state == .worked)
        #expect(try await ledger.anchor(1)?.attempts == [attempt])
        #expect(try await ledger.addAttempt(seq: 1, blockID: sha256([1]), block: [1, 2], minedMs: 60) == attempt)
        try await ledger.markSubmitted(seq: 1, blockID: sha256([1]), atMs: 70)
        try await reopen()
        #expect(try await ledger.anchor(1)?.state == .submitted)
        #expect(try await ledger.anchor(1)?.attempts.map(\.submittedMs) == [70])
        try await ledger.confirm(seq: 1, confirmation(block: 1, milestone: 9))
        try await reopen()
        #expect(try await ledger.anchor(1)?.state == .anchored)
        #expect(try await ledger.lastAnchored()?.confirmation == confirmation(block: 1, milestone: 9))
        #expect(try await ledger.openAnchors() == [])
        #expect(try await shelf.reader().anchorCovering(leaf: 4)?.seq == 1)
        #expect(try await shelf.reader().anchorCovering(leaf: 5) == nil)
    }

    @Test func `a second block keeps the first, and the earlier confirmation counts whatever order they come in`()
        async throws
    {
        let shelf = try Shelf()
        let ledger = try shelf.create()
        _ = try await add(ledger, seq: 1)
        for block in [UInt8(1), 2] {
            _ = try await ledger.addAttempt(seq: 1, blockID: sha256([block]), block: [block], minedMs: 1)
            try await ledger.markSubmitted(seq: 1, blockID: sha256([block]), atMs: 2)
        }
        try await ledger.confirm(seq: 1, confirmation(block: 2, milestone: 12))
        try await ledger.confirm(seq: 1, confirmation(block: 1, milestone: 9))
        try await ledger.confirm(seq: 1, confirmation(block: 2, milestone: 11))
        let anchor = try #require(try await ledger.anchor(1))
        #expect(anchor.confirmation?.milestoneIndex == 9)
        #expect(anchor.attempts.count == 2)
        _ = try await ledger.addAttempt(seq: 1, blockID: sha256([3]), block: [3], minedMs: 5)
        #expect(try await ledger.anchor(1)?.state == .anchored)
    }

    @Test func `what does not follow is refused`() async throws {
        let shelf = try Shelf()
        let ledger = try shelf.create()
        await #expect(throws: LedgerError.self) { try await add(ledger, seq: 2) }
        _ = try await add(ledger, seq: 1)
        await #expect(throws: LedgerError.self) { try await add(ledger, seq: 1) }
        await #expect(throws: LedgerError.self) {
            try await ledger.markSubmitted(seq: 1, blockID: sha256([9]), atMs: 1)
        }
        await #expect(throws: LedgerError.self) {
            try await ledger.confirm(seq: 1, confirmation(block: 9, milestone: 1))
        }
    }

    @Test func `lists can be asked backwards, by state and by page`() async throws {
        let shelf = try Shelf()
        let ledger = try shelf.create()
        for seq in 1...UInt64(5) { _ = try await add(ledger, seq: seq) }
        _ = try await ledger.addAttempt(seq: 3, blockID: sha256([3]), block: [3], minedMs: 1)
        let reader = try shelf.reader()
        #expect(try await reader.anchors(AnchorQuery(isDescending: true, limit: 2)).map(\.seq) == [5, 4])
        #expect(try await reader.anchors(AnchorQuery(seqTo: 3, isDescending: true, limit: 2)).map(\.seq) == [3, 2])
        #expect(try await reader.anchors(AnchorQuery(states: [.worked])).map(\.seq) == [3])
        #expect(try await reader.lastCheckpoint()?.size == 25)
    }

    @Test func `the first time stamp of an anchor is kept, in every state and after a restart`() async throws {
        let shelf = try Shelf()
        var ledger = try shelf.create()
        for seq in 1...UInt64(3) { _ = try await add(ledger, seq: seq) }
        #expect(try await ledger.lastStampedAnchor() == nil)
        try await ledger.keepTimeStamp(seq: 2, token: [7, 8], timeMs: 5, receivedMs: 6)
        try await ledger.keepTimeStamp(seq: 2, token: [9], timeMs: 7, receivedMs: 8)
        _ = try await ledger.addAttempt(seq: 2, blockID: sha256([1]), block: [1, 2], minedMs: 50)
        try await ledger.confirm(seq: 2, confirmation(block: 1, milestone: 9))
        await ledger.close()
        ledger = try shelf.open()
        #expect(try await ledger.anchors().map(\.timeStamp) == [nil, [7, 8], nil])
        #expect(try await shelf.reader().anchor(2)?.timeStamp == [7, 8])
        #expect(try await ledger.lastStampedAnchor()?.seq == 2)
        await #expect(throws: LedgerError.self) {
            try await ledger.keepTimeStamp(seq: 4, token: [1], timeMs: 1, receivedMs: 1)
        }
    }

    private func add(_ ledger: Ledger, seq: UInt64) async throws -> StoredAnchor {
        try await ledger.addAnchor(
            seq: seq, size: seq * 5, root: sha256([UInt8(seq)]), note: "note \(seq)\n", payload: [1],
            beaconLeaf: seq * 5 - 1,
            signedMs: 40)
    }

    private func confirmation(block: UInt8, milestone: UInt32) -> AnchorConfirmation {
        AnchorConfirmation(
            blockID: sha256([block]), milestoneIndex: milestone, milestoneID: sha256([7]), milestoneTimeS: 1_772_370,
            milestone: [7, 0], path: [0])
    }
}
