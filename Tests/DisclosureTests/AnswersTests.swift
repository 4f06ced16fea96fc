import Disclosure
import Readings
import Testing

struct AnswersTests {
    @Test(arguments: [
        (UInt64(1), ProofState.anchored), (3, .anchored), (4, .submitted), (5, .submitted), (6, .sealed), (7, .sealed),
        (8, .open),
    ])
    func `a reading's proof state follows from how far log and anchors have come`(k: UInt64, state: ProofState) {
        #expect(ProofLine(sealedK: 7, submittedK: 5, anchoredK: 3).state(k: k) == state)
    }

    @Test func `a log that has sealed nothing has only open readings`() {
        #expect(ProofLine(sealedK: nil, submittedK: nil, anchoredK: nil).state(k: 0) == .open)
    }

    @Test func `the same question has the same id, whatever the order of its streams`() {
        let a = EvidenceQuestion(fromMs: 1, toMs: 2, streams: [StreamNumber(3), StreamNumber(1), StreamNumber(3)])
        let b = EvidenceQuestion(fromMs: 1, toMs: 2, streams: [StreamNumber(1), StreamNumber(3)])
        #expect(a.id(origin: "o") == b.id(origin: "o"))
        #expect(a.id(origin: "o") != a.id(origin: "p"))
        #expect(a.id(origin: "o").hasPrefix("e-"))
    }

    @Test(arguments: [
        (RawValue.integer(-5), "-5"), (.large(.max), "18446744073709551615"),
        (.float32(bits: 0x7FC0_0000), "0x7fc00000"),
        (.float64(bits: 0x3FB9_9999_9999_999A), "0.1"), (.number("21.50"), "21.50"), (.text("on"), "on"),
        (.event([0, 255]), "00ff"),
    ])
    func `what was captured is shown as text`(raw: RawValue, text: String) {
        #expect(raw.shownText == text)
    }

    @Test func `a value without number is text or none, never zero`() {
        #expect(ShownValue(.text("auto"), scale: .identity) == .text("auto"))
        #expect(ShownValue(.float32(bits: 0x7FC0_0000), scale: .identity) == .none)
        #expect(ShownValue(.none, scale: .identity) == .none)
        #expect(ShownValue(.integer(5), scale: nil) == .none)
    }

    @Test func `secrets are compared whole`() {
        #expect(equalInConstantTime([1, 2, 3], [1, 2, 3]))
        #expect(!equalInConstantTime([1, 2, 3], [1, 2, 4]))
        #expect(!equalInConstantTime([1, 2, 3], [1, 2]))
    }
}
