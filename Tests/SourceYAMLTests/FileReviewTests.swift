import SourceYAML
import Testing

/// Goal: mistakes after the first are found too, each at its place. Method: a tiny file whose reader wants numbers.
struct FileReviewTests {
    private func node(_ text: String) throws -> YAMLNode { try YAMLNode.parse(text, file: "f.yaml") }

    private func review(_ text: String) throws -> FileReview<[Int]> {
        FileReview(
            try node(text),
            load: { root throws(SourceError) in
                try root.allow(["numbers", "more"])
                var numbers: [Int] = []
                for entry in try root.required("numbers").entries() { numbers.append(try entry.value.int(0...9)) }
                for item in try root["more"]?.items() ?? [] { numbers.append(try item.int(0...9)) }
                return numbers
            }, follows: { _ in false }, mend: { root, error in root.without(error.path) })
    }

    @Test func `a good file is read once`() throws {
        let good = try review("numbers: {a: 1, b.c: 2}\nmore: [3]")
        #expect(good.value == [1, 2, 3])
        #expect(good.mistakes == [])
    }

    @Test func `every mistake is told at its own place, and the rest is read`() throws {
        let bad = try review("nubmers: {a: 10, b: 2, b.c: x}\nmore: [11, 3, y]\nother: 1")
        #expect(
            bad.mistakes.map(\.description) == [
                "f.yaml:1:1: unknown key 'nubmers' in the file; did you mean 'numbers'?",
                "f.yaml:3:1: unknown key 'other' in the file; known keys: numbers, more",
                "f.yaml:1:14: expected a whole number from 0 to 9 at nubmers.a, found '10'",
                "f.yaml:1:29: expected a whole number from 0 to 9 at nubmers.b.c, found 'x'",
                "f.yaml:2:8: expected a whole number from 0 to 9 at more.0, found '11'",
                "f.yaml:2:15: expected a whole number from 0 to 9 at more.2, found 'y'",
            ])
        #expect(bad.value == [2, 3])
    }

    @Test func `a mistake that cannot be taken out ends the review`() throws {
        #expect(try review("more: []").mistakes.count == 1)
        #expect(try review("- 1").mistakes.count == 1)
        #expect(try review("- 1").value == nil)
    }

    @Test func `the review of a file has an end`() throws {
        let text = "numbers: {" + (0..<300).map { "a\($0): x" }.joined(separator: ", ") + "}"
        #expect(try review(text).mistakes.count == FileReview<[Int]>.mistakeCountMax)
    }

    @Test func `what stands at a path is taken out or spelled otherwise`() throws {
        let tree = try node("a: {b: [1, {c: 2, d.e: 3}], b.x: 4}\nf: 5")
        #expect(tree.without("a.b.1.d.e")?["a"]?["b"]?.pathText == "a.b")
        #expect(tree.without("a.b.1.d.e")?.without("a.b.1.d.e") == nil)
        #expect(tree.without("a.b.x")?["a"]?["b.x"] == nil)
        #expect(tree.without("a.b.x")?["a"]?["b"] != nil)
        #expect(tree.without("a.b.0")?.without("a.b.1") != nil)
        #expect(tree.without("nowhere") == nil)
        #expect(tree.without("") == nil)
        #expect(try tree.renaming("f", to: "g")?["g"]?.int() == 5)
        #expect(tree.renaming("f", to: "a") == nil)
        #expect(tree.entry(of: "a", at: SourceError(file: "", path: "a.b.x", message: ""))?.key == "b.x")
        #expect(tree.entry(of: "f", at: SourceError(file: "", path: "f", message: "")) == nil)
    }
}
