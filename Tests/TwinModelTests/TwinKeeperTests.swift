import Readings
import Testing
import TwinModel

@Suite struct TwinKeeperTests {
    let building = Sample.building([Sample.point("m1.power"), Sample.point("m1.voltage")])

    func keeper() -> TwinKeeper {
        TwinKeeper(building: building, numbering: Sample.numbering(building), listeningSinceMs: 0)
    }

    func reading(_ at: Int64, _ value: Int64 = 1) -> Reading {
        Reading(point: PointNumber(1), capturedAtMs: at, quality: .good, value: .integer(value))
    }

    @Test func `a subscriber gets what was applied, in order, and not what came late`() async {
        let keeper = keeper()
        let stream = await keeper.subscribe()
        await keeper.apply([reading(10), reading(20)])
        await keeper.apply([reading(15)])
        await keeper.apply([reading(30)])
        await keeper.finish()
        var batches: [[Int64]] = []
        for await batch in stream { batches.append(batch.map(\.capturedAtMs)) }
        #expect(batches == [[10, 20], [30]])
    }

    @Test func `a subscriber that sleeps loses the oldest batches, counted, and holds nobody up`() async {
        let keeper = keeper()
        let stream = await keeper.subscribe()
        let count = TwinKeeper.waitingBatchesMax + 10
        for at in 1...count { await keeper.apply([reading(Int64(at))]) }
        #expect(await keeper.droppedBatches == 10)
        await keeper.finish()
        var first: Int64?
        var received = 0
        for await batch in stream {
            if first == nil { first = batch.first?.capturedAtMs }
            received += 1
        }
        #expect(first == 11)
        #expect(received == TwinKeeper.waitingBatchesMax)
    }

    @Test func `a subscriber that left is forgotten at the next reading`() async {
        let keeper = keeper()
        let task = Task { for await _ in await keeper.subscribe() {} }
        while await keeper.subscriberCount == 0 { await Task.yield() }
        task.cancel()
        await task.value
        await keeper.apply([reading(1)])
        #expect(await keeper.subscriberCount == 0)
    }

    @Test func `states are told by id and by number`() async {
        let keeper = keeper()
        await keeper.apply([reading(10, 7)])
        #expect(await keeper.state(of: "m1.power")?.latest?.value == .integer(7))
        #expect(await keeper.state(of: PointNumber(1))?.quality == .good)
        #expect(await keeper.state(of: "m1.nothing") == nil)
        let states = await keeper.states()
        #expect(states.keys.sorted() == ["m1.power", "m1.voltage"])
        #expect(await keeper.id(of: PointNumber(2)) == "m1.voltage")
        #expect(await keeper.number(of: "m1.power") == PointNumber(1))
    }

    @Test func `what is restored is known and told to nobody`() async {
        let keeper = keeper()
        let stream = await keeper.subscribe()
        await keeper.restore([reading(10)])
        await keeper.finish()
        for await batch in stream { Issue.record("unexpected batch of \(batch.count)") }
        #expect(await keeper.state(of: "m1.power")?.latest?.capturedAtMs == 10)
    }
}
