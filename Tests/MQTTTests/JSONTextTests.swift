import Foundation
import Profiles
import MQTT
import Testing
import TestTools

/// Goal: JSON is read exactly or refused. Method: cases of RFC 8259 both ways, Foundation's reader as a second opinion, noise.
struct JSONTextTests {
    @Test(arguments: [
        ("0", "0"), ("-0", "-0"), ("21.50", "21.50"), ("1e5", "1e5"), ("-1.5E-7", "-1.5E-7"),
        ("123456789012345678901234567890", "123456789012345678901234567890"),
    ]) func `a number keeps its characters`(text: String, token: String) throws {
        let json = try JSONText(Array(" \n\(text)\t".utf8))
        #expect(json.kind == .number && json.word(0) == token)
        #expect(JSONText.isNumber(text) && !JSONText.isNumber(text + " "))
    }

    @Test(arguments: [
        "", " ", "01", "1.", ".5", "+1", "1e", "--1", "NaN", "tru", "nul", "\"", "\"\\x\"", "\"\\u12\"", "\"\\ud800\"",
        "\"\\ud800\\u0041\"", "\"\\udc00\"", "\"a\nb\"", "[1,]", "[1 2]", "{\"a\":1,}", "{a:1}", "{\"a\" 1}",
        "{\"a\":1,\"a\":2}", "1 2", "[", "{",
        "]", "'a'",
    ]) func `what is not JSON is refused`(text: String) {
        #expect(throws: JSONError.self) { try JSONText(Array(text.utf8)) }
    }

    @Test func `escapes become their characters`() throws {
        let json = try JSONText(Array(#""\"\\\/\b\f\n\r\tå\ud83d\ude00""#.utf8))
        #expect(json.word(0) == "\"\\/\u{8}\u{C}\n\r\tå😀")
    }

    @Test func `values are found by their way there, and only so`() throws {
        let text = #"{"a":{"b\u0031":[10,{"c":"x"},true]},"n":null,"e":{}}"#
        let json = try JSONText(Array(text.utf8))
        func word(_ path: String) throws -> String? {
            let steps = try #require(JSONPath(path)).compiled
            return json.find(steps[...]).flatMap { json.word($0) }
        }
        #expect(try word("$.a.b1[0]") == "10")
        #expect(try word("$.a.b1[1].c") == "x")
        #expect(try word("$.a.b1[2]") == "true")
        #expect(try word("$.a.b1[3]") == nil)
        #expect(try word("$.a[0]") == nil)
        #expect(try word("$.n") == nil && json.find(JSONPath("$.n")!.compiled[...]) != nil)
        #expect(try word("$.e.x") == nil)
        #expect(try word("$.c") == nil)
    }

    @Test func `equal names are found in small and in large objects`() {
        let names = (0..<100).map { "\"k\($0)\":\($0)" }
        #expect(throws: Never.self) { try JSONText(Array("{\(names.joined(separator: ","))}".utf8)) }
        #expect(throws: JSONError.self) { try JSONText(Array("{\(names.joined(separator: ",")),\"k7\":1}".utf8)) }
        #expect(throws: JSONError.self) { try JSONText(Array(#"{"a":[{"b":1}],"\u0061":2}"#.utf8)) }
        #expect(throws: Never.self) { try JSONText(Array(#"{"a":{"a":{"a":1}},"b":{"a":1}}"#.utf8)) }
    }

    @Test func `depth and size are bounded`() {
        #expect(throws: JSONError.self) { try JSONText([UInt8](repeating: 0x5B, count: 1_000_000)) }
        let wide = "[" + String(repeating: "1,", count: 50_000) + "1]"
        #expect(throws: JSONError.self) { try JSONText(Array(wide.utf8)) }
        #expect(throws: JSONError.self) { try JSONText([0x22, 0xFF, 0x22]) }
    }

    @Test func `damaged JSON never crashes, and what is taken another reader takes too`() throws {
        var dice = SeededGenerator(seed: 20_260_301)
        let seed = Array(#"{"a":[1,-2.5e3,{"b":"x\u00e5\n"},null,true],"c":{"d":"😀"},"e":""}"#.utf8)
        for round in 0..<20_000 {
            var bytes = seed
            for _ in 0..<Int.random(in: 1...4, using: &dice) where !bytes.isEmpty {
                let place = Int.random(in: 0..<bytes.count, using: &dice)
                switch Int.random(in: 0...3, using: &dice) {
                case 0: bytes[place] = UInt8.random(in: 0...255, using: &dice)
                case 1: bytes.remove(at: place)
                case 2:
                    bytes.insert(
                        contentsOf: Array("{}[]\",:\\u0019eE+-.".utf8).shuffled(using: &dice).prefix(3), at: place)
                default: bytes = Array(bytes.prefix(max(place, 1)))
                }
            }
            guard (try? JSONText(bytes)) != nil else { continue }
            #expect(throws: Never.self, "round \(round): \(String(decoding: bytes, as: UTF8.self))") {
                try JSONSerialization.jsonObject(with: Data(bytes), options: .fragmentsAllowed)
            }
        }
    }
}
