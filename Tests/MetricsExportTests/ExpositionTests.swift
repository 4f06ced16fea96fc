import CoreMetrics
import MetricsExport
import Testing

/// Goal: what is given out is read by a strict reader of the text format, and no caller makes it grow without end.
/// Method: a small reader written from the format's description, version 0.0.4.
struct ExpositionTests {
    /// One line of the answer as a strict reader takes it.
    struct Line: Equatable {
        var name: String
        var labels: [String: String]
        var value: Double
    }

    struct Broken: Error, CustomStringConvertible {
        let description: String
    }

    /// Families by name, with kind and lines; throws at the first thing that the format does not allow.
    static func parse(_ text: String) throws -> [(name: String, kind: String, lines: [Line])] {
        guard text.hasSuffix("\n") else { throw Broken(description: "the last line has no line feed") }
        var families: [(name: String, kind: String, lines: [Line])] = []
        var helped: String?
        for line in text.dropLast().split(separator: "\n", omittingEmptySubsequences: false).map(String.init) {
            if line.hasPrefix("# HELP ") {
                helped = line.dropFirst(7).split(separator: " ").first.map(String.init)
            } else if line.hasPrefix("# TYPE ") {
                let words = line.dropFirst(7).split(separator: " ").map(String.init)
                guard words.count == 2, words[0] == helped, !families.contains(where: { $0.name == words[0] }),
                    ["counter", "gauge", "histogram", "summary"].contains(words[1])
                else { throw Broken(description: line) }
                families.append((words[0], words[1], []))
            } else {
                let sample = try sample(line)
                guard let family = families.indices.last else { throw Broken(description: line) }
                let suffixes = ["histogram": ["_bucket", "_sum", "_count"], "summary": ["_sum", "_count"]]
                let allowed = (suffixes[families[family].kind] ?? [""]).map { families[family].name + $0 }
                guard allowed.contains(sample.name) else { throw Broken(description: line) }
                families[family].lines.append(sample)
            }
        }
        return families
    }

    private static func sample(_ line: String) throws -> Line {
        var rest = line[...]
        let name = rest.prefix { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "_" || $0 == ":") }
        guard MetricName.isLegal(String(name)) else { throw Broken(description: line) }
        rest = rest.dropFirst(name.count)
        var labels: [String: String] = [:]
        if rest.first == "{" {
            rest = rest.dropFirst()
            while rest.first != "}" {
                let label = String(rest.prefix { $0 != "=" })
                rest = rest.dropFirst(label.count)
                guard MetricName.isLegalLabel(label), rest.hasPrefix("=\""), labels[label] == nil else {
                    throw Broken(description: line)
                }
                rest = rest.dropFirst(2)
                var value = ""
                while let next = rest.first, next != "\"" {
                    rest = rest.dropFirst()
                    guard next == "\\" else {
                        value.append(next)
                        continue
                    }
                    guard let escaped = rest.first, let meant = ["\\": "\\", "n": "\n", "\"": "\""][escaped] else {
                        throw Broken(description: line)
                    }
                    value += meant
                    rest = rest.dropFirst()
                }
                guard rest.first == "\"" else { throw Broken(description: line) }
                rest = rest.dropFirst()
                labels[label] = value
                if rest.first == "," { rest = rest.dropFirst() } else { break }
            }
            guard rest.first == "}" else { throw Broken(description: line) }
            rest = rest.dropFirst()
        }
        guard rest.first == " " else { throw Broken(description: line) }
        let words = ["+Inf": Double.infinity, "-Inf": -Double.infinity, "NaN": Double.nan]
        guard let value = words[String(rest.dropFirst())] ?? Double(rest.dropFirst()) else {
            throw Broken(description: line)
        }
        return Line(name: String(name), labels: labels, value: value)
    }

    @Test func `counters, gauges, timers and recorders come out under Prometheus' names`() throws {
        let registry = MetricsRegistry(help: ["plumbline_api_requests_total": "Answers given."])
        registry.makeCounter(label: "plumbline_api_requests", dimensions: [("status", "200")]).increment(by: 2)
        registry.makeCounter(label: "plumbline_api_requests", dimensions: [("status", "200")]).increment(by: 1)
        registry.makeMeter(label: "queue.length", dimensions: []).set(Int64(7))
        registry.makeRecorder(label: "batch", dimensions: [], aggregate: true).record(Int64(3))
        registry.makeRecorder(label: "last", dimensions: [], aggregate: false).record(2.5)
        let timer = registry.makeTimer(label: "commit", dimensions: [])
        for ms in [2, 30, 20_000] as [Int64] { timer.recordNanoseconds(ms * 1_000_000) }
        let families = try Self.parse(ExpositionText.text(registry.families))
        #expect(
            families.map(\.name) == [
                "plumbline_api_requests_total", "plumbline_batch", "plumbline_commit_seconds", "plumbline_last",
                "plumbline_queue_length", "plumbline_metrics_series_dropped",
            ])
        #expect(families.map(\.kind) == ["counter", "summary", "histogram", "gauge", "gauge", "gauge"])
        #expect(families[0].lines == [Line(name: "plumbline_api_requests_total", labels: ["status": "200"], value: 3)])
        let buckets = families[2].lines.filter { $0.name.hasSuffix("_bucket") }
        #expect(buckets.map(\.value) == [0, 1, 1, 1, 1, 2, 2, 2, 2, 2, 2, 2, 2, 3])
        #expect(buckets.last?.labels["le"] == "+Inf")
        #expect(families[2].lines.suffix(2).map(\.value) == [20.032, 3])
        #expect(ExpositionText.text(registry.families).contains("# HELP plumbline_api_requests_total Answers given.\n"))
    }

    @Test func `whatever stands in a label is read back as it was`() throws {
        let values = ["", "a\"b", "a\\b", "a\nb", "\\n", "{}=,", "ÅÆ 🏠", "\"", "\\\""]
        var family = MetricFamily("plumbline_x", .gauge, help: "a \\ and a\nline feed")
        for value in values { family.add([MetricLabel("v", value)], 1) }
        let read = try Self.parse(ExpositionText.text([family]))
        #expect(read[0].lines.compactMap { $0.labels["v"] } == values)
    }

    @Test func `numbers that are none have their words`() throws {
        var family = MetricFamily("plumbline_x", .gauge, help: "")
        let values = [Double.infinity, -Double.infinity, 0.1, 1e-9, 1e20, -3, 9_007_199_254_740_991]
        for value in values { family.add([], value) }
        family.add([], .nan)
        let read = try Self.parse(ExpositionText.text([family]))[0].lines.map(\.value)
        #expect(Array(read.dropLast()) == values)
        #expect(read.last?.isNaN == true)
    }

    @Test func `a counter never falls, and what is no number is not counted`() {
        let registry = MetricsRegistry()
        let counter = registry.makeFloatingPointCounter(label: "c", dimensions: [])
        counter.increment(by: 2)
        counter.increment(by: -1)
        counter.increment(by: .nan)
        #expect(registry.families.first?.samples.first?.value == 2)
    }

    @Test func `series beyond the limit are dropped and told, and those that were there go on`() {
        let registry = MetricsRegistry()
        for number in 0..<MetricsRegistry.seriesCountMax + 5 {
            registry.makeCounter(label: "c", dimensions: [("n", "\(number)")]).increment(by: 1)
        }
        #expect(registry.droppedSeries == 5)
        registry.makeCounter(label: "c", dimensions: [("n", "7")]).increment(by: 1)
        #expect(registry.families.first?.samples.count == MetricsRegistry.seriesCountMax)
        #expect(registry.families.first?.samples.first { $0.labels.first?.value == "7" }?.value == 2)
    }

    @Test func `one name is of one kind, and a label must be legal`() {
        let registry = MetricsRegistry()
        registry.makeMeter(label: "x_total", dimensions: []).set(1.0)
        registry.makeCounter(label: "x", dimensions: []).increment(by: 1)
        registry.makeMeter(label: "y", dimensions: [("a-b", "1")]).set(1.0)
        registry.makeMeter(label: "y", dimensions: [("__name__", "1")]).set(1.0)
        #expect(registry.families.map(\.name) == ["plumbline_x_total"])
        #expect(registry.droppedSeries == 3)
    }

    @Test func `a series that is destroyed leaves nothing behind`() {
        let registry = MetricsRegistry()
        let meter = registry.makeMeter(label: "x", dimensions: [])
        registry.destroyMeter(meter)
        #expect(registry.families.isEmpty)
        registry.makeTimer(label: "x", dimensions: []).recordNanoseconds(1)
        #expect(registry.families.map(\.name) == ["plumbline_x_seconds"])
    }

    @Test func `families come in order of name, each once, and an answer has an end`() throws {
        var big = MetricFamily("plumbline_b", .gauge, help: "")
        for number in 0..<ExpositionText.samplesMax { big.add([MetricLabel("n", "\(number)")], 1) }
        var a = MetricFamily("plumbline_a", .gauge, help: "")
        a.add([], 1)
        let read = try Self.parse(ExpositionText.text([big, a, a]))
        #expect(read.map(\.name) == ["plumbline_a", "plumbline_metrics_series_dropped"])
        #expect(read.last?.lines.first?.value == Double(ExpositionText.samplesMax + 1))
    }
}
