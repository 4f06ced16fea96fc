package import BrokerClient
package import Capture
package import Disclosure
import Logging
package import Modbus
package import MQTT
import Readings
package import TwinModel

/// Every connection to the field: started, changed and ended one by one, while the others go on untouched.
///
/// `run` drives them all and ends when cancelled. A plan is put in place by `change`, never by ending everything.
package actor FieldSupervisor {
    /// What all connections share.
    package struct Surroundings: Sendable {
        let intake: Intake
        let memory: LearnedLayouts
        let journal: FieldJournal
        /// UTC ms.
        let nowMs: @Sendable () -> Int64
        /// 0 ..< 1, spreads attempts to reconnect.
        let chance: @Sendable () -> Double
        /// `nil` without a broker in the configuration.
        let broker: MQTTSettings?

        package init(
            intake: Intake, memory: LearnedLayouts, journal: FieldJournal, nowMs: @escaping @Sendable () -> Int64,
            chance: @escaping @Sendable () -> Double, broker: MQTTSettings? = nil
        ) {
            self.intake = intake
            self.memory = memory
            self.journal = journal
            self.nowMs = nowMs
            self.chance = chance
            self.broker = broker
        }
    }

    struct Running<Connection: Sendable>: Sendable {
        let connection: Connection
        let stop = Latch()
        let hasEnded = Latch()
    }

    private struct Order {
        let plan: FieldPlan
        let building: Building
        let zones: MQTTZones
        let oldHasEnded: @Sendable () async -> Void
        let done: CheckedContinuation<ReloadView.Connections, Never>
    }

    let surroundings: Surroundings
    private(set) var plan: FieldPlan
    /// Rules for devices behind the broker that tell local time.
    private var zones: MQTTZones
    private(set) var buses: [ModbusTransport: Running<ModbusConnection>] = [:]
    private(set) var broker: Running<MQTTConnection>?
    private var order: Order?
    private let calls: AsyncStream<Void>
    private let call: AsyncStream<Void>.Continuation
    private var isOver = false

    package init(_ plan: FieldPlan, zones: MQTTZones = MQTTZones(), _ surroundings: Surroundings) {
        self.plan = plan
        self.zones = zones
        self.surroundings = surroundings
        (calls, call) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    /// Runs every connection until cancelled, or until one ends by itself, which is a fault of ours.
    package func run() async throws {
        defer { close() }
        try await withThrowingDiscardingTaskGroup { group in
            for transport in plan.buses.keys { start(transport, into: &group) }
            startBroker(into: &group)
            for await _ in calls {
                guard let order else { continue }
                let connections = await carryOut(order, into: &group)
                self.order = nil
                order.done.resume(returning: connections)
            }
            group.cancelAll()
        }
    }

    /// Puts another plan in place. When it returns, connections that are gone have ended and new ones are being made.
    ///
    /// - Parameters:
    ///   - building: the one the plan was made from; what its devices taught is kept, the rest forgotten.
    ///   - oldHasEnded: called when nothing is read by the old plan any more, before new connections to buses are made.
    package func change(
        to plan: FieldPlan, of building: Building, zones: MQTTZones = MQTTZones(),
        oldHasEnded: @escaping @Sendable () async -> Void = {}
    ) async -> ReloadView.Connections {
        precondition(order == nil, "one reload at a time")
        if isOver { return ReloadView.Connections() }
        return await withCheckedContinuation { done in
            order = Order(plan: plan, building: building, zones: zones, oldHasEnded: oldHasEnded, done: done)
            call.yield()
        }
    }

    /// The running connection of a Modbus device; `nil` when it has none.
    package func modbusConnection(of device: String) -> ModbusConnection? {
        plan.transport(of: device).flatMap { buses[$0]?.connection }
    }

    /// The running connection to the broker, for a device behind it; `nil` when it has none.
    package func mqttConnection(of device: String) -> MQTTConnection? {
        plan.sources.contains { $0.device == device } ? broker?.connection : nil
    }

    private func close() {
        isOver = true
        order?.done.resume(returning: ReloadView.Connections())
        order = nil
    }
}

/// From one plan to the next.
extension FieldSupervisor {
    private typealias Group = ThrowingDiscardingTaskGroup<any Error>

    private func carryOut(_ order: Order, into group: inout Group) async -> ReloadView.Connections {
        let new = order.plan
        let change = FieldChange(from: plan, to: new)
        var counts = ReloadView.Connections()
        counts.kept = change.kept.count
        counts.changed = change.changed.count
        counts.started = change.started.count
        counts.ended = change.ended.count
        // A device that takes one connection only must be free before it is called again.
        let leaving = (change.ended + change.changed).compactMap { buses.removeValue(forKey: $0) }
        for running in leaving { running.stop.open() }
        for running in leaving { await running.hasEnded.wait() }
        await surroundings.memory.use(order.building)
        let old = plan
        plan = new
        zones = order.zones
        surroundings.journal.keep(devices: Set(new.buses.values.flatMap { $0.units.map(\.device) }))
        await changeBroker(from: old.sources, into: &group, &counts)
        await order.oldHasEnded()
        for transport in change.changed + change.started { start(transport, into: &group) }
        return counts
    }

    private func start(_ transport: ModbusTransport, into group: inout Group) {
        guard let bus = plan.buses[transport] else { return }
        let (journal, memory, intake) = (surroundings.journal, surroundings.memory, surroundings.intake)
        let units = bus.units.map { unit in
            ModbusUnit(
                id: unit.id, device: unit.device, profile: unit.profile, points: unit.points,
                learned: memory.layout(of: unit.device))
        }
        let running = Running(
            connection: ModbusConnection(
                bus.settings, units: units, nowMs: surroundings.nowMs, chance: surroundings.chance,
                deliver: { intake.offer($0) },
                report: { event in
                    if case .learned(let device, let layout) = event { memory.note(device, layout) }
                    journal.tell(event, on: transport)
                }))
        buses[transport] = running
        add(running, to: &group) { try await running.connection.run() }
    }

    private func startBroker(into group: inout Group) {
        guard !plan.sources.isEmpty, let settings = surroundings.broker else { return }
        let (journal, intake) = (surroundings.journal, surroundings.intake)
        let place = "\(settings.host):\(settings.port)"
        let nowMs = surroundings.nowMs
        let running = Running(
            connection: MQTTConnection(
                settings, devices: plan.sources.map(MQTTDevice.init), zones: zones, nowMs: surroundings.nowMs,
                chance: surroundings.chance, deliver: { intake.offer($0) },
                report: { event in
                    if case .overload(let sum, let isOver) = event {
                        intake.losses.note(.mqttInbox, sum: UInt64(clamping: sum), isOver: isOver, atMs: nowMs())
                    }
                    journal.tell(event, on: place)
                }))
        broker = running
        add(running, to: &group) { try await running.connection.run() }
    }

    /// Devices change on the running connection; it is made and ended only with the first and the last of them.
    private func changeBroker(
        from old: [FieldPlan.Source], into group: inout Group, _ counts: inout ReloadView.Connections
    ) async {
        guard let running = broker else {
            startBroker(into: &group)
            if broker != nil { counts.started += 1 }
            return
        }
        if plan.sources.isEmpty {
            running.stop.open()
            await running.hasEnded.wait()
            broker = nil
            counts.ended += 1
        } else if old == plan.sources {
            counts.kept += 1
        } else {
            running.connection.change(plan.sources.map(MQTTDevice.init), zones: zones)
            counts.changed += 1
        }
    }

    private func add<Connection>(
        _ running: Running<Connection>, to group: inout Group, _ body: @escaping @Sendable () async throws -> Void
    ) {
        let call = call
        group.addTask {
            defer { running.hasEnded.open() }
            do {
                if try await Self.endsByItself(body, unless: running.stop) { call.finish() }
            } catch {
                call.finish()
                throw error
            }
        }
    }

    /// Runs until the latch opens or the body ends; whether the body ended first.
    private static func endsByItself(
        _ body: @escaping @Sendable () async throws -> Void, unless stop: Latch
    ) async throws -> Bool {
        try await withThrowingTaskGroup(of: Bool.self) { group in
            group.addTask {
                try await body()
                return true
            }
            group.addTask {
                await stop.wait()
                return false
            }
            let first = try await group.next() ?? false
            group.cancelAll()
            while let rest = await group.nextResult() {
                // A connection that was told to end says so by this error.
                if case .failure(let error) = rest, !(error is CancellationError) { throw error }
            }
            return first
        }
    }
}

extension MQTTDevice {
    init(_ source: FieldPlan.Source) {
        self.init(device: source.device, root: source.root, profile: source.profile, points: source.points)
    }
}
