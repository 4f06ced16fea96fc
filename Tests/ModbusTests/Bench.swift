import Foundation
import Modbus
import Profiles
import Readings
import SourceYAML
import TestTools

typealias Collector = TestTools.Collector<ModbusEvent>

/// A profile written in a test, and its points bound to numbers 1, 2, 3 … in alphabetical order.
func device(
    _ id: UInt8, _ points: String, head: String = "", everyMs: Int64 = 20, firstNumber: UInt32 = 1,
    learned: LearnedLayout? = nil
) throws -> ModbusUnit {
    let text = """
        profile: bench
        vendor: Bench
        models: [one]
        transport: modbus
        confidence: A
        provenance: [this test]
        \(head)
        points:
        \(points.split(separator: "\n").map { "  " + $0 }.joined(separator: "\n"))
        """
    let profile = try DeviceProfile.load(text.utf8, file: "bench.yaml")
    let bound = profile.points.enumerated().map {
        BoundPoint(point: PointNumber(firstNumber + UInt32($0.offset)), source: $0.element, everyMs: everyMs)
    }
    return ModbusUnit(id: id, device: "mb\(id)", profile: profile, points: bound, learned: learned)
}

func settings(_ port: UInt16) -> ModbusSettings {
    var settings = ModbusSettings(.tcp(host: "127.0.0.1", port: port))
    settings.responseMsMax = 200
    settings.backOffMsMin = 20
    settings.backOffMsMax = 100
    return settings
}

func wallMs() -> Int64 { Int64(Date().timeIntervalSince1970 * 1000) }

/// Runs a connection and a server while `body` runs, then ends both and waits for their end.
func withLine(
    _ server: ModbusServer?, _ connection: ModbusConnection, _ body: @escaping @Sendable () async throws -> Void
) async throws {
    try await withThrowingTaskGroup(of: Void.self) { group in
        if let server { group.addTask { try? await server.run() } }
        group.addTask { try? await connection.run() }
        defer { group.cancelAll() }
        try await body()
    }
}

func connection(_ port: UInt16, _ units: [ModbusUnit], _ collector: Collector) -> ModbusConnection {
    ModbusConnection(
        settings(port), units: units, nowMs: wallMs, chance: { 0 }, deliver: { collector.add($0) },
        report: { collector.add($0) })
}

/// Runs what blocks on a thread of its own, so that the server it waits for finds one.
func blocking(_ body: @escaping @Sendable () throws -> Void) async throws {
    try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
        Thread.detachNewThread { continuation.resume(with: Result { try body() }) }
    }
}
