import FacilityPage

/// An answer that says what is wrong and what to do (RFC 9457, `application/problem+json`).
package struct Problem: Error, Hashable, Sendable {
    /// One place in the request, and what was expected there.
    package struct Fault: Hashable, Sendable {
        package enum Place: Hashable, Sendable {
            case parameter(String)
            /// RFC 6901, into the body.
            case pointer(String)
        }
        package let place: Place
        package let detail: Words
        /// What would have been taken, in the notation of the API, or `nil`.
        package let expected: String?
    }

    package enum Member: Hashable, Sendable {
        case text(String?)
        case instant(Int64?)
        case integer(Int)
    }

    package let code: ProblemCode
    package let detail: Words
    package var faults: [Fault] = []
    /// Members beyond RFC 9457 that this code documents, such as `expectedAt`.
    package var members: [(name: String, value: Member)] = []
    /// Header fields that belong to the status, such as `Allow` or `Retry-After`.
    package var headers: [(name: String, value: String)] = []

    package init(_ code: ProblemCode, _ detail: Words? = nil) {
        self.code = code
        self.detail = detail ?? code.meaning
    }

    package static func fault(_ code: ProblemCode, parameter: String, _ detail: Words, expected: String? = nil)
        -> Problem
    {
        var problem = Problem(code, detail)
        problem.faults = [Fault(place: .parameter(parameter), detail: detail, expected: expected)]
        return problem
    }

    package static func fault(_ code: ProblemCode, pointer: String, _ detail: Words, expected: String? = nil) -> Problem
    {
        var problem = Problem(code, detail)
        problem.faults = [Fault(place: .pointer(pointer), detail: detail, expected: expected)]
        return problem
    }

    package func adding(header name: String, _ value: String) -> Problem {
        var copy = self
        copy.headers.append((name, value))
        return copy
    }

    package func adding(member name: String, _ value: Member) -> Problem {
        var copy = self
        copy.members.append((name, value))
        return copy
    }

    /// The document; `instance` is a URN that also stands in the journal.
    package func json(language: PageLanguage, instance: String) -> [UInt8] {
        JSONWriter.object { json in
            json.text("type", "/v1/problems/" + code.rawValue)
            json.text("code", code.rawValue)
            json.text("title", code.title.text(language))
            json.integer("status", code.status)
            json.text("detail", detail.text(language))
            json.text("instance", instance)
            for member in members {
                switch member.value {
                case .text(let value): json.text(member.name, value)
                case .instant(let value): json.instant(member.name, value)
                case .integer(let value): json.integer(member.name, value)
                }
            }
            json.array("errors", faults) { json, fault in
                json.object { json in
                    switch fault.place {
                    case .parameter(let name): json.text("parameter", name)
                    case .pointer(let pointer): json.text("pointer", pointer)
                    }
                    json.text("detail", fault.detail.text(language))
                    json.text("expected", fault.expected)
                }
            }
        }
    }

    package static func == (a: Problem, b: Problem) -> Bool {
        a.code == b.code && a.detail == b.detail && a.faults == b.faults
            && a.members.elementsEqual(b.members) { $0.name == $1.name && $0.value == $1.value }
            && a.headers.elementsEqual(b.headers) { $0.name == $1.name && $0.value == $1.value }
    }

    package func hash(into hasher: inout Hasher) {
        hasher.combine(code)
        hasher.combine(detail)
        hasher.combine(faults)
    }
}
