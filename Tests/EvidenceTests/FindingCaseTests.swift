import Evidence
import Foundation
import Testing

/// Goal: every finding can happen, and for each there is a golden file that gives exactly it; a new finding without one fails here.
/// Method: of all case lists, for each code the case with the fewest findings; beside it may stand only what cannot be absent.
/// `PLUMBLINE_WRITE_VECTORS` set to a folder writes our own golden files there.
@Suite struct `A case for every finding Vector` {
    /// Beside every file whose card names no witness, and every file without a watcher's list.
    static let standing: Set<FindingCode> = [.anchorsUnwatched, .noOutsideMemory]

    /// What cannot be absent beside a finding, and why.
    static let companions: [FindingCode: Set<FindingCode>] = [
        // A size that goes back and lies on the path is a replay, so one off the path is a fork too.
        .rollback: [.fork],
        // The operator is one holder, so no card of his asks for two.
        .selfNetwork: [.singleSigner],
    ]

    /// Findings that no file of version 1 can give; formats.md section 7 says so too.
    static let reserved: [FindingCode: String] = [
        .derivedUnchecked: "every value of version 1 stands as it was captured; none is derived from others"
    ]

    @Test(arguments: FindingCode.allCases)
    func `a file gives this finding and nothing beside it that could be absent`(_ code: FindingCode) throws {
        let cases = EvidenceVectors.allCases().filter { $0.findings.contains(code.rawValue) }
        if let why = Self.reserved[code] {
            #expect(cases.isEmpty, "reserved, because \(why)")
            return
        }
        let fewest = cases.map { entry in
            Set(entry.findings.compactMap(FindingCode.init(rawValue:))).subtracting([code])
        }.min { $0.count < $1.count }
        let beside = try #require(fewest, "no golden file gives \(code.rawValue)")
        let allowed = Self.standing.union(Self.companions[code] ?? [])
        #expect(beside.isSubset(of: allowed), "beside \(code.rawValue): \(beside.subtracting(allowed))")
    }

    @Test func `what is called unavoidable is beside every case of its finding`() {
        for (code, companions) in Self.companions {
            for entry in EvidenceVectors.allCases() where entry.findings.contains(code.rawValue) {
                #expect(companions.allSatisfy { entry.findings.contains($0.rawValue) }, "\(entry)")
            }
        }
    }

    @Test(arguments: OwnCase.all)
    func `a file of our own gets its findings, and the golden file is this one`(_ own: OwnCase) throws {
        let made = try own.make()
        let verdict = verify(file: made.file, card: made.card)
        #expect(verdict.codes == own.sortedFindings, "\(verdict.findings)")
        #expect(verdict.exitCode == own.exit)
        if ProcessInfo.processInfo.environment["PLUMBLINE_WRITE_VECTORS"] != nil { return }
        #expect(try EvidenceVectors.bytes("evidence-own/\(own.name).period") == made.file)
        #expect(try EvidenceVectors.bytes("evidence-own/\(own.name).card") == Array(made.card.encoded().utf8))
    }

    @Test func `the list of our own files is complete`() throws {
        let list = EvidenceVectors.CaseList(
            cases: OwnCase.all.map {
                EvidenceVectors.Case(
                    file: "\($0.name).period", card: "\($0.name).card", exit: $0.exit, findings: $0.sortedFindings,
                    what: $0.what)
            })
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        let text = [UInt8](try encoder.encode(list)) + [0x0a]
        if let folder = ProcessInfo.processInfo.environment["PLUMBLINE_WRITE_VECTORS"] {
            try write(text, folder)
        } else {
            #expect(try EvidenceVectors.bytes("evidence-own/cases.json") == text)
        }
    }

    private func write(_ list: [UInt8], _ folder: String) throws {
        let folder = URL(fileURLWithPath: folder)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        try Data(list).write(to: folder.appendingPathComponent("cases.json"))
        for own in OwnCase.all {
            let made = try own.make()
            try Data(made.file).write(to: folder.appendingPathComponent("\(own.name).period"))
            try Data(made.card.encoded().utf8).write(to: folder.appendingPathComponent("\(own.name).card"))
        }
    }
}
