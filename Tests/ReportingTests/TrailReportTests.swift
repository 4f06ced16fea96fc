import Evidence
import Reporting
import TestTools
import Testing

/// Goal: a trail lists what a file that holds opens, by its own words, and nothing of a file that does not hold.
/// Method: golden files of another implementation, whole and damaged.
struct TrailReportTests {
    private func report(_ name: String, _ edit: (inout PeriodSurvey.Scope) -> Void = { _ in }) throws -> TrailReport {
        let card = try PolicyCard.parse(try vectorBytes("evidence/gateway.card"))
        let file = try vectorBytes("evidence/\(name)")
        var leaves: [TrailLeaf] = []
        let verdict = try trail(source: MemorySource(file), card: card, by: VerificationOptions()) { leaves.append($0) }
        var scope = PeriodSurvey.Scope()
        edit(&scope)
        return TrailReport(verdict: verdict, leaves: leaves, scope: scope)
    }

    @Test func `a trail has what the file opens, in order, with its bounds`() throws {
        let report = try report("honest-openings.period")
        #expect(report.exitCode == 0)
        #expect(report.entries.map(\.type) == ["event", "command", "outcome", "access"])
        #expect(report.entries.map(\.index) == [19, 29, 30, 35])
        #expect(report.entries.allSatisfy { $0.isOpened && $0.notBeforeMs != nil && $0.notAfterMs != nil })
        #expect(report.entries.allSatisfy { ($0.notBeforeMs ?? 0) - 1_000 <= $0.atMs && $0.atMs <= $0.notAfterMs ?? 0 })
        let text = report.lines.joined(separator: "\n")
        #expect(text.contains("ahu1.fan to 1, asked by actor 8bad29ca…") && text.contains("manual start"))
        #expect(text.contains("ahu1.fan (leaf 29) done, read back 1"))
    }

    @Test func `one point leaves what concerns it`() throws {
        let report = try report("honest-openings.period") { $0.points = ["ahu1.fan"] }
        #expect(report.entries.map(\.type) == ["command", "outcome"])
        let unknown = try self.report("honest-openings.period") { $0.points = ["no.such"] }
        #expect(unknown.unknown == ["point no.such"] && unknown.exitCode == 2 && unknown.entries.isEmpty)
    }

    @Test func `what is not opened is said, not guessed`() throws {
        let report = try report("honest-full.period")
        #expect(report.closedLeaves > 0)
        #expect(report.entries.contains { $0.type == "command" && !$0.isOpened })
    }

    @Test(arguments: ["opening-altered.period", "item-altered.period", "tar-truncated.period", "fork.period"])
    func `of a file that does not hold nothing is listed`(name: String) throws {
        let report = try report(name)
        #expect(report.exitCode == 1 && report.entries.isEmpty && report.lines.isEmpty)
    }
}
