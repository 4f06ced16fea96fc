import Commanding
import Readings

extension CommandRefusal {
    /// The one table from commands to HTTP.
    var code: ProblemCode {
        switch self {
        case .outsideGrant: .outsideGrant
        case .noSuchPoint: .noSuchResource
        case .notWritable: .notWritable
        case .reasonLength, .wrongForm: .malformedRequest
        case .outOfBounds, .betweenSteps, .unknownName, .notEncodable: .outOfBounds
        case .tooSoon, .keysFull: .tooManyRequests
        case .running: .commandConflict
        case .keyReused: .keyReused
        case .cannotRecord(let isDiskFull, _): isDiskFull ? .diskFull : .sealingStopped
        }
    }

    var problem: Problem {
        switch self {
        case .outsideGrant:
            Problem(
                code,
                Words(
                    "Your access reads commands and gives none. Ask the operator for a token of role facility.",
                    "Ihr Zugang liest Befehle und gibt keine. Bitten Sie den Betreiber um ein Token der Rolle facility."
                ))
        case .noSuchPoint(let point):
            fault(
                "/point",
                Words("This building has no point \(point).", "Dieses Gebäude hat keinen Punkt \(point)."),
                expected: "the id of a point")
        case .notWritable(let point):
            fault(
                "/point",
                Words(
                    "\(point) cannot be commanded: that takes write in its device profile and command in the building file.",
                    "\(point) ist nicht befehlbar: Dazu braucht es write im Geräteprofil und command in der Gebäudedatei."
                ), expected: "a point whose command is not null")
        case .reasonLength(let allowed):
            fault(
                "/reason",
                Words(
                    "The reason has \(allowed.lowerBound) to \(allowed.upperBound) bytes: it is for whoever reads the log later.",
                    "Die Begründung hat \(allowed.lowerBound) bis \(allowed.upperBound) Byte: Sie ist für spätere Leser des Protokolls."
                ), expected: "\(allowed.lowerBound)…\(allowed.upperBound) bytes")
        case .wrongForm(let point, let expected):
            fault(
                "/value",
                Words("\(point) takes \(expected).", "\(point) nimmt: \(expected)."), expected: expected)
        case .outOfBounds, .betweenSteps, .unknownName, .notEncodable: value
        case .tooSoon, .running, .keyReused, .keysFull, .cannotRecord: later
        }
    }

    /// What is wrong with the value.
    private var value: Problem {
        switch self {
        case .outOfBounds(let point, let given, let min, let max):
            fault(
                "/value",
                Words(
                    "\(point) takes \(min) to \(max). Choose a value in this range, or change the limit in the building file.",
                    "\(point) nimmt \(min) bis \(max). Wählen Sie einen Wert in diesem Bereich, oder ändern Sie die Grenze in der Gebäudedatei."
                ), given: given, expected: "\(min)…\(max)")
        case .betweenSteps(let point, let given, let nearest):
            fault(
                "/value",
                Words(
                    "\(point) cannot be set to exactly \(given)."
                        + (nearest.map { " The nearest value it takes is \($0)." } ?? ""),
                    "\(point) lässt sich nicht genau auf \(given) setzen."
                        + (nearest.map { " Der nächste mögliche Wert ist \($0)." } ?? "")),
                given: given, expected: nearest?.description)
        case .unknownName(let point, let given, let known):
            fault(
                "/value",
                Words(
                    "\(point) takes one of: \(known.joined(separator: ", ")).",
                    "\(point) nimmt eines von: \(known.joined(separator: ", "))."), given: given,
                expected: known.joined(separator: " | "))
        case .notEncodable(let point, let given, let why):
            fault(
                "/value",
                Words(
                    "The device of \(point) cannot be told this value: \(why).",
                    "Dem Gerät von \(point) lässt sich dieser Wert nicht mitteilen: \(why)."), given: given,
                expected: nil)
        default: Problem(code)
        }
    }

    /// What may hold at another time.
    private var later: Problem {
        switch self {
        case .tooSoon(let point, let everyMs, let waitMs):
            let every = ExactDecimal(mantissa: Int128(everyMs), exponent: -3)
            let seconds = (waitMs + 999) / 1_000
            return Problem(
                code,
                Words(
                    "\(point) takes one command in \(every) s. Go on in \(seconds) s.",
                    "\(point) nimmt einen Befehl in \(every) s. Weiter geht es in \(seconds) s.")
            ).adding(header: "Retry-After", String(seconds))
        case .running(let device, let point, let intent):
            return Problem(
                code,
                Words(
                    "Device \(device) is carrying out a command of \(point). Wait for its outcome, then ask again.",
                    "Gerät \(device) führt gerade einen Befehl von \(point) aus. Warten Sie sein Ergebnis ab, dann fragen Sie erneut."
                )
            ).adding(member: "running", .text(intent.map { "/v1/commands/c-\($0)" }))
        case .keysFull:
            return Problem(
                code,
                Words(
                    "As many keys as are kept are less than a day old. Ask again in 60 s.",
                    "So viele Schlüssel wie aufbewahrt werden sind jünger als ein Tag. Fragen Sie in 60 s erneut.")
            ).adding(header: "Retry-After", "60")
        case .cannotRecord(_, let intent):
            let words = intent.map { _ in
                Words(
                    "The command went out, but its outcome is not on record yet. Ask again under the same Idempotency-Key.",
                    "Der Befehl ging hinaus, doch sein Ergebnis ist noch nicht festgehalten. Fragen Sie mit demselben Idempotency-Key erneut."
                )
            }
            return Problem(
                code,
                words
                    ?? Words(
                        "Nothing was sent to the device: the log takes no entry now, and no command goes out without one.",
                        "An das Gerät wurde nichts gesendet: Das Protokoll nimmt gerade nichts auf, und ohne Eintrag geht kein Befehl hinaus."
                    )
            ).adding(header: "Retry-After", "10")
                .adding(member: "command", .text(intent.map { "/v1/commands/c-\($0)" }))
        default: return Problem(code)
        }
    }

    private func fault(_ pointer: String, _ words: Words, given: String? = nil, expected: String?) -> Problem {
        var problem = Problem(code, words)
        let detail = given.map { Words("\($0) was given", "\($0) wurde angegeben") } ?? words
        problem.faults = [Problem.Fault(place: .pointer(pointer), detail: detail, expected: expected)]
        return problem
    }
}
