import FacilityAPI
import FacilityPage
import Readings
import Tables
import Testing

struct WritingTests {
    private func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }

    @Test func `JSON keeps the order of members, exact numbers and explicit nulls`() {
        let json = JSONWriter.object { json in
            json.text("id", "a\"b\\\u{1}\u{1F}\n\r\té")
            json.decimal("value", ExactDecimal(mantissa: 1_842_204, exponent: -1))
            json.decimal("none", nil)
            json.instant("at", 1_772_370_130_120)
            json.flag("yes", true)
            json.array("items", [1, 2]) { json, item in json.object { $0.integer("n", item) } }
            json.array("empty", [Int]()) { json, item in json.integer(item) }
            json.object("inner") { $0.null("x") }
        }
        #expect(
            text(json)
                == #"{"id":"a\"b\\\u0001\u001f\n\r\té","value":184220.4,"none":null,"at":"2026-03-01T13:02:10.120Z","yes":true,"items":[{"n":1},{"n":2}],"empty":[],"inner":{"x":null}}"#
        )
    }

    @Test func `a German spreadsheet gets semicolons, decimal commas and a byte order mark, the standard neither`() {
        for (dialect, expected) in [
            (CSVWriter.Dialect.standard, "at,name,value\r\n1,'=1+1,-0.5\r\n2,\"a,\"\"b\",\r\n"),
            (.de, "\u{FEFF}at;name;value\r\n1;'=1+1;-0,5\r\n2;\"a,\"\"b\";\r\n"),
        ] {
            var csv = CSVWriter(dialect, columns: ["at", "name", "value"])
            csv.plain("1")
            csv.text("=1+1")
            csv.decimal(ExactDecimal(mantissa: -5, exponent: -1))
            csv.endRow()
            csv.plain("2")
            csv.text("a,\"b")
            csv.decimal(nil)
            csv.endRow()
            #expect(text(csv.bytes) == expected)
        }
    }

    @Test(arguments: ["=x", "+x", "-x", "@x", "\tx"])
    func `no text cell begins a formula`(cell: String) {
        var csv = CSVWriter(.standard, columns: ["c"])
        csv.text(cell)
        #expect(text(csv.bytes) == "c\r\n'" + cell)
    }

    @Test func `a control event carries no id, a durable one does, and data is one line`() {
        #expect(
            text(EventFrame.event(id: 90211, kind: "seal", json: Array("{\"k\":1,\n\"size\":2}".utf8)))
                == "id: 90211\nevent: seal\ndata: {\"k\":1,\"size\":2}\n\n")
        #expect(text(EventFrame.control("tick", json: Array("{}".utf8))) == "event: tick\ndata: {}\n\n")
    }

    @Test func `every problem has its status, words in both languages, and a page that says both`() {
        for code in ProblemCode.allCases {
            for words in [code.title, code.meaning] {
                #expect(!words.en.isEmpty && !words.de.isEmpty && words.en != words.de, "\(code)")
            }
            let page = text(ProblemPage.html(code, language: .de))
            #expect(page.contains("<html lang=\"de\">") && page.contains(code.rawValue) && page.contains("lang=\"en\""))
            #expect(!page.contains("<script") && !page.contains("style="))
            #expect(400...599 ~= code.status)
        }
        #expect(ProblemCode.allCases.count == 30)
    }

    @Test func `a problem is one whole document`() {
        let problem = Problem.fault(
            .outOfBounds, pointer: "/value",
            Words("4 was given", "4 wurde angegeben"), expected: "0…3")
        #expect(
            text(problem.json(language: .en, instance: "urn:uuid:0"))
                == #"{"type":"/v1/problems/out-of-bounds","code":"out-of-bounds","title":"The value is outside the allowed range","status":422,"detail":"4 was given","instance":"urn:uuid:0","errors":[{"pointer":"/value","detail":"4 was given","expected":"0…3"}]}"#
        )
    }
}
