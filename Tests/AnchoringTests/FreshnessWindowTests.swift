import Anchoring
import Testing

struct FreshnessWindowTests {
    @Test func `until milestones were seen the window is a public network's`() {
        var window = FreshnessWindow()
        #expect(window.searchSeconds(belowMaxDepth: 15) == 60)
        window.note(index: 100, timeS: 1_000)
        window.note(index: 102, timeS: 1_020)
        #expect(window.searchSeconds(belowMaxDepth: 15) == 60, "two milestones apart say too little")
    }

    @Test(arguments: [(1, 12.0), (2, 24), (5, 60), (10, 120), (25, 300), (60, 300), (4_000, 300)])
    func `the window follows the milestones that were seen`(intervalS: UInt32, seconds: Double) {
        var window = FreshnessWindow()
        for number: UInt32 in 0..<40 { window.note(index: 7 + number, timeS: 1_000 + number * intervalS) }
        #expect(window.searchSeconds(belowMaxDepth: 15) == seconds)
    }

    @Test func `a network that stood still has its old window again three milestones later`() {
        var window = FreshnessWindow()
        for number: UInt32 in 0..<7 { window.note(index: number, timeS: 1_000 + 10 * number) }
        window.note(index: 9, timeS: 90_000)
        #expect(window.intervalS == 60, "as long as is believed at all")
        window.note(index: 12, timeS: 90_030)
        #expect(window.intervalS == 10)
    }

    @Test func `milestones that do not rise change nothing, and a network begun anew is seen anew`() {
        var window = FreshnessWindow()
        for (index, timeS) in [(50, 1_000), (50, 2_000), (60, 900), (60, 1_000)] as [(UInt32, UInt32)] {
            window.note(index: index, timeS: timeS)
            #expect(window.intervalS == FreshnessWindow.intervalAssumedS)
        }
        window.note(index: 1, timeS: 5_000)
        window.note(index: 4, timeS: 5_006)
        #expect(window.intervalS == 2)
    }

    @Test func `a node that takes no old parents at all leaves no time`() {
        #expect(FreshnessWindow().searchSeconds(belowMaxDepth: 0) == 0)
        #expect(FreshnessWindow().searchSeconds(belowMaxDepth: 255) == FreshnessWindow.searchSecondsMax)
    }
}
