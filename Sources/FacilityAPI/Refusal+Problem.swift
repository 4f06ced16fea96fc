import Disclosure
import Readings

extension Refusal {
    /// The one table from the domain to HTTP.
    package var code: ProblemCode {
        switch self {
        case .noSuchResource, .noSuchReading: .noSuchResource
        case .outsideGrant: .outsideGrant
        case .emptyRange: .emptyRange
        case .rangeTooLong: .rangeTooLong
        case .notTaken, .cursorUnreadable: .malformedRequest
        case .cursorExpired: .cursorExpired
        case .notYetSealed: .notYetSealed
        case .notYetAnchored, .noAnchorBefore: .notYetAnchored
        case .erased: .erased
        case .busy: .tooManyRequests
        case .tooLarge: .bodyTooLarge
        case .unreadableFile, .configurationRefused: .unreadableFile
        case .reloadUnderWay: .commandConflict
        case .notNow: .starting
        }
    }

    package var problem: Problem {
        switch self {
        case .noSuchResource(let kind, let id):
            return Problem(
                code,
                Words(
                    "/v1/\(kind) has no \(id), or your access does not cover it.",
                    "/v1/\(kind) kennt \(id) nicht, oder Ihr Zugang umfasst es nicht."))
        case .noSuchReading(let point, let atMs):
            let at = UTCTime.text(atMs)
            return Problem(
                code,
                Words(
                    "\(point) has no reading at exactly \(at). /v1/points/\(point)/readings lists those there are.",
                    "\(point) hat keinen Wert genau um \(at). /v1/points/\(point)/readings nennt die vorhandenen."))
        case .rangeTooLong(let days):
            return Problem(
                code, Words("One call covers at most \(days) days.", "Ein Aufruf umfasst höchstens \(days) Tage."))
        case .notTaken(let parameter, let expected):
            return .fault(
                code, parameter: parameter,
                Words(
                    "\(parameter) has a value that is not taken here.",
                    "\(parameter) hat einen Wert, den es hier nicht gibt."),
                expected: expected)
        case .cursorUnreadable:
            return .fault(
                code, parameter: "cursor",
                Words(
                    "cursor was not made by this list. Follow next as it is.",
                    "cursor stammt nicht aus dieser Liste. Folgen Sie next unverändert."),
                expected: "the cursor of next")
        case .notYetSealed(let expectedAtMs):
            return Problem(code).adding(member: "proof", .text(ProofState.open.rawValue))
                .adding(member: "expectedAt", .instant(expectedAtMs))
        case .notYetAnchored(let proof, let expectedAtMs):
            return Problem(code).adding(member: "proof", .text(proof.rawValue))
                .adding(member: "expectedAt", .instant(expectedAtMs))
        case .noAnchorBefore(let firstMs):
            let first = firstMs.map { UTCTime.text($0) }
            let words = first.map {
                Words(
                    "Evidence can begin at \($0), when the first anchor was confirmed.",
                    "Ein Nachweis kann ab \($0) beginnen, als der erste Anker bestätigt wurde.")
            }
            return Problem(code, words ?? Words("No anchor is confirmed yet.", "Noch ist kein Anker bestätigt."))
                .adding(member: "expectedAt", .instant(firstMs))
        case .busy(let seconds):
            return Problem(
                code,
                Words(
                    "As many files as fit are being made. Ask again in \(seconds) s.",
                    "Es werden schon so viele Dateien erstellt wie möglich. Fragen Sie in \(seconds) s erneut.")
            ).adding(header: "Retry-After", String(seconds))
        case .tooLarge(let limit):
            return Problem(
                code, Words("This call reads at most \(limit) bytes.", "Dieser Aufruf liest höchstens \(limit) Byte."))
        case .configurationRefused(let mistakes):
            return mistakes.problem
        case .reloadUnderWay:
            return Problem(
                code,
                Words(
                    "The files are being read again already. Ask again when that has ended.",
                    "Die Dateien werden schon neu gelesen. Fragen Sie erneut, wenn das beendet ist."))
        case .notNow(let why, let seconds):
            return Problem(
                code, Words("Nothing has changed: \(why).", "Nichts hat sich geändert: \(why).")
            ).adding(header: "Retry-After", String(seconds))
        default:
            return Problem(code)
        }
    }
}

extension [ConfigurationMistake] {
    /// Mistakes in files are told as the command line tells them, in English.
    fileprivate var problem: Problem {
        let first = self.first.map { "\($0.place): \($0.message)" } ?? ""
        var problem = Problem(
            .unreadableFile,
            Words(
                "The configuration was not taken and nothing has changed. \(first). Correct it, then reload again.",
                "Die Konfiguration wurde nicht übernommen, nichts hat sich geändert. \(first). Berichtigen Sie sie und laden Sie neu."
            ))
        problem.faults = map {
            Problem.Fault(place: .parameter($0.place), detail: Words($0.message, $0.message), expected: $0.hint)
        }
        return problem
    }
}
