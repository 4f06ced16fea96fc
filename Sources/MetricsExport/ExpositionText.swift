/// Prometheus' text format, version 0.0.4: families in order of name, each with its help and type in front.
package enum ExpositionText {
    package static let contentType = "text/plain; version=0.0.4; charset=utf-8"
    /// Lines of one answer; what would be more is left out and counted by `plumbline_metrics_series_dropped`.
    package static let samplesMax = 20_000

    /// A family whose name is illegal or comes twice is left out, and so are series of illegal labels.
    package static func text(_ families: [MetricFamily]) -> String {
        var text = ""
        var written: Set<String> = []
        var samplesLeft = samplesMax
        var dropped = 0
        for family in families.sorted(by: { $0.name < $1.name }) where !family.samples.isEmpty {
            guard MetricName.isLegal(family.name), written.insert(family.name).inserted else {
                dropped += family.samples.count
                continue
            }
            let samples = family.samples.filter { $0.labels.allSatisfy { MetricName.isLegalLabel($0.name) } }
            dropped += family.samples.count - samples.count
            guard samples.count <= samplesLeft else {
                dropped += samples.count
                continue
            }
            samplesLeft -= samples.count
            write(family, samples, to: &text)
        }
        var own = MetricFamily(
            "plumbline_metrics_series_dropped", .gauge, help: "Series left out of this answer: too many, or misnamed.")
        own.add([], Double(dropped))
        write(own, own.samples, to: &text)
        return text
    }

    private static func write(_ family: MetricFamily, _ samples: [MetricFamily.Sample], to text: inout String) {
        text += "# HELP \(family.name) \(escaped(family.help, quotes: false))\n"
        text += "# TYPE \(family.name) \(family.kind.rawValue)\n"
        for sample in samples {
            text += family.name + sample.suffix
            if !sample.labels.isEmpty {
                let labels = sample.labels.map { "\($0.name)=\"\(escaped($0.value, quotes: true))\"" }
                text += "{" + labels.joined(separator: ",") + "}"
            }
            text += " \(number(sample.value))\n"
        }
    }

    /// Backslash and line feed, and in labels the quote.
    private static func escaped(_ text: String, quotes: Bool) -> String {
        var result = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\\": result += "\\\\"
            case "\n": result += "\\n"
            case "\"" where quotes: result += "\\\""
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result
    }

    static func number(_ value: Double) -> String {
        if value.isNaN { return "NaN" }
        if value.isInfinite { return value < 0 ? "-Inf" : "+Inf" }
        if value == value.rounded(), abs(value) < 9_007_199_254_740_992 { return String(Int64(value)) }
        return "\(value)"
    }
}
