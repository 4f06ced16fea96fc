import BrokerClient
import Commanding
import Gateway
import Hashing
import MQTT
import Profiles
import Readings
import Synchronization
import Testing
import TwinModel

/// Goal: a command over MQTT says the device's own words, and what the device tells next is the read-back.
/// Method: the broker is a closure that keeps the message; the device's state goes into the twin as capture puts it there.
final class FieldWriterTests {
    private static let profile = """
        profile: test-valve
        vendor: Test
        models: [Valve]
        transport: mqtt
        confidence: C
        provenance: [made up for tests]
        defaults: {topic: "{root}/state"}
        points:
          mode:  {path: $.mode, type: enum, values: {0: off, 1: auto}, nature: state, brick: Operating_Mode_Status, write: {topic: "{root}/set", payload: '{"mode":"{value}"}'}}
          level: {path: $.level, nature: setpoint, unit: "%", brick: Position_Setpoint, write: {topic: "{root}/level/set", payload: "{value}", min: 0, max: 100}}
          open:  {path: $.open, type: bool, nature: state, brick: On_Off_Status, write: {topic: "{root}/set", payload: '{"open":{value}}'}}
          name:  {path: $.name, type: text, nature: state, brick: Status, write: {topic: "{root}/set", payload: '{"name":"{value}"}'}}
        """

    private let profile: DeviceProfile
    private let keeper: TwinKeeper
    private let sent = Mutex<[MQTTMessage]>([])

    init() throws {
        let files = [("test-valve.yaml", Array(Self.profile.utf8))]
        let loaded = try #require(try ProfileLibrary(files: files).profile("test-valve"))
        profile = loaded
        let points = loaded.points.map { source in
            Point(
                id: "v1.\(source.id)", entity: "v1", type: source.brick, unit: source.unit, nature: source.nature,
                binding: Binding(
                    device: "valve", profilePoint: source.id, profile: loaded.id, profileHash: loaded.hash.bytes),
                expectedSeconds: 60, kind: source.kind)
        }
        let building = Building(
            id: "house", label: "House", timeZone: "UTC", entities: [], devices: [], points: points)
        let numbers = points.enumerated().map { ($1.id, PointNumber(UInt32($0 + 1))) }
        keeper = TwinKeeper(
            building: building, numbering: Numbering(points: Dictionary(uniqueKeysWithValues: numbers), streams: [:]),
            listeningSinceMs: 0)
    }

    private func point(_ id: String) throws -> ProfilePoint { try #require(profile.point(id)) }

    /// Takes a message and lets the device tell these states afterwards, in order.
    private func write(
        _ id: String, _ value: RawValue, states: [RawValue], isTimeOver: Bool = false, error: MQTTError? = nil
    ) async throws(FieldWriteError) -> RawValue? {
        let number = await keeper.number(of: "v1." + id)
        let (keeper, messages) = (keeper, Messages())
        let writer = FieldWriter(
            link: { device in
                guard device == "valve" else { return nil }
                return .mqtt(
                    root: "home/valve",
                    send: { (message: MQTTMessage) async throws(MQTTError) in
                        if let error { throw error }
                        await messages.take(message)
                        for (offset, state) in states.enumerated() {
                            guard let number else { continue }
                            await keeper.apply([
                                Reading(point: number, capturedAtMs: Int64(offset + 1), quality: .good, value: state)
                            ])
                        }
                    })
            }, keeper: keeper,
            sleepMs: { _ in
                if isTimeOver { return }
                let (never, kept) = AsyncStream.makeStream(of: Void.self)
                for await _ in never {}
                kept.finish()
            })
        guard let source = profile.point(id) else { return nil }
        let found = try await writer.write(device: "valve", point: source, value: value)
        let all = await messages.all
        sent.withLock { $0 = all }
        return found
    }

    private actor Messages {
        private(set) var all: [MQTTMessage] = []
        func take(_ message: MQTTMessage) { all.append(message) }
    }

    @Test func `a state's name goes out, and the device's next state is the read-back`() async throws {
        #expect(try await write("mode", .integer(1), states: [.integer(1)]) == .integer(1))
        let message = try #require(sent.withLock { $0.first })
        #expect(message.topic == "home/valve/set")
        #expect(String(decoding: message.payload, as: UTF8.self) == #"{"mode":"auto"}"#)
        #expect(message.qos == 1)
        #expect(!message.isRetained)
    }

    @Test func `an old state that comes late is not taken for the answer`() async throws {
        #expect(try await write("level", .number("40"), states: [.number("10"), .number("40.0")]) == .number("40.0"))
    }

    @Test func `a device that says nothing cannot be read back`() async throws {
        #expect(try await write("level", .number("40"), states: [], isTimeOver: true) == nil)
    }

    @Test func `a broker that is gone is no answer, another device has no connection`() async throws {
        await #expect(throws: FieldWriteError.noAnswer) {
            try await write("level", .number("40"), states: [], error: .lost(code: 4))
        }
        let writer = FieldWriter(link: { _ in nil }, keeper: keeper, sleepMs: { _ in })
        await #expect(throws: FieldWriteError.notSent(why: "device other has no connection")) {
            try await writer.write(device: "other", point: try point("level"), value: .number("1"))
        }
    }

    @Test(arguments: [
        ("mode", RawValue.integer(0), #"{"mode":"off"}"#), ("level", .number("12.5"), "12.5"),
        ("open", .integer(1), #"{"open":true}"#), ("open", .integer(0), #"{"open":false}"#),
        ("name", .text("a\"b\\\n"), #"{"name":"a\"b\\\u000a"}"#),
    ])
    func `values are said in the words of the device`(id: String, value: RawValue, payload: String) throws {
        let source = try point(id)
        guard case .mqtt(_, let template) = source.write?.way else {
            Issue.record("\(id) is not written over MQTT")
            return
        }
        #expect(FieldWriter.filled(template, value, source) == payload)
    }
}
