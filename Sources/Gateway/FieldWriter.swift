package import BrokerClient
package import Commanding
package import Modbus
import MQTT
package import Profiles
package import Readings
package import TwinModel

/// The way of a command to its device, over whichever connection the device hangs on at that moment.
package struct FieldWriter: FieldWriting {
    /// How long a device on MQTT may take to tell its new state, ms.
    package static let stateMsMax: UInt64 = 5_000
    /// How long the broker may take to accept a message, ms.
    static let brokerMsMax = 3_000

    package enum Link: Sendable {
        case modbus(ModbusConnection)
        case mqtt(root: String, send: @Sendable (MQTTMessage) async throws(MQTTError) -> Void)

        /// `nil` while the broker is away: nothing would be sent.
        init?(over connection: MQTTConnection, root: String) {
            guard connection.statistics.isConnected else { return nil }
            self = .mqtt(
                root: root,
                send: { (message: MQTTMessage) async throws(MQTTError) in
                    try await connection.send(message, withinMs: FieldWriter.brokerMsMax)
                })
        }
    }

    /// The connection of a device by its id; asked anew for each command, so that a reload may swap it. `nil`: there is none.
    let link: @Sendable (String) async -> Link?
    let keeper: TwinKeeper
    let sleepMs: @Sendable (UInt64) async throws -> Void

    package init(
        link: @escaping @Sendable (String) async -> Link?, keeper: TwinKeeper,
        sleepMs: @escaping @Sendable (UInt64) async throws -> Void
    ) {
        self.link = link
        self.keeper = keeper
        self.sleepMs = sleepMs
    }

    package func write(device: String, point: ProfilePoint, value: RawValue) async throws(FieldWriteError) -> RawValue?
    {
        guard let access = point.write, let link = await link(device) else {
            throw .notSent(why: "device \(device) has no connection")
        }
        switch (link, access.way) {
        case (.modbus(let connection), .modbus(let function, let address)):
            guard let registers = point.modbus else { throw .notSent(why: "\(point.id) has no registers") }
            return try await write(registers, function, address, value, device, over: connection)
        case (.mqtt(let root, let send), .mqtt(let topic, let payload)):
            let message = MQTTMessage(
                topic: topic.filter(root: root), payload: Array(Self.filled(payload, value, point).utf8), qos: 1)
            return try await tell(message, by: send, device: device, point: point, value: value)
        default: throw .notSent(why: "device \(device) is on another kind of line than its profile")
        }
    }

    // MARK: - Modbus

    private func write(
        _ registers: ModbusPoint, _ function: ModbusWriteFunction, _ address: UInt16, _ value: RawValue,
        _ device: String, over connection: ModbusConnection
    ) async throws(FieldWriteError) -> RawValue? {
        let words: [UInt16]
        do throws(EncodingProblem) { words = try registers.encode(value) } catch {
            throw .notSent(why: error.description)
        }
        let write = ModbusWrite(function: function, address: address, words: words)
        let found: [UInt16]?
        do { found = try await connection.write(device: device, write, readBack: registers) } catch {
            throw Self.meaning(of: error)
        }
        guard let found else { return nil }
        let (raw, _) = registers.decode(found)
        // What says "no value" was not read back.
        return raw == .none ? nil : raw
    }

    private static func meaning(of error: any Error) -> FieldWriteError {
        switch error {
        case ModbusError.refused(_, let code): .refused(code: code)
        case ModbusError.noAnswer, ModbusError.garbled, ModbusError.lineDown: .noAnswer
        case ModbusError.otherDevice: .notSent(why: "another device answers than the profile describes")
        case ModbusError.notOnThisLine, ModbusError.illegalRequest: .notSent(why: "\(error)")
        case is CancellationError: .interrupted
        default: .noAnswer
        }
    }

    // MARK: - MQTT

    /// What the device wants to hear: the word of a state, `true` or `false`, a number's digits, a text. Inside quotation marks of
    /// a JSON payload a text is escaped.
    package static func filled(_ payload: String, _ value: RawValue, _ point: ProfilePoint) -> String {
        let text: String
        switch value {
        case .integer(let number):
            text = point.label(of: number) ?? (point.kind == .flag ? (number == 0 ? "false" : "true") : String(number))
        case .number(let token), .text(let token): text = token
        case .large(let number): text = String(number)
        case .float32(let bits): text = "\(Float(bitPattern: bits))"
        case .float64(let bits): text = "\(Double(bitPattern: bits))"
        case .none, .event: text = ""
        }
        let isQuoted = payload.contains("\"{value}\"")
        return payload.replacing("{value}", with: isQuoted ? escaped(text) : text)
    }

    private static func escaped(_ text: String) -> String {
        var out = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"", "\\": out += "\\\(scalar)"
            case _ where scalar.value < 0x20:
                let digits = String(scalar.value, radix: 16)
                out += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: out.unicodeScalars.append(scalar)
            }
        }
        return out
    }

    /// Sends, then listens to the twin: the device's next words about the point are the read-back. It may still tell its old state
    /// once, so a value that differs is believed only when the time is over.
    private func tell(
        _ message: MQTTMessage, by send: @Sendable (MQTTMessage) async throws(MQTTError) -> Void, device: String,
        point: ProfilePoint, value: RawValue
    ) async throws(FieldWriteError) -> RawValue? {
        let number = await number(of: device, point.id)
        let batches = await keeper.subscribe()
        do { try await send(message) } catch {
            if Task.isCancelled { throw .interrupted }
            throw .noAnswer
        }
        guard let number else { return nil }
        let told = LastTold()
        let sleepMs = sleepMs
        await withTaskGroup(of: Void.self) { group in
            group.addTask {
                for await batch in batches {
                    for reading in batch where reading.point == number && reading.value != .none {
                        await told.take(reading.value)
                        if CommandDesk.isSame(reading.value, value) { return }
                    }
                }
            }
            // Its only error is that it was cancelled, and then the waiting is over too.
            group.addTask { try? await sleepMs(Self.stateMsMax) }
            await group.next()
            group.cancelAll()
        }
        if Task.isCancelled { throw .interrupted }
        return await told.value
    }

    private actor LastTold {
        private(set) var value: RawValue?
        func take(_ new: RawValue) { value = new }
    }

    private func number(of device: String, _ profilePoint: String) async -> PointNumber? {
        let building = await keeper.building
        let point = building.points.first { $0.binding.device == device && $0.binding.profilePoint == profilePoint }
        guard let point else { return nil }
        return await keeper.number(of: point.id)
    }
}

extension FieldSupervisor {
    /// The connection a device is commanded over now.
    func link(of device: String) -> FieldWriter.Link? {
        if let bus = modbusConnection(of: device) { return .modbus(bus) }
        guard let source = plan.sources.first(where: { $0.device == device }), let broker = mqttConnection(of: device)
        else { return nil }
        return FieldWriter.Link(over: broker, root: source.root)
    }
}
