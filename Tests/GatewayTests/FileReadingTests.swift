import Foundation
import Gateway
import SourceYAML
import Testing

/// Goal: a small file is read the same from a disk and from a pipe, and nothing named on a command line can hold the program up for ever.
@Suite struct FileReadingTests {
    @Test func `a pipe is read to its end, also while its writer takes its time`() throws {
        var ends: [Int32] = [-1, -1]
        try #require(pipe(&ends) == 0)
        let (out, into) = (ends[0], ends[1])
        defer { close(out) }
        try #require(write(into, "gateway: ", 9) == 9)
        let writer = Thread {
            // The rest comes when the reader has taken the first part and asks for more.
            var left: Int32 = 1
            while ioctl(out, UInt(FIONREAD), &left) == 0, left > 0 { sched_yield() }
            for _ in 0..<1_000 { sched_yield() }
            _ = write(into, "gw1\n", 4)
            close(into)
        }
        writer.start()
        let bytes = try GatewayPlan.read("/proc/self/fd/\(out)")
        #expect(String(decoding: bytes, as: UTF8.self) == "gateway: gw1\n")
    }

    @Test func `a pipe without a writer is empty, and a file that is too large is refused`() throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent(
            "plumbline-read-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let named = folder.path + "/pipe"
        try #require(mkfifo(named, 0o600) == 0)
        #expect(try GatewayPlan.read(named).isEmpty)
        let large = folder.path + "/large"
        try Data(repeating: 0, count: 101).write(to: URL(fileURLWithPath: large))
        #expect(throws: SourceError.self) { try GatewayPlan.read(large, bytesMax: 100) }
        #expect(try GatewayPlan.read(large, bytesMax: 101).count == 101)
    }
}
