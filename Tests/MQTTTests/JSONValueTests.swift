import Foundation
import MQTT
import Testing

/// Goal: JSON is read exactly or refused. Method: cases of RFC 8259 both ways, Foundation's reader as a second opinion, noise.
struct JSONValueTests {
    @Test(arguments: [
        ("0", "0"), ("-0", "-0"), ("21.50", "21.50"), ("1e5", "1e5"), ("-1.5E-7", "-1.5E-7"),
        ("123456789012345678901234567890", "123456789012345678901234567890"),
    ]) func `a number keeps its characters`(text: String, token: String) throws {
        #expect(try JSONValue.parse(Array(" \n\(text)\t".utf8)) == .number(token))
    }

    @Test(arguments: [
        "", " ", "01", "1.", ".5", "+1", "1e", "--1", "NaN", "tru", "nul", "\"", "\"\\x\"", "\"\\u12\"", "\"\\ud800\"",
        "\"\\ud800\\u0041\"", "\"\\udc00\"", "\"a\nb\"", "[1,]", "[1 2]", "{\"a\":1,}", "{a:1}", "{\"a\" 1}",
        "{\"a\":1,\"a\":2}", "1 2", "[", "{",
        "]", "'a'",
    ]) func `what is not JSON is refused`(text: String) {
        #expect(throws: JSONError.self) { try JSONValue.parse(Array(text.utf8)) }
    }

    @Test func `escapes become their characters`() throws {
        let value = try JSONValue.parse(Array(#""\"\\\/\b\f\n\r\tå\ud83d\ude00""#.utf8))
        #expect(value == .string("\"\\/\u{8}\u{C}\n\r\tå😀"))
    }

    @Test func `depth and size are bounded`() {
        #expect(throws: JSONError.self) { try JSONValue.parse([UInt8](repeating: 0x5B, count: 1_000_000)) }
        let wide = "[" + String(repeating: "1,", count: 50_000) + "1]"
        #expect(throws: JSONError.self) { try JSONValue.parse(Array(wide.utf8)) }
        #expect(throws: JSONError.self) { try JSONValue.parse([0x22, 0xFF, 0x22]) }
    }

    @Test func `damaged JSON never crashes, and what is taken another reader takes too`() throws {
        var dice = Dice(seed: 20_260_301)
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
            guard (try? JSONValue.parse(bytes)) != nil else { continue }
            #expect(throws: Never.self, "round \(round): \(String(decoding: bytes, as: UTF8.self))") {
                try JSONSerialization.jsonObject(with: Data(bytes), options: .fragmentsAllowed)
            }
        }
    }
}
