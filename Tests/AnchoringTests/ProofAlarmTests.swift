import Anchoring
import CanonicalCBOR
import Foundation
import Hashing
import LedgerStore
import LocalTangle
import LogEntries
import Readings
import Testing
import TwinModel

/// Goal: whoever looks at health, metrics, the event stream or the log learns that something has no proof, and when it has.
/// Method: the real flow on a development network that is broken for a while, by a clock of its own.
@Suite(.serialized)
struct ProofAlarmTests {
    /// Phase, anchor and time of every alarm in the log, in order.
    private func alarms(_ house: AnchoringHouse) async throws -> [String] {
        let reader = try LedgerReader.open(directory: house.directory)
        var found: [String] = []
        for stored in try await reader.leaves(0..<(try await reader.size())) {
            guard case .event(let event) = try Leaf.decode(stored.bytes).body else { continue }
            #expect(event.kind == AnchorFlow.lateKind)
            let opening = try #require(try await reader.openings(leaf: stored.index).first?.bytes)
            let commitment = try Commitment.decode(opening)
            #expect(commitment.hash == event.commitment && commitment.stream == event.stream)
            let payload = try EventPayload.decode(commitment.payload)
            let values = Dictionary(uniqueKeysWithValues: payload.details.map { ($0.name, $0.value) })
            #expect(payload.kind == event.kind && payload.point == nil && values.count == 3)
            let seq = values["seq"]?.asUnsigned.map { "\($0)" } ?? "none"
            found.append("\(values["phase"]?.asText ?? "?") \(seq) \(values["sinceMs"]?.asInt ?? 0)")
        }
        return found
    }

    /// What the event stream was told of it.
    private func told(_ house: AnchoringHouse) async throws -> [String] {
        try await LedgerReader.open(directory: house.directory).events(after: 0).filter { $0.kind == "alarm" }
            .map(\.json)
    }

    private func pass(_ house: AnchoringHouse, minutes: Int) async throws {
        for _ in 0..<(6 * minutes) { try await house.turn(ms: 10_000) }
    }

    @Test func `a checkpoint that cannot be made for half an hour is told once, and once more when it has its proof`()
        async throws
    {
        let time = HandClock()
        try await withNetwork(time) { network, node in
            let house = try await AnchoringHouse(network, node, time: time, everyMs: 600_000)
            let startMs = time.nowMs
            var faults = LocalTangleFaults()
            faults.isUnhealthy = true
            await network.setFaults(faults)
            try await pass(house, minutes: 29)
            #expect(await house.flow.status.unproven == AnchorFlow.Unproven(seq: nil, sinceMs: startMs))
            #expect(await house.flow.status.late == nil)
            #expect(try await alarms(house).isEmpty)
            try await pass(house, minutes: 61)
            #expect(await house.flow.status.late == AnchorFlow.Unproven(seq: nil, sinceMs: startMs))
            #expect(try await alarms(house) == ["start none \(startMs)"])
            let since = UTCTime.text(startMs)
            let start = #"{"alarm":"anchor","state":"start","seq":null,"since":"\#(since)"}"#
            #expect(try await told(house) == [start])

            await network.setFaults(LocalTangleFaults())
            try await house.turnUntilAnchored()
            #expect(await house.flow.status.late == nil)
            #expect(await house.flow.status.unproven == nil)
            #expect(try await alarms(house) == ["start none \(startMs)", "end 1 \(startMs)"])
            let end = #"{"alarm":"anchor","state":"end","seq":1,"since":"\#(since)"}"#
            #expect(try await told(house) == [start, end])
        }
    }

    @Test func `an anchor whose proof is not given is late from its signature on, over restarts too`() async throws {
        let time = HandClock()
        try await withNetwork(time) { network, node in
            let house = try await AnchoringHouse(network, node, time: time)
            var faults = LocalTangleFaults()
            faults.hasNoProofs = true
            await network.setFaults(faults)
            try await pass(house, minutes: 20)
            try await house.restart()
            try await pass(house, minutes: 9)
            #expect(await house.flow.status.late == nil)
            try await pass(house, minutes: 3)
            let signedMs = Int64(try #require(try await house.ledger.anchor(1)).signedMs)
            let late = AnchorFlow.Unproven(seq: 1, sinceMs: signedMs)
            #expect(await house.flow.status.late == late)
            // A new run does not know what the one before has told.
            try await house.restart()
            await network.setFaults(LocalTangleFaults())
            try await house.turnUntilAnchored()
            #expect(await house.flow.status.late == nil)
            #expect(
                try await alarms(house) == ["start 1 \(signedMs)", "start 1 \(signedMs)", "end 1 \(signedMs)"])
        }
    }

    @Test func `a gateway that was away is not late with what it could not make`() async throws {
        let time = HandClock()
        try await withNetwork(time) { network, node in
            let house = try await AnchoringHouse(network, node, time: time, everyMs: 600_000)
            try await house.turnUntilAnchored()
            time.advance(ms: 86_400_000)
            try await network.issueMilestone()
            try await house.restart()
            try await house.turnUntilAnchored(2)
            #expect(try await alarms(house).isEmpty)
        }
    }

    @Test func `the time is a setting`() async throws {
        let time = HandClock()
        try await withNetwork(time) { network, node in
            let house = try await AnchoringHouse(network, node, time: time)
            house.settings.lateAfterMs = 60_000
            try await house.restart()
            var faults = LocalTangleFaults()
            faults.isUnhealthy = true
            await network.setFaults(faults)
            try await pass(house, minutes: 2)
            #expect(await house.flow.status.late != nil)
        }
    }

    @Test func `an event that the disk refuses is told when the disk takes it`() async throws {
        let time = HandClock()
        let faults = DiskFaults()
        try await withNetwork(time) { network, node in
            let house = try await AnchoringHouse(network, node, time: time)
            try await house.restart(faults: faults)
            var away = LocalTangleFaults()
            away.isUnhealthy = true
            await network.setFaults(away)
            try await pass(house, minutes: 29)
            faults.armDiskFull(nth: 1)
            try await pass(house, minutes: 4)
            #expect(await house.flow.status.late == nil)
            #expect(await house.flow.status.trouble != nil)
            faults.disarm()
            try await pass(house, minutes: 1)
            #expect(await house.flow.status.late != nil)
            #expect(try await alarms(house).count == 1)
        }
    }
}
