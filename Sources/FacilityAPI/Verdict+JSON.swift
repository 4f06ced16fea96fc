import Evidence
import Hashing
import Readings

/// The answer of a check as the API and the page show it (api.md section 8, calls 6 and 11).
extension JSONWriter {
    /// Members of the enclosing object. `anchor`: the seq and milestone of the step `anchor`, when the gateway knows more than the file.
    mutating func verdict(_ verdict: Verdict, isGerman: Bool) {
        text("verdict", verdict.outcome.rawValue)
        integer("exit", Int(verdict.exitCode))
        flag("selfNetwork", verdict.isSelfNetwork)
        text("checkedBy", "gateway")
        text("sentence", verdict.sentence(isGerman ? .german : .english))
        if let bracket = verdict.bracket {
            object("bracket") { json in
                json.instant("notBefore", bracket.notBeforeMs)
                json.instant("notAfter", bracket.notAfterMs)
            }
        } else {
            null("bracket")
        }
        array("steps", verdict.steps) { json, step in
            json.object { json in
                json.text("step", step.name.rawValue)
                json.text("state", step.state.rawValue)
                for fact in step.facts where fact.name != "step" && fact.name != "state" {
                    switch fact.value {
                    case .number(let number): json.integer(fact.name, Int(number))
                    case .text(let words): json.text(fact.name, words)
                    }
                }
            }
        }
        array("findings", verdict.findings) { json, finding in
            json.object { json in
                json.text("code", finding.code.rawValue)
                json.text("severity", finding.code.severity.rawValue)
                json.text("about", finding.about)
            }
        }
    }
}
