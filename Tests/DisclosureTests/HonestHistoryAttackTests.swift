import Disclosure
import Evidence
import Foundation
import Hashing
import LedgerStore
import LogEntries
import MerkleLog
import Readings
import Testing
import TestTools

/// Goal: whatever somebody with root's hands changes in an honest history, no file of it ever exits 0.
/// Method: the parts of a true period file with one thing changed, as far as that can be made consistent without the log key,
/// written by our own writer.
struct HonestHistoryAttackTests {
    /// One thing changed.
    enum Change: String, CaseIterable {
        case anIntervalDropped = "an interval dropped"
        case anIntervalMadeAGap = "an interval made a gap"
        case anItemDropped = "an item dropped"
        case anItemDroppedAndTheLeafMadeToFit = "an item dropped and the leaf made to fit"
        case itemsReordered = "items reordered"
        case twoItemsStreamsExchanged = "two items' streams exchanged"
        case aValueAltered = "a value altered"
        case aValueAlteredAndTheLeafMadeToFit = "a value altered and the leaf made to fit"
        case aLeafsTimeAltered = "a leaf's time altered"
        case anErasureClaimed = "an erasure claimed"
        case anErasureClaimedAndDeclared = "an erasure claimed and declared"
        case theEndsAnchorReplacedByAnOlderOne = "the end's anchor replaced by an older one"
        case theEndsProofTakenFromAnotherAnchor = "the end's proof taken from another anchor"
        case aConfigurationsScaleSwapped = "a configuration's scale swapped"
        case aConfigurationsScaleSwappedAndItsHashMadeToFit = "a configuration's scale swapped and its hash made to fit"
        case theLastLeafCutOff = "the last leaf cut off"
        case theFirstLeafCutOff = "the first leaf cut off"
        case aLeafDoubled = "a leaf doubled"
        case aStreamWithheldThatTheFileSaysItDiscloses = "a stream withheld that the file says it discloses"
        case thePeriodClaimedToBeLonger = "the period claimed to be longer"

        /// `nil` when the parts offer no such place.
        func made(_ parts: PeriodParts, _ dice: inout SeededGenerator) throws -> PeriodParts? {
            typealias Attack = HonestHistoryAttackTests
            return switch self {
            case .anIntervalDropped: try Attack.dropInterval(parts, &dice)
            case .anIntervalMadeAGap: try Attack.hideInterval(parts, &dice)
            case .anItemDropped: try Attack.dropItem(parts, &dice, isCounted: false)
            case .anItemDroppedAndTheLeafMadeToFit: try Attack.dropItem(parts, &dice, isCounted: true)
            case .itemsReordered: Attack.swapItems(parts, &dice, contentOnly: false)
            case .twoItemsStreamsExchanged: Attack.swapItems(parts, &dice, contentOnly: true)
            case .aValueAltered: try Attack.alterValue(parts, &dice, isRehashed: false)
            case .aValueAlteredAndTheLeafMadeToFit: try Attack.alterValue(parts, &dice, isRehashed: true)
            case .aLeafsTimeAltered: try Attack.alterTime(parts, &dice)
            case .anErasureClaimed: Attack.claimErasure(parts, &dice)
            case .anErasureClaimedAndDeclared: try Attack.declareErasure(parts, &dice)
            case .theEndsAnchorReplacedByAnOlderOne: Attack.replay(parts)
            case .theEndsProofTakenFromAnotherAnchor: Attack.borrowProof(parts)
            case .aConfigurationsScaleSwapped: try Attack.swapScale(parts, &dice, isRehashed: false)
            case .aConfigurationsScaleSwappedAndItsHashMadeToFit: try Attack.swapScale(parts, &dice, isRehashed: true)
            case .theLastLeafCutOff: Attack.cutTail(parts)
            case .theFirstLeafCutOff: Attack.cutHead(parts)
            case .aLeafDoubled: Attack.doubleLeaf(parts, &dice)
            case .aStreamWithheldThatTheFileSaysItDiscloses: Attack.withhold(parts, &dice)
            case .thePeriodClaimedToBeLonger: Attack.claimLonger(parts)
            }
        }
    }

    @Test(arguments: [UInt64(5), 7, 21])
    func `no change to an honest history is taken`(seed: UInt64) async throws {
        let gateway = try await HistoryGateway(seed: seed)
        try await gateway.live(chapters: 6)
        let check = HistoryCheck(gateway, seed: seed)
        let (bytes, card) = try await check.whole()
        #expect(verify(file: bytes, card: card).exitCode == 0, check.what)
        let parts = try PeriodFile.parse(bytes)
        let again = try PeriodFileWriter.write(parts, periodMs: gateway.periodMs)
        #expect(again == bytes, "what is written again is the same")
        for change in Change.allCases {
            let name = change.rawValue
            var tried = 0
            for _ in 0..<3 {
                guard let changed = try change.made(parts, &gateway.dice) else { continue }
                let file = try PeriodFileWriter.write(changed, periodMs: gateway.periodMs)
                guard file != bytes else { continue }
                tried += 1
                let verdict = verify(file: file, card: card)
                #expect(verdict.exitCode != 0, "\(name): \(check.what): \(verdict.findings)")
            }
            #expect(tried > 0, "\(name): \(check.what): nowhere to try it")
        }
        try await gateway.kill()
    }
}
