import Disclosure
import HTTPTypes
import Readings

/// How the field side fares, and the reload of what it rests on.
extension RouteTable {
    var linkRoutes: [Route] {
        [
            Route(.get, "/v1/links") { _ in
                let links = await facility.links()
                return .json(
                    JSONWriter.object { json in
                        json.array("items", links) { json, link in json.link(link) }
                        json.null("next")
                    })
            },
            Route(.post, "/v1/configuration/reload", .grant(.costly), bodyBytesMax: 4_096) { call in
                let view = try await facility.reload(call.grant)
                var answer = Answer.json(JSONWriter.object { $0.reload(view) }, caching: .never)
                if view.waiting != nil { answer.status = 202 }
                return answer
            },
            Route(.get, "/metrics", settings.areMetricsOpen ? .open : .grant(.read)) { _ in
                Answer(
                    type: "text/plain; version=0.0.4; charset=utf-8",
                    body: .bytes(Array(await settings.metrics().utf8)), caching: .never)
            },
        ]
    }
}

extension JSONWriter {
    mutating func reload(_ view: ReloadView) {
        flag("logged", view.isLogged)
        integer("modelRevision", view.modelRevision)
        object("connections") { json in
            json.integer("kept", view.connections.kept)
            json.integer("changed", view.connections.changed)
            json.integer("started", view.connections.started)
            json.integer("ended", view.connections.ended)
        }
        guard let waiting = view.waiting else { return null("waiting") }
        object("waiting") { json in
            json.instant("from", waiting.fromMs)
            json.array("points", waiting.points) { json, point in json.text(point) }
        }
    }

    mutating func link(_ link: LinkView) {
        object { json in
            json.text("id", link.id)
            json.text("kind", link.kind.rawValue)
            json.text("address", link.address)
            json.text("state", link.state.rawValue)
            json.instant("since", link.sinceMs)
            json.integer("connects", link.connects)
            json.integer("failures", link.failures)
            json.integer("gapMs", link.bus?.gapMs)
            json.integer("timeoutMs", link.bus?.timeoutMs)
            json.milliseconds("uncertaintyMs", link.uncertaintyUs)
            json.array("units", link.units) { json, unit in json.unit(unit) }
            json.integer("messages", link.messages?.received)
            json.integer("malformed", link.messages?.malformed)
            json.integer("dropped", link.messages?.dropped)
            json.instant("lastMessageAt", link.messages?.lastAtMs)
        }
    }

    private mutating func unit(_ unit: UnitView) {
        object { json in
            json.text("device", unit.device)
            json.integer("unit", Int(unit.unit))
            json.text("state", unit.state.rawValue)
            json.instant("lastGoodAt", unit.lastGoodAtMs)
            json.object("roundTripMs") { json in
                json.milliseconds("last", unit.roundTripUs)
                json.milliseconds("max", unit.roundTripUsMax)
            }
            json.integer("requests", unit.requests)
            json.integer("answers", unit.answers)
            json.integer("timeouts", unit.timeouts)
            json.integer("exceptions", unit.exceptions)
            json.integer("garbled", unit.garbled)
            json.integer("lateAnswers", unit.lateAnswers)
            json.instant("nextProbeAt", unit.nextProbeAtMs)
            guard let learned = unit.learned else { return json.null("learned") }
            json.object("learned") { json in
                json.array("holes", learned.holes) { json, hole in
                    json.object { json in
                        json.integer("function", hole.function)
                        json.integer("from", hole.from)
                        json.integer("to", hole.to)
                    }
                }
                json.integer("maxRegisters", learned.registerCountMax)
            }
        }
    }

    /// Milliseconds from microseconds, exactly.
    private mutating func milliseconds(_ name: String, _ us: Int64?) {
        decimal(name, us.map { ExactDecimal(mantissa: Int128($0), exponent: -3) })
    }
}
