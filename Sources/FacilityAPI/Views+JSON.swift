import Disclosure
import Evidence
import Hashing
import Readings
import TwinModel

/// How the domain's values are written as JSON; nothing here decides anything.
extension JSONWriter {
    mutating func value(_ name: String, _ value: ShownValue) {
        switch value {
        case .number(let number): decimal(name, number)
        case .text(let words): text(name, words)
        case .none: null(name)
        }
    }

    mutating func entity(_ view: EntityView) {
        object { json in
            json.text("id", view.entity.id)
            json.text("type", view.entity.type)
            json.text("label", view.entity.label)
            json.array("relations", view.entity.relations) { json, relation in
                json.object { json in
                    json.text("kind", relation.kind.rawValue)
                    json.text("target", relation.target)
                }
            }
            json.object("annotations") { json in
                for annotation in view.entity.annotations {
                    json.object(annotation.name) { json in
                        for field in annotation.fields { json.text(field.name, field.value) }
                    }
                }
            }
            json.array("points", view.points) { json, id in json.text(id) }
        }
    }

    /// The members that lists and single points share.
    mutating func pointFacts(_ view: PointView) {
        let point = view.point
        text("id", point.id)
        integer("number", view.number.map { Int($0.rawValue) })
        text("entity", point.entity)
        text("type", point.type)
        text("unit", point.unit)
        text("nature", point.nature.rawValue)
        text("privacy", point.privacy.rawValue)
        integer("expectedSeconds", point.expectedSeconds.map { Int($0) })
    }

    mutating func pointRow(_ view: PointView) {
        object { json in
            json.pointFacts(view)
            if let latest = view.state?.latest {
                json.object("last") { json in
                    json.instant("at", latest.capturedAtMs)
                    json.value("value", view.value)
                    json.text("quality", latest.quality.name)
                }
            } else {
                json.null("last")
            }
            json.text("quality", view.quality.name)
            json.instant("since", view.state?.sinceMs)
            json.text("device", view.point.binding.device)
        }
    }

    mutating func point(_ current: Facility.CurrentPoint) {
        object { json in
            json.pointFacts(current.view)
            json.object("source") { json in
                json.text("device", current.view.point.binding.device)
                json.text("profile", current.view.point.binding.profile)
                json.text("register", current.view.point.binding.profilePoint)
            }
            if let state = current.view.state, let latest = state.latest {
                json.object("current") { json in
                    json.instant("at", latest.capturedAtMs)
                    json.value("value", current.view.value)
                    json.text("raw", latest.value.shownText)
                    json.text("quality", state.quality.name)
                    json.text("proof", current.proof?.rawValue)
                }
            } else {
                json.null("current")
            }
            json.integer("revision", current.revision)
            json.integer("stream", current.stream.map { Int($0.rawValue) })
            json.text("quality", current.view.quality.name)
            json.instant("since", current.view.state?.sinceMs)
            json.commandRule(current.view.point)
        }
    }

    mutating func reading(_ view: ReadingView) {
        object { json in
            json.text("point", view.point.id)
            json.instant("at", view.reading.capturedAtMs)
            json.instant("sourceAt", view.reading.sourceAtMs)
            json.value("value", view.value)
            json.text("raw", view.reading.value.shownText)
            json.text("unit", view.point.unit)
            json.text("quality", view.reading.quality.name)
            json.integer("k", Int(clamping: view.k))
            json.text("proof", view.proof.rawValue)
        }
    }

    mutating func gap(_ gap: Gap) {
        object { json in
            json.instant("from", gap.fromMs)
            json.instant("to", gap.toMs)
            json.text("cause", gap.cause.name)
        }
    }

    mutating func completeness(_ row: CompletenessRow) {
        object { json in
            json.integer("stream", Int(row.stream.rawValue))
            json.text("day", row.day.description)
            json.decimal("hours", row.hours)
            json.integer("expected", row.expected)
            json.integer("received", row.received)
            json.integer("late", row.late)
            json.integer("estimated", row.estimated)
            json.integer("clockSteps", row.clockSteps)
            json.array("gaps", row.gaps) { json, gap in json.gap(gap) }
            json.text("proof", row.proof.rawValue)
            json.text("name", row.name)
        }
    }

    mutating func anchor(_ view: AnchorView) {
        object { json in
            json.integer("seq", Int(clamping: view.seq))
            json.text("state", view.state.rawValue)
            json.integer("size", Int(clamping: view.size))
            json.text("root", view.root.hex)
            json.text("block", view.block)
            if let index = view.milestoneIndex {
                json.object("milestone") { json in
                    json.integer("index", index)
                    json.instant("at", view.milestoneAtMs)
                }
            } else {
                json.null("milestone")
            }
            json.instant("waitingSince", view.waitingSinceMs)
        }
    }

    mutating func revision(_ view: RevisionView) {
        object { json in
            json.text("kind", "model")
            json.integer("revision", Int(clamping: view.revision))
            json.instant("at", view.atMs)
            json.text("hash", view.hash.hex)
            json.array("changes", view.changes) { json, change in
                json.object { json in
                    json.text("change", change.kind.rawValue)
                    json.text("subject", change.subject.rawValue)
                    json.text("id", change.id)
                    json.array("fields", change.fields) { json, field in
                        json.object { json in
                            json.text("name", field.name)
                            json.text("from", field.from)
                            json.text("to", field.to)
                        }
                    }
                }
            }
        }
    }
}
