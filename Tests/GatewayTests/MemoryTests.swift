import CMemory
import Foundation
import Testing

/// Goal: what only the start needed leaves memory, and the program goes on. Method: this process, as the kernel sees it.
@Suite(.serialized) struct MemoryTests {
    /// Pages of files that this process holds in memory, kB.
    private func residentFileKB() throws -> Int {
        let status = try String(contentsOfFile: "/proc/self/status", encoding: .utf8)
        let line = try #require(status.split(separator: "\n").first { $0.hasPrefix("RssFile:") })
        return try #require(Int(line.split(whereSeparator: { !$0.isNumber }).joined()))
    }

    @Test func `pages of the program are let go, and come back when they are needed`() throws {
        let before = try residentFileKB()
        plumbline_give_back_memory()
        let after = try residentFileKB()
        #expect(after < before / 2, "\(before) kB, then \(after) kB")
        for _ in 0..<100 { plumbline_give_back_memory() }
        #expect(try residentFileKB() < before)
    }
}
