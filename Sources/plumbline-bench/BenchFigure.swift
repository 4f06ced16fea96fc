/// One measured figure, printed as a line: JSON for machines, columns for people.
struct BenchFigure {
    let suite: String
    /// `suite.what`, with the unit as its last word where that is not plain: a name that never changes.
    let figure: String
    let value: Double
    let unit: String
    /// What the ratio is to, measured in the same run; `nil` when there is none.
    var reference: String?
    var ratio: Double?
    /// Runs of which the value is the median.
    let runs: Int

    var json: String {
        let reference = reference.map { "\"\($0)\"" } ?? "null"
        let ratio = ratio.map { Self.digits($0) } ?? "null"
        return "{\"suite\":\"\(suite)\",\"figure\":\"\(figure)\",\"value\":\(Self.digits(value)),\"unit\":\"\(unit)\","
            + "\"reference\":\(reference),\"ratio\":\(ratio),\"runs\":\(runs)}"
    }

    var columns: String {
        let name = figure.padded(to: 32)
        let amount = (Self.digits(value) + " " + unit).padded(to: 22)
        let compared = ratio.map { "\(Self.digits($0)) × \(reference ?? "")" } ?? ""
        return "\(name) \(amount) \(compared)"
    }

    func show(asJSON: Bool) { print(asJSON ? json : columns) }

    static func median(_ values: [Double]) -> Double {
        let sorted = values.sorted()
        guard !sorted.isEmpty else { return 0 }
        let middle = sorted.count / 2
        return sorted.count % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
    }

    /// Four significant digits, never an exponent, `0` for what is no number.
    static func digits(_ value: Double) -> String {
        guard value.isFinite, abs(value) < 1e15 else { return "0" }
        var places = 0
        var scaled = abs(value)
        while scaled < 1_000, places < 6 {
            scaled *= 10
            places += 1
        }
        let factor = (0..<places).reduce(1.0) { power, _ in power * 10 }
        let whole = Int64((value * factor).rounded())
        guard places > 0 else { return "\(whole)" }
        let sign = whole < 0 ? "-" : ""
        let text = String(whole.magnitude)
        let padded = String(repeating: "0", count: max(0, places + 1 - text.count)) + text
        let fraction = padded.suffix(places)
        let trimmed = fraction.reversed().drop { $0 == "0" }.reversed()
        return sign + padded.dropLast(places) + (trimmed.isEmpty ? "" : "." + String(trimmed))
    }
}

extension String {
    fileprivate func padded(to width: Int) -> String { self + String(repeating: " ", count: max(0, width - count)) }
}
