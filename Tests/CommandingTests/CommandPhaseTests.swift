import Commanding
import Testing

struct CommandPhaseTests {
    @Test func `the phases have the numbers of the formats`() {
        #expect(CommandPhase.intent.rawValue == 0)
        #expect(CommandPhase.outcome.rawValue == 1)
    }
}
