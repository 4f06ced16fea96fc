import Anchoring
import LocalTangle
import Testing

/// Goal: a node in trouble is not asked faster and faster, nor by all gateways at once. Method: a node that says it is not healthy.
@Suite(.serialized) struct PauseTests {
    @Test(arguments: [
        (1.0, [4_000, 8_000, 16_000, 32_000, 60_000, 60_000]), (0.5, [3_000, 6_000, 12_000, 24_000, 45_000, 45_000]),
        (0.0, [2_000, 4_000, 8_000, 16_000, 30_000, 30_000]),
    ])
    func `pauses double after failures, up to half is taken off by chance, and one success ends them`(
        chance: Double, expected: [Int64]
    ) async throws {
        let time = HandClock()
        try await withNetwork(time) { network, node in
            let house = try await AnchoringHouse(network, node, time: time)
            house.settings.chance = { chance }
            try await house.restart()
            var faults = LocalTangleFaults()
            faults.turnOn(.unhealthy)
            for _ in 0..<2 {
                await network.setFaults(faults)
                for pauseMs in expected { #expect(await house.flow.round() == pauseMs) }
                await network.setFaults(LocalTangleFaults())
                #expect(await house.flow.round() == house.settings.pollMs)
            }
        }
    }
}
