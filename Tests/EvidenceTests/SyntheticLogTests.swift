import Evidence
import Hashing
import LogEntries
import LogTesting
import MerkleLog
import Testing

/// Goal: findings that no golden file holds yet: key changes, lost epochs, wide brackets.
/// Method: a small log with keys of its own, written by the gateway's writer and judged by the verifier.
@Suite struct `Synthetic log verdicts` {
    static let standing = ["W_ANCHORS_UNWATCHED", "W_NO_OUTSIDE_MEMORY"]

    @Test func `a log of our own making holds and says when`() throws {
        let made = try SyntheticLog().make()
        let verdict = verify(file: made.file, card: made.card)
        #expect(verdict.codes == Self.standing, "\(verdict.findings)")
        #expect(verdict.exitCode == 0)
        #expect(verdict.facts.readings == 5)
        #expect(verdict.bracket?.notBeforeMs == 1_772_445_600_000)
        #expect(verdict.bracket?.notAfterMs == 1_772_445_911_000)
    }

    @Test func `more than an hour between the bounds is a wide bracket`() throws {
        var log = SyntheticLog()
        log.confirmationDelay = 3_400
        let made = try log.make()
        #expect(verify(file: made.file, card: made.card).codes == Self.standing + ["W_WIDE_BRACKET"])
    }

    @Test func `a log after a lost one says so`() throws {
        var log = SyntheticLog()
        log.previous = Leaf.PreviousLog(origin: "gw-test/b/house/9", size: 7, root: .zero)
        let made = try log.make()
        #expect(
            verify(file: made.file, card: made.card).codes
                == ["W_ANCHORS_UNWATCHED", "W_EPOCH_LOSS", "W_NO_OUTSIDE_MEMORY"])
    }

    @Test func `a new log key counts when the recovery key stated it`() throws {
        var log = SyntheticLog()
        log.keyChange = (to: SyntheticLog.key(2), signedBy: log.recovery)
        let made = try log.make()
        let verdict = verify(file: made.file, card: made.card)
        #expect(verdict.codes == Self.standing, "\(verdict.findings)")
    }

    @Test func `a new log key that the old one stated does not count`() throws {
        var log = SyntheticLog()
        log.keyChange = (to: SyntheticLog.key(2), signedBy: log.logKey)
        let made = try log.make()
        let verdict = verify(file: made.file, card: made.card)
        #expect(verdict.codes == ["E_SIG"] + Self.standing, "\(verdict.findings)")
        #expect(verdict.exitCode == 1)
    }

    @Test func `one holder is enough for such a card, and a signer it does not name leaves the file unchecked`() throws
    {
        var made = try SyntheticLog().make()
        made.card.threshold = 1
        #expect(verify(file: made.file, card: made.card).codes == Self.standing + ["W_SINGLE_SIGNER"])
        made.card.milestoneKeys.removeLast()
        let verdict = verify(file: made.file, card: made.card)
        #expect(verdict.codes.contains("E_UNKNOWN_KEY"))
        #expect(verdict.exitCode == 2)
    }

    @Test func `a key used after its range is unknown`() throws {
        var made = try SyntheticLog().make()
        made.card.milestoneKeys[0].end = 15
        let verdict = verify(file: made.file, card: made.card)
        #expect(verdict.codes == ["E_UNKNOWN_KEY"] + Self.standing, "\(verdict.findings)")
    }

    @Test func `the file is the same for the same parts`() throws {
        let made = try SyntheticLog().make()
        #expect(try PeriodFileWriter.write(made.parts, periodMs: SyntheticLog.periodMs) == made.file)
        #expect(try PeriodFileWriter.write(PeriodFile.parse(made.file), periodMs: SyntheticLog.periodMs) == made.file)
    }
}
