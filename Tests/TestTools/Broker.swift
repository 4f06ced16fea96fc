import Foundation

/// A mosquitto broker on a free loopback port, started by a test and ended by its pid.
package final class Broker: @unchecked Sendable {
    // Written in `start` and `end` only, which one test calls one after the other.
    private var process: Process?
    private let folder: URL
    package let port: UInt16

    /// - Parameter settings: lines of mosquitto's configuration.
    package init(_ settings: String = "allow_anonymous true") async throws {
        port = try LoopbackPort.free()
        folder = FileManager.default.temporaryDirectory.appending(path: "plumbline-broker-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        try "listener \(port) 127.0.0.1\n\(settings)\npersistence false\n".write(
            to: folder.appending(path: "mosquitto.conf"), atomically: true, encoding: .utf8)
        try await start()
    }

    deinit {
        end()
        try? FileManager.default.removeItem(at: folder)
    }

    /// Returns when the broker has opened its port, which it tells on its standard error.
    package func start() async throws {
        let process = Process()
        let names = ["/usr/sbin/mosquitto", "/usr/local/sbin/mosquitto", "/usr/bin/mosquitto"]
        guard let name = names.first(where: { FileManager.default.isExecutableFile(atPath: $0) }) else {
            throw CocoaError(.fileNoSuchFile)
        }
        process.executableURL = URL(filePath: name)
        process.arguments = ["-c", folder.appending(path: "mosquitto.conf").path, "-v"]
        let pipe = Pipe()
        process.standardError = pipe
        process.standardOutput = FileHandle.nullDevice
        try process.run()
        self.process = process
        // `-v` tells "mosquitto version … running" once the listener is open.
        var said = ""
        while !said.contains("running") {
            let data = pipe.fileHandleForReading.availableData
            if data.isEmpty { throw CocoaError(.executableLoad) }
            said += String(decoding: data, as: UTF8.self)
        }
        // The broker must not block on a pipe that nobody reads.
        pipe.fileHandleForReading.readabilityHandler = { handle in
            if handle.availableData.isEmpty { handle.readabilityHandler = nil }
        }
    }

    /// Kills it and waits for its end.
    package func end() {
        guard let process else { return }
        kill(process.processIdentifier, SIGKILL)
        process.waitUntilExit()
        self.process = nil
    }
}
