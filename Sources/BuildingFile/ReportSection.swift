import Readings
import SourceYAML
import TwinModel

/// `report:` of a point: `{band: 0.5, min: 1s, max: 60s}`.
enum ReportSection {
    static func read(
        _ node: YAMLNode?, of id: String, nature: Nature, kind: ValueKind
    ) throws(SourceError) -> ReportRule? {
        guard let node else { return nil }
        guard nature != .event, nature != .session else {
            throw node.error("point \(id) tells events; each of them is kept", hint: "leave 'report' out")
        }
        try node.allow(["band", "min", "max"], in: "report of point \(id)")
        let band = try node["band"].map { band throws(SourceError) in try read(band: band, of: id, kind: kind) }
        let minMs = try node["min"].map { span throws(SourceError) in try span.duration(ReportRule.minMsRange) } ?? 0
        let max = try node.required("max")
        let maxMs = try max.duration(ReportRule.maxMsRange)
        guard maxMs % 1_000 == 0 else { throw max.error("whole seconds only") }
        guard minMs <= maxMs else {
            throw max.error("max of point \(id) is below its min", hint: "a value is kept at least every max")
        }
        return ReportRule(band: band, minMs: minMs, maxMs: maxMs)
    }

    /// A number in the point's unit, or a share such as `2%`.
    private static func read(band node: YAMLNode, of id: String, kind: ValueKind) throws(SourceError) -> ReportRule.Band
    {
        guard kind != .text, kind != .flag, kind != .event else {
            throw node.error(
                "point \(id) has no numbers, so it has no band", hint: "leave 'band' out: every change counts")
        }
        guard let band = ReportRule.Band(text: try node.string(sizeBytesMax: 64)) else {
            throw node.expected("a number of at least 0 in the point's unit, or a share such as 2%")
        }
        return band
    }
}
