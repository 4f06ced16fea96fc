import BuildingFile
import CanonicalCBOR
import Readings
import SourceYAML
import Testing
import TwinModel

/// Goal: `report:` of a point says what it does, and every mistake in it is told where it stands.
struct ReportTests {
    private func load(_ point: String) throws -> Building { try Sample.load(Sample.house + "\n" + point) }

    @Test func `a point is read every 'every' and expected every 'max'`() throws {
        let building = try load(
            "  m2.power: {from: mb2#power.active, every: 5s, report: {band: 0.5, min: 1s, max: 60s}}")
        let point = try #require(building.point("m2.power"))
        #expect(point.report == ReportRule(band: ReportRule.Band(text: "0.5"), minMs: 1_000, maxMs: 60_000))
        #expect(point.pollSeconds == 5)
        #expect(point.expectedSeconds == 60)
        let slow = try load("  m2.power: {from: mb2#power.active, every: 5m, report: {band: 2%, max: 60s}}")
        #expect(slow.point("m2.power")?.expectedSeconds == 300)
        #expect(slow.point("m2.power")?.report?.band?.text == "2%")
        #expect(try Building(canonicalBytes: slow.canonical().encoded()) == slow)
    }

    @Test func `a state has no band and needs none`() throws {
        let building = try load("  m1.state2: {from: mb2#state, report: {max: 1h}}")
        #expect(building.point("m1.state2")?.report == ReportRule(band: nil, minMs: 0, maxMs: 3_600_000))
    }

    @Test(arguments: [
        ("from: mb2#power.active, report: {band: 1}", "key 'max' is missing"),
        ("from: mb2#power.active, report: {band: -1, max: 60s}", "a number of at least 0"),
        ("from: mb2#power.active, report: {band: 0%, max: 60s}", "a number of at least 0"),
        ("from: mb2#power.active, report: {band: 1, min: 2m, max: 60s}", "max of point m2.power is below its min"),
        ("from: mb2#power.active, report: {band: 1, max: 1500ms}", "whole seconds only"),
        ("from: mb2#power.active, report: {band: 1, max: 2d}", "outside 1s to 1d"),
        ("from: mb2#power.active, report: {bant: 1, max: 60s}", "did you mean 'band'?"),
        ("from: lora1#badge, privacy: direct, tenant: t3, report: {max: 60s}", "tells events"),
    ])
    func `a mistake is told`(text: String, words: String) throws {
        do {
            _ = try load("  m2.power: {\(text)}")
            Issue.record("'\(text)' was taken")
        } catch let error as SourceError {
            #expect("\(error)".contains(words), "\(error)")
        }
    }
}
