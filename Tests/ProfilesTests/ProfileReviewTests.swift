import Profiles
import SourceYAML
import Testing

/// Goal: one look at a file tells every mistake that does not follow from another. Method: whole lists of messages.
struct ProfileReviewTests {
    private static let good = """
        profile: x
        vendor: V
        models: [m]
        transport: modbus
        confidence: B
        provenance: [p]
        read: {maxRegisters: 80}
        points:
          a.b: {address: 1, type: u16, nature: gauge, brick: S}
          a.b.c: {address: 2, type: u16, nature: gauge, brick: S}
          d: {address: 3, type: f32, nature: gauge, brick: S}
        test:
          - {point: a.b, words: [1], value: 1}
          - {point: d, words: [0, 0], value: 0}
        """

    private func mistakes(_ changes: [(String, String)]) -> [String] {
        let text = changes.reduce(Self.good) { $0.replacing($1.0, with: $1.1) }
        return ProfileReview(text.utf8, file: "x.yaml").mistakes.map(\.description)
    }

    @Test func `a good file has a profile and no mistake`() {
        #expect(ProfileReview(Self.good.utf8, file: "x.yaml").profile?.id == "x")
        #expect(mistakes([]) == [])
    }

    @Test func `mistakes in several sections are told together`() {
        let found = mistakes([
            ("vendor:", "vender:"), ("maxRegisters: 80", "maxRegisters: 800"),
            ("a.b: {address: 1, type: u16", "a.b: {adress: 1, type: u61"),
            ("a.b.c: {address: 2", "a.b.c: {address: -2"), ("words: [0, 0]", "words: [0]"),
        ])
        #expect(
            found == [
                "x.yaml:2:1: unknown key 'vender' in the profile; did you mean 'vendor'?",
                "x.yaml:9:9: unknown key 'adress' in point a.b; did you mean 'address'?",
                "x.yaml:9:26: unknown word 'u61' at points.a.b.type; did you mean 'u16'?",
                "x.yaml:10:20: expected a whole number from 0 to 65535 at points.a.b.c.address, found '-2'",
                "x.yaml:7:22: expected a whole number from 1 to 125 at read.maxRegisters, found '800'",
                "x.yaml:14:23: point d takes 2 words, here are 1",
            ])
    }

    @Test func `what follows from a mistake is not told`() {
        #expect(mistakes([("d: {address: 3, type: f32", "d: {address: 3, type: f23")]).count == 1)
        let noPoint = mistakes([("nature: gauge", "nature: gouge")])
        #expect(noPoint.count == 3)
    }

    @Test func `a file that is no YAML has one mistake`() {
        #expect(mistakes([("points:", "points: [")]).count == 1)
        #expect(mistakes([("models: [m]", "models: &x [m]")]).count == 1)
    }

    @Test func `the list of mistakes has an end`() {
        let points = (0..<200).map { "  p\($0): {address: -1, type: u16, nature: gauge, brick: S}\n" }.joined()
        let head = Self.good.split(separator: "test:")[0]
        let text = head.replacing("points:\n", with: "points:\n" + points)
        #expect(ProfileReview(text.utf8, file: "x.yaml").mistakes.count == FileReview<DeviceProfile>.mistakeCountMax)
    }
}
