import BrokerClient
import MQTT
import Modbus
import Profiles
import Readings
import Simulation
import Testing
import TwinModel

@Suite struct DemoBuildingTests {
    @Test func `the demo's building file is a building of a dozen things, two tenants and several streams`() throws {
        let building = try House.building()
        #expect((12...24).contains(building.entities.count))
        #expect((30...45).contains(building.points.count))
        #expect(Set(building.points.compactMap(\.tenant)) == ["fjord", "nord"])
        #expect(building.streams.count >= 10)
        #expect(Set(building.points.map(\.privacy)) == [.none, .indirect])
        #expect(building.points.contains { $0.nature == .counter && $0.flow == .production })
        for point in building.points where point.entity.hasPrefix("room") { #expect(point.privacy == .indirect) }
    }

    @Test func `the file holds the ports as placeholders, and every Modbus device behind one`() throws {
        for device in try House.building(modbusPort: 4711).devices {
            if case .modbus(let host, let port, _) = device.address {
                #expect(host == "127.0.0.1")
                #expect(port == 4711)
            }
        }
    }

    @Test func `every Modbus point of the demo is shown by the simulation, every topic is spoken`() throws {
        let building = try House.building()
        let simulation = try House.simulation()
        var topics = Set<String>()
        for second in 0..<120 {
            topics.formUnion(simulation.pass(1_800_000_000_000 + Int64(second) * 1_000).map(\.topic))
        }
        for point in building.points {
            let device = try #require(building.device(point.binding.device))
            switch device.address {
            case .modbus(_, _, let unit):
                #expect(simulation.shown(unit: unit)[point.binding.profilePoint] != nil, "\(point.id)")
            case .mqtt(let root): #expect(topics.contains { $0 == root || $0.hasPrefix(root + "/") }, "\(root)")
            case .serial, .rtuOverTCP: Issue.record("\(device.id) is on a line that the demo has not")
            }
        }
    }

    @Test func `the air handler obeys what is written to its setpoint, and nothing else can be commanded`() throws {
        let building = try House.building()
        #expect(building.points.filter { $0.command != nil }.map(\.id) == ["air-handler.supply-setpoint"])
        let simulation = try House.simulation()
        simulation.step(ms: 60_000)
        let bank = try #require(simulation.banks[21])
        bank.update { $0.holding.set(6, [215]) }
        for _ in 0..<30 { simulation.step(ms: 60_000) }
        #expect(bank.current.holding.word(6) == 215)
        #expect(simulation.shown(unit: 21)["setpoint.supply"] == 21.5)
        bank.update { $0.holding.set(6, [160]) }
        simulation.step(ms: 60_000)
        #expect(simulation.shown(unit: 21)["setpoint.supply"] == 16)
    }

    @Test func `what the building shows lies within the limits of its file`() throws {
        let building = try House.building()
        let simulation = try House.simulation()
        for _ in 0..<48 {
            simulation.step(ms: 3_600_000)
            for point in building.points {
                guard case .modbus(_, _, let unit) = building.device(point.binding.device)?.address,
                    let value = simulation.shown(unit: unit)[point.binding.profilePoint]
                else { continue }
                if let min = point.limits.min { #expect(value >= min.double, "\(point.id)") }
                if let max = point.limits.max { #expect(value <= max.double, "\(point.id)") }
            }
        }
    }

    @Test func `every type and unit of the profiles that ship is known to the model`() throws {
        for profile in try House.profiles().profiles {
            for point in profile.points {
                #expect(TypeTable.kind(of: point.brick) == .point, "\(profile.id) \(point.id): \(point.brick)")
                if let unit = point.unit { #expect(Unit(ucum: unit) != nil, "\(profile.id) \(point.id): \(unit)") }
                if let flow = point.flow { #expect(Flow(rawValue: flow) != nil, "\(profile.id) \(point.id): \(flow)") }
            }
        }
    }
}
