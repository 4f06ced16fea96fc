package import Evidence
package import Hashing
import LogEntries
import Readings
package import Tangle

/// The shape of `verify --json`: the members of the gateway's API for a verdict, then facts of the file. Members are
/// always there; null means that there is none. New members may come, none goes.
extension Verdict {
    /// `file` is the name it was given by, `program` what checked it.
    package func json(file: String, sha256: Hash, program: String, language: Language = .english) -> JSON {
        .object([
            .init("verdict", .string(outcome.rawValue)),
            .init("exit", .number(exitCode)),
            .init("selfNetwork", .bool(isSelfNetwork)),
            .init("checkedBy", .string("plumbline")),
            .init("sentence", .string(sentence(language))),
            .init("bracket", bracketJSON),
            .init("steps", .array(steps.map(step))),
            .init("findings", .array(findings.map { finding($0, language) })),
            .init("card", .string(card.rawValue)),
            .init("file", .string(file)),
            .init("sha256", .string(sha256.hex)),
            .init("sizeBytes", .number(facts.sizeBytes)),
            .init("kind", text(facts.kind?.rawValue)),
            .init("origin", text(facts.origin)),
            .init("network", text(facts.network)),
            .init("from", text(facts.fromMs.map { UTCTime.text($0) })),
            .init("to", text(facts.toMs.map { UTCTime.text($0) })),
            .init("anchors", anchors),
            .init("streams", .array(facts.streams.map { .number($0) })),
            .init("counts", counts),
            .init("configurationChanges", .array(facts.configurationChanges.map { .string($0) })),
            .init("log", log),
            .init("timeStamps", .array(facts.timeStamps.map(timeStamp))),
            .init("readings", .array(facts.shown.map(\.json))),
            .init("program", .string(program)),
        ])
    }

    /// Keys, epochs and the end of the log.
    private var log: JSON {
        let history = facts.history
        let previous = history.previous.map { previous in
            JSON.object([
                .init("origin", .string(previous.origin)), .init("size", .number(previous.size)),
                .init("root", .string(previous.root.hex)),
            ])
        }
        let changes = history.keyChanges.map { change in
            JSON.object([.init("leaf", .number(change.leafIndex)), .init("key", .string(change.key))])
        }
        let doubtful = history.doubtful.map { leaves in
            JSON.object([.init("from", .number(leaves.lowerBound)), .init("to", .number(leaves.upperBound - 1))])
        }
        let end = history.end.map { end in
            JSON.object([.init("leaf", .number(end.leafIndex)), .init("next", text(end.nextOrigin))])
        }
        return .object([
            .init("previous", previous ?? .null), .init("keyChanges", .array(changes)),
            .init("doubtful", doubtful ?? .null), .init("end", end ?? .null),
        ])
    }

    private func timeStamp(_ stamp: Verdict.TimeStamp) -> JSON {
        .object([
            .init("anchor", .number(stamp.seq)), .init("at", .string(UTCTime.text(stamp.timeMs))),
            .init("latest", .string(UTCTime.text(stamp.latestMs))), .init("authority", text(stamp.authority)),
            .init("serial", .string(stamp.serial)),
        ])
    }

    private func text(_ value: String?) -> JSON { value.map { .string($0) } ?? .null }

    private var bracketJSON: JSON {
        guard let bracket else { return .null }
        return .object([
            .init("notBefore", text(bracket.notBeforeMs.map { UTCTime.text($0) })),
            .init("notAfter", .string(UTCTime.text(bracket.notAfterMs))),
        ])
    }

    private var anchors: JSON {
        guard let from = facts.fromSeq, let to = facts.toSeq else { return .null }
        return .array([.number(from), .number(to)])
    }

    private var counts: JSON {
        .object([
            .init("leaves", .number(facts.leaves)), .init("intervals", .number(facts.intervals)),
            .init("items", .number(facts.items)), .init("readings", .number(facts.readings)),
            .init("withheldItems", .number(facts.withheldItems)), .init("erasedItems", .number(facts.erasedItems)),
        ])
    }

    private func step(_ step: CheckStep) -> JSON {
        .object(
            [.init("step", .string(step.name.rawValue)), .init("state", .string(step.state.rawValue))]
                + step.facts.map { fact in
                    switch fact.value {
                    case .number(let number): .init(fact.name, .number(number))
                    case .text(let text): .init(fact.name, .string(text))
                    }
                })
    }

    private func finding(_ finding: Finding, _ language: Language) -> JSON {
        let words = finding.code.words(language)
        return .object([
            .init("code", .string(finding.code.rawValue)), .init("severity", .string(finding.code.severity.rawValue)),
            .init("about", text(finding.about)), .init("places", .number(finding.places)),
            .init("title", .string(words.title)), .init("sentence", .string(words.sentence)),
            .init("nextStep", .string(words.nextStep)),
        ])
    }
}

extension ShownReading {
    package var json: JSON {
        .object([
            .init("point", .number(point)), .init("id", id.map { .string($0) } ?? .null),
            .init("at", .string(UTCTime.text(atMs))),
            .init("sourceAt", sourceAtMs.map { .string(UTCTime.text($0)) } ?? .null),
            .init("value", value.map { .number($0.description) } ?? .null),
            .init("unit", unit.map { .string($0) } ?? .null),
            .init("raw", rawText.map { .string($0) } ?? .null),
            .init("quality", .string(quality.name)),
        ])
    }
}
