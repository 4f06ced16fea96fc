import Commanding
import Disclosure
import HTTPTypes
import LogEntries
import Readings
import TwinModel

/// Setting points, and what was set.
extension RouteTable {
    static let commandBodyBytesMax = 16_384

    var commandRoutes: [Route] {
        [
            Route(
                .post, "/v1/commands", .grant(.command), parameters: ["dryRun"],
                bodyBytesMax: Self.commandBodyBytesMax
            ) { call in try await command(call) },
            Route(
                .get, "/v1/commands", parameters: AskedRange.parameters + ["point", "order", "limit", "cursor"]
            ) { call in
                let page = try Page(call, nowMs: facility.nowMs)
                let range = try AskedRange.read(page.query, zone: facility.zone, standard: 0..<(facility.nowMs + 1))
                var question = CommandsQuestion(
                    range: range.lowerBound..<max(range.lowerBound, min(range.upperBound, page.pinnedMs + 1)),
                    limit: page.limit)
                question.points = page.query.all("point")
                question.isDescending = try page.query.word("order", [("asc", false), ("desc", true)]) ?? false
                question.after = try page.after.map { text in
                    guard let intent = UInt64(text), intent < UInt64(Int64.max) else { throw Refusal.cursorUnreadable }
                    return intent
                }
                let (items, hasMore) = try await facility.commands(question, grant: call.grant)
                let next = hasMore ? items.last.map { page.next(after: String($0.intent)) } : nil
                return page.answer(items, next: next) { json, view in json.command(view) }
            },
            Route(.get, "/v1/commands/{id}") { call in
                let view = try await facility.command(call.segment("id"), grant: call.grant)
                var json = JSONWriter()
                json.command(view)
                return .json(json.bytes, caching: view.end == nil ? .revalidate : .immutablePrivate)
            },
        ]
    }

    private func command(_ call: Call) async throws -> Answer {
        let request = try commandRequest(call)
        try await facility.mayCommand(request.point, grant: call.grant)
        guard let commands else { throw CommandRefusal.notWritable(point: request.point) }
        switch try await commands.command(request) {
        case .wouldDo(let value):
            let point = await facility.keeper.building.point(request.point)
            return Answer.json(
                JSONWriter.object { json in
                    json.dryRun(request, ShownCommand(value, point: point), raw: value.shownText)
                }, caching: .never)
        case .ended(let intent, let isReplayed):
            let view = try await facility.command(CommandView.id(intent), grant: call.grant)
            if let result = view.result, result.isSilence { throw Self.silence(view, result) }
            var json = JSONWriter()
            json.command(view)
            let answer = Answer.json(json.bytes, caching: .never).with(status: 201)
                .adding("Location", "/v1/commands/\(view.id)")
            return isReplayed ? answer.adding("Idempotency-Replayed", "true") : answer
        }
    }

    private func commandRequest(_ call: Call) throws -> CommandRequest {
        let json = try body(call)
        guard case .object(let members) = json else { throw pointer("", "an object") }
        for member in members where !["point", "value", "reason", "dryRun"].contains(member.name) {
            throw pointer("/" + member.name, "only point, value, reason, dryRun")
        }
        guard let point = json["point"]?.asText else { throw pointer("/point", "the id of a point") }
        guard let reason = json["reason"]?.asText else { throw pointer("/reason", "a text of 1…500 bytes") }
        let value: CommandValue
        switch json["value"] {
        case .number(let token):
            guard let number = ExactDecimal(text: token) else {
                throw pointer("/value", "a number of at most 38 digits")
            }
            value = .number(number)
        case .text(let text): value = .text(text)
        case .flag(let flag): value = .flag(flag)
        default: throw pointer("/value", "a number, a text, true or false")
        }
        return CommandRequest(
            point: point, value: value, reason: reason, key: try key(call),
            isDryRun: try isDryRun(call, json["dryRun"]),
            actor: CommandActor(
                grant: call.grant.number, role: call.grant.role.rawValue,
                pseudonym: Bytes16(facility.actor(of: call.grant)) ?? .zero))
    }

    private func isDryRun(_ call: Call, _ member: JSONValue?) throws -> Bool {
        let asked = try call.query.word("dryRun", [("true", true), ("false", false)]) ?? false
        switch member {
        case nil: return asked
        case .flag(let flag): return flag || asked
        default: throw pointer("/dryRun", "true or false")
        }
    }

    /// Visible ASCII; what a client sends again when it did not hear the answer.
    private func key(_ call: Call) throws -> String {
        let expected =
            "\(CommandRules.keyBytes.lowerBound)…\(CommandRules.keyBytes.upperBound) visible characters of ASCII"
        guard let key = call.header("idempotency-key") else {
            throw Problem.fault(
                .malformedRequest, parameter: "Idempotency-Key",
                Words(
                    "The header Idempotency-Key is missing: it keeps a repeated request from setting the point twice.",
                    "Der Kopf Idempotency-Key fehlt: Er verhindert, dass eine wiederholte Anfrage den Punkt zweimal setzt."
                ),
                expected: expected)
        }
        guard CommandRules.keyBytes.contains(key.utf8.count), key.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else {
            throw Problem.fault(
                .malformedRequest, parameter: "Idempotency-Key",
                Words(
                    "Idempotency-Key has characters or a length that are not taken.",
                    "Idempotency-Key hat Zeichen oder eine Länge, die hier nicht gelten."), expected: expected)
        }
        return key
    }

    /// The device said nothing; both leaves are in the log all the same.
    private static func silence(_ view: CommandView, _ result: CommandResult) -> Problem {
        let point = view.point ?? ""
        let words =
            result == .notSent
            ? Words(
                "Nothing was sent to the device of \(point): its link is down. The attempt is on record.",
                "An das Gerät von \(point) wurde nichts gesendet: Seine Verbindung steht nicht. Der Versuch ist festgehalten."
            )
            : Words(
                "The device of \(point) did not answer, so nobody knows whether it took the value. The attempt is on record.",
                "Das Gerät von \(point) hat nicht geantwortet; ob es den Wert übernommen hat, weiß niemand. Der Versuch ist festgehalten."
            )
        return Problem(.deviceNoAnswer, words).adding(member: "command", .text("/v1/commands/\(view.id)"))
            .adding(member: "state", .text(result.name))
            .adding(member: "intentLeaf", .integer(Int(clamping: view.intent)))
            .adding(member: "outcomeLeaf", .integer(Int(clamping: view.end?.leafIndex ?? 0)))
    }
}

extension CommandView {
    /// `nil` while it runs, or for a code that a newer program wrote.
    var result: CommandResult? { end.flatMap { CommandResult(rawValue: $0.result) } }
}

extension JSONWriter {
    mutating func shown(_ name: String, _ value: ShownCommand) {
        switch value {
        case .number(let number): decimal(name, number)
        case .text(let words): text(name, words)
        case .flag(let isOn): flag(name, isOn)
        case .none: null(name)
        }
    }

    mutating func command(_ view: CommandView) {
        object { json in
            json.text("id", view.id)
            json.text("point", view.point)
            json.shown("value", view.value)
            json.text("raw", view.raw)
            json.text("reason", view.reason)
            json.instant("requestedAt", view.requestedAtMs)
            json.text("state", view.end == nil ? "running" : view.result?.name)
            if let back = view.end?.readBack {
                json.object("readBack") { json in
                    json.shown("value", back.value)
                    json.text("raw", back.raw)
                    json.instant("at", back.atMs)
                }
            } else {
                json.null("readBack")
            }
            json.text("detail", view.end.flatMap { $0.detail.isEmpty ? nil : $0.detail })
            json.instant("endedAt", view.end?.atMs)
            json.integer("intentLeaf", Int(clamping: view.intent))
            json.integer("outcomeLeaf", view.end.map { Int(clamping: $0.leafIndex) })
            json.text("actor", view.actor)
            json.flag("dryRun", false)
        }
    }

    /// The same members; what only a command that was carried out has is `null`.
    mutating func dryRun(_ request: CommandRequest, _ value: ShownCommand, raw: String?) {
        null("id")
        text("point", request.point)
        shown("value", value)
        text("raw", raw)
        text("reason", request.reason)
        null("requestedAt")
        text("state", "checked")
        null("readBack")
        null("detail")
        null("endedAt")
        null("intentLeaf")
        null("outcomeLeaf")
        text("actor", request.actor.pseudonym.description)
        flag("dryRun", true)
    }

    /// What a point takes; `null` for what is only read.
    mutating func commandRule(_ point: Point) {
        guard let rule = point.command else { return null("command") }
        let takes =
            !rule.labels.isEmpty ? "name" : point.kind == .flag ? "flag" : point.kind == .text ? "text" : "number"
        object("command") { json in
            json.text("takes", takes)
            json.decimal("min", rule.min)
            json.decimal("max", rule.max)
            json.decimal("step", rule.step)
            json.array("labels", rule.labels) { json, label in json.text(label.name) }
            json.decimal("everySeconds", ExactDecimal(mantissa: Int128(rule.everyMs), exponent: -3))
            json.flag("critical", rule.isCritical)
        }
    }
}
