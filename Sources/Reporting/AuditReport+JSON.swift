import Evidence
import Readings
package import Tangle

/// The shape of `audit --json`: `verdict` is that of `verify --json`; every other member counts what the file holds and is
/// null when nothing was authenticated. New members may come, none goes.
extension AuditReport {
    package var json: JSON {
        let verdict = verdict.json(file: file, sha256: sha256, program: program, language: language)
        var members: [JSON.Member] = [
            .init("audit", .number(1)), .init("exit", .number(exitCode)), .init("verdict", verdict),
        ]
        members += survey.map(counted) ?? Self.countedNames.map { .init($0, .null) }
        members.append(.init("notProven", .array(sentences(notProven))))
        return .object(members)
    }

    private static let countedNames = [
        "scope", "notShown", "intervals", "gaps", "clockSteps", "entries", "parts", "streams", "points", "erasures",
        "changes",
    ]

    private func counted(_ survey: PeriodSurvey) -> [JSON.Member] {
        let values: [JSON] = [
            scope(survey.scope), .array(survey.unknown.map { .string($0) }), intervals(survey),
            .array(survey.gaps.map { gap($0, survey.periodMs) }), .array(survey.clockSteps.map(clockStep)),
            entries(survey.leaves), .array(partsJSON(survey)), .array(survey.streams.map(stream)),
            .array(survey.points.map(point)), .array(survey.erasures.map(erasure)), .array(survey.changes.map(change)),
        ]
        return zip(Self.countedNames, values).map { JSON.Member($0, $1) }
    }

    private func sentences(_ section: ReportDocument.Section) -> [JSON] {
        section.blocks.flatMap { block -> [JSON] in
            if case .list(let lines) = block { lines.map { .string($0) } } else { [] }
        }
    }

    private func scope(_ scope: PeriodSurvey.Scope) -> JSON {
        .object([
            .init("whole", .bool(scope.isWhole)),
            .init("streams", .array(scope.streams.sorted().map { .number($0) })),
            .init("points", .array(scope.points.sorted().map { .string($0) })),
            .init("entities", .array(scope.entities.sorted().map { .string($0) })),
        ])
    }

    private func intervals(_ survey: PeriodSurvey) -> JSON {
        .object([
            .init("periodMs", .number(survey.periodMs)),
            .init("first", survey.asked.map { .number($0.lowerBound) } ?? .null),
            .init("last", survey.asked.map { .number($0.upperBound) } ?? .null),
            .init("expected", .number(survey.expectedIntervals)), .init("logged", .number(survey.heldIntervals)),
            .init("declaredMissing", .number(survey.gapIntervals)),
        ])
    }

    private func gap(_ gap: PeriodSurvey.Gap, _ periodMs: UInt64) -> JSON {
        .object([
            .init("from", .string(instant(k: gap.kFrom, periodMs: periodMs))),
            .init("to", .string(instant(k: gap.kTo &+ 1, periodMs: periodMs))), .init("kFrom", .number(gap.kFrom)),
            .init("kTo", .number(gap.kTo)), .init("cause", .number(gap.cause)), .init("entry", .number(gap.leaf)),
        ])
    }

    private func clockStep(_ step: PeriodSurvey.ClockStep) -> JSON {
        .object([
            .init("at", time(Int64(clamping: step.atMs))), .init("stepMs", .number(step.stepMs)),
            .init("entry", .number(step.leaf)),
        ])
    }

    private func entries(_ leaves: PeriodSurvey.LeafCounts) -> JSON {
        .object([
            .init("events", .number(leaves.events)), .init("commands", .number(leaves.commands)),
            .init("configurations", .number(leaves.configurations)), .init("accesses", .number(leaves.accesses)),
            .init("snapshots", .number(leaves.snapshots)), .init("restarts", .number(leaves.restarts)),
            .init("keys", .number(leaves.keys)), .init("opened", .number(leaves.opened)),
        ])
    }

    /// Bounds are stated only for a file that holds.
    private func partsJSON(_ survey: PeriodSurvey) -> [JSON] {
        zip(survey.segments, parts(survey)).map { segment, part in
            let isStated = verdict.exitCode == 0
            return .object([
                .init("entries", .array([.number(segment.firstLeaf), .number(segment.size - 1)])),
                .init("from", time(part.fromMs)), .init("to", time(part.toMs)),
                .init("notBefore", time(isStated ? part.notBeforeMs : nil)),
                .init("notAfter", time(isStated ? part.notAfterMs : nil)),
            ])
        }
    }

    private func stream(_ count: PeriodSurvey.StreamCount) -> JSON {
        .object([
            .init("stream", .number(count.stream)), .init("class", count.className.map { .string($0) } ?? .null),
            .init("disclosed", .bool(count.isDisclosed)), .init("expectedItems", .number(count.expectedItems)),
            .init("shownItems", .number(count.shownItems)), .init("withheldItems", .number(count.withheldItems)),
            .init("erasedItems", .number(count.erasedItems)),
        ])
    }

    private func point(_ count: PeriodSurvey.PointCount) -> JSON {
        .object([
            .init("point", .number(count.point)), .init("id", .string(count.id)),
            .init("stream", .number(count.stream)),
            .init("unit", .string(count.unit)), .init("expectedIntervals", .number(count.expectedIntervals)),
            .init("receivedIntervals", .number(count.receivedIntervals)), .init("readings", .number(count.readings)),
            .init("late", .number(count.late)), .init("withoutValue", .number(count.withoutValue)),
            .init(
                "qualities",
                .object(Quality.allCases.map { .init($0.name, .number(count.qualities[Int($0.rawValue)])) })),
        ])
    }

    private func erasure(_ erasure: PeriodSurvey.Erasure) -> JSON {
        .object([
            .init("stream", .number(erasure.stream)), .init("kFrom", .number(erasure.kFrom)),
            .init("kTo", .number(erasure.kTo)), .init("legalBasis", .number(erasure.legalBasis)),
            .init("entry", .number(erasure.leaf)),
        ])
    }

    private func change(_ change: PeriodSurvey.ScaleChange) -> JSON {
        .object([
            .init("entry", .number(change.leaf)), .init("at", time(Int64(clamping: change.atMs))),
            .init("point", .number(change.point)), .init("id", .string(change.id)),
            .init("before", side(change.oldScale, change.oldUnit)),
            .init("after", side(change.newScale, change.newUnit)),
        ])
    }

    private func side(_ scale: Scale, _ unit: String) -> JSON {
        .object([
            .init("unit", .string(unit)), .init("mantissa", .number(scale.mantissa)),
            .init("exponent", .number(scale.exponent)), .init("offsetMantissa", .number(scale.offsetMantissa)),
            .init("offsetExponent", .number(scale.offsetExponent)),
        ])
    }

    private func time(_ ms: Int64?) -> JSON { ms.map { .string(UTCTime.text($0)) } ?? .null }
}
