/// One metric with all its series, as it is written out.
package struct MetricFamily: Hashable, Sendable {
    package enum Kind: String, Hashable, Sendable {
        /// Only rises; its name ends in `_total`.
        case counter
        case gauge
        /// Samples with the suffixes `_bucket`, `_sum` and `_count`.
        case histogram
        /// Samples with the suffixes `_sum` and `_count`.
        case summary
    }

    package struct Sample: Hashable, Sendable {
        /// Behind the family's name, such as `_sum`; mostly empty.
        package let suffix: String
        package let labels: [MetricLabel]
        package let value: Double

        package init(suffix: String = "", labels: [MetricLabel] = [], value: Double) {
            self.suffix = suffix
            self.labels = labels
            self.value = value
        }
    }

    package let name: String
    package let help: String
    package let kind: Kind
    package var samples: [Sample]

    package init(_ name: String, _ kind: Kind, help: String, samples: [Sample] = []) {
        self.name = name
        self.help = help
        self.kind = kind
        self.samples = samples
    }

    /// One series more.
    package mutating func add(_ labels: [MetricLabel] = [], _ value: Double) {
        samples.append(Sample(labels: labels, value: value))
    }
}

package struct MetricLabel: Hashable, Sendable {
    package let name: String
    package let value: String

    package init(_ name: String, _ value: String) {
        self.name = name
        self.value = value
    }
}
