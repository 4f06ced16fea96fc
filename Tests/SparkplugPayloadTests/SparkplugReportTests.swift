import SparkplugPayload
import Testing

/// Goal: Sparkplug's bytes are read exactly or refused. Method: bytes written by hand from the wire format, and every cut of them.
struct SparkplugReportTests {
    /// timestamp 1, one metric {name "a", alias 5, timestamp 2, datatype 9, float 12.5}, seq 3; an unknown field 9 in between.
    static let bytes: [UInt8] =
        [0x08, 0x01] + [0x12, 0x0E, 0x0A, 0x01, 0x61, 0x10, 0x05, 0x18, 0x02, 0x20, 0x09, 0x65, 0x00, 0x00, 0x48, 0x41]
        + [0x4A, 0x02, 0xFF, 0xFF] + [0x18, 0x03]

    @Test func `a payload is read field by field`() throws {
        let report = try SparkplugReport(Self.bytes)
        #expect(report.timestampMs == 1 && report.seq == 3)
        #expect(
            report.metrics == [
                SparkplugMetric(name: "a", alias: 5, timestampMs: 2, datatype: 9, value: .float(12.5))
            ])
        #expect(report.metrics[0].word(datatype: nil) == "12.5")
    }

    @Test func `what is written is read back`() throws {
        let report = SparkplugReport(
            timestampMs: 1_772_359_200_120, seq: 255,
            metrics: [
                SparkplugMetric(name: "x", datatype: 12, value: .text("å")),
                SparkplugMetric(alias: UInt64.max, isHistorical: true, isNull: true, quality: 500),
                SparkplugMetric(name: "y", datatype: 8, value: .long(UInt64.max)),
            ])
        #expect(try SparkplugReport(report.encoded()) == report)
        #expect(SparkplugReport.rebirthRequest(timestampMs: 5).metrics.first?.name == "Node Control/Rebirth")
    }

    @Test func `every cut and every changed byte is read or refused, never trapped on`() throws {
        let bytes = Self.bytes
        for end in 0...bytes.count { _ = try? SparkplugReport(Array(bytes[..<end])) }
        for place in bytes.indices {
            for value in 0...255 {
                var changed = bytes
                changed[place] = UInt8(value)
                _ = try? SparkplugReport(changed)
            }
        }
        #expect(throws: SparkplugProblem.malformed) { try SparkplugReport(Array(bytes[..<5])) }
        #expect(throws: SparkplugProblem.malformed) { try SparkplugReport([0x12, 0xFF, 0xFF, 0xFF, 0xFF, 0x0F]) }
        #expect(throws: SparkplugProblem.malformed) { try SparkplugReport([0x12, 0x03, 0x0A, 0x01, 0xFF]) }
    }

    @Test func `a flood of metrics is refused`() {
        let flood = [UInt8](repeating: 0, count: 0) + (0..<30_000).flatMap { _ in [0x12, 0x00] as [UInt8] }
        #expect(throws: SparkplugProblem.tooLarge) { try SparkplugReport(flood) }
    }

    @Test(arguments: [
        (1 as UInt32, SparkplugMetric.Value.int(0xFFFF_FFFF), "-1" as String?),
        (1, .int(0xFF), "-1"),
        (1, .int(127), "127"),
        (2, .int(0xFFFF_FFF1), "-15"), (2, .int(0xFFF1), "-15"), (3, .int(0x8000_0000), "-2147483648"),
        (4, .long(UInt64.max), "-1"), (4, .long(1 << 63), "-9223372036854775808"), (5, .int(255), "255"),
        (5, .int(256), nil), (6, .int(65_535), "65535"), (6, .int(65_536), nil), (7, .int(UInt32.max), "4294967295"),
        (7, .long(UInt64(UInt32.max)), "4294967295"), (8, .long(UInt64.max), "18446744073709551615"),
        (9, .float(0.1), "0.1"), (10, .double(1e-7), "1e-07"), (11, .bool(true), "true"), (12, .text("x"), "x"),
        (13, .long(5), "5"), (16, .int(1), nil), (9, .double(1), nil), (11, .int(1), nil), (0, .int(1), nil),
    ]) func `types keep their sign and their range`(type: UInt32, value: SparkplugMetric.Value, word: String?) {
        #expect(SparkplugMetric(value: value).word(datatype: type) == word)
        #expect(SparkplugMetric(datatype: type, value: value).word(datatype: 99) == word)
        #expect(SparkplugMetric(value: value).word(datatype: nil) == nil)
    }
}
