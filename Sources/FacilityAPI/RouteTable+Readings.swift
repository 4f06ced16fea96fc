import Disclosure
import HTTPTypes
import Hashing
import Readings
import Tables
import TwinModel

/// Series and readings of one point.
extension RouteTable {
    /// Rows of one CSV file.
    static let csvRowsMax = 200_000

    var readingRoutes: [Route] {
        [
            Route(.get, "/v1/points/{id}/series", parameters: AskedRange.parameters + ["seconds"]) { call in
                let range = try AskedRange.read(call.query, zone: facility.zone)
                let seconds = try call.query.integer("seconds", in: 1...31_536_000, default: 900)
                let (point, series) = try await facility.series(
                    point: call.segment("id"), range: range, seconds: seconds, grant: call.grant)
                return .json(json(point, series))
            },
            Route(
                .get, "/v1/points/{id}/readings",
                parameters: AskedRange.parameters + ["quality", "order", "limit", "cursor", "format", "dialect"]
            ) { call in try await readings(call) },
        ]
    }

    private func json(_ point: Point, _ series: Series) -> [UInt8] {
        JSONWriter.object { json in
            json.text("point", point.id)
            json.text("unit", point.unit)
            json.instant("from", series.fromMs)
            json.instant("to", series.toMs)
            json.text("timeZone", facility.zone.name)
            json.integer("seconds", series.seconds)
            json.array("buckets", series.buckets) { json, bucket in
                json.object { json in
                    json.instant("start", bucket.startMs)
                    json.decimal("min", bucket.min)
                    json.decimal("max", bucket.max)
                    json.decimal("mean", bucket.mean)
                    json.integer("count", bucket.count)
                    json.integer("expected", bucket.expected)
                    json.text("quality", bucket.quality.name)
                }
            }
            json.array("gaps", series.gaps) { json, gap in json.gap(gap) }
        }
    }

    private func readings(_ call: Call) async throws -> Answer {
        let page = try Page(call, nowMs: facility.nowMs)
        let format = try page.query.word("format", [("json", MediaType.json), ("csv", .csv)])
        let type = try format ?? MediaType.negotiate(accept: call.header("accept"), offered: [.json, .csv])
        let today = facility.zone.range(of: facility.zone.day(atMs: facility.nowMs))
        let asked = try AskedRange.read(page.query, zone: facility.zone, standard: today)
        var question = ReadingsQuestion(
            point: call.segment("id"),
            range: asked.lowerBound..<max(asked.lowerBound + 1, min(asked.upperBound, page.pinnedMs + 1)),
            limit: page.limit)
        question.qualities = try page.query.words("quality", Quality.allCases.map { ($0.name, $0) })
        question.isDescending = try page.query.word("order", [("asc", false), ("desc", true)]) ?? false
        question.after = try page.after.map { text in
            guard let instant = Int64(text) else { throw Refusal.cursorUnreadable }
            return instant
        }
        let dialect = try page.query.word("dialect", [("de", CSVWriter.Dialect.de)]) ?? .standard
        if type == .csv { return try await csv(call, question, dialect, asked) }
        let (items, hasMore) = try await facility.readings(question, grant: call.grant)
        let next = hasMore ? items.last.map { page.next(after: String($0.reading.capturedAtMs)) } : nil
        return page.answer(items, next: next) { json, view in json.reading(view) }.adding("Vary", "Accept")
    }

    /// The whole range in one file: a spreadsheet follows no links.
    private func csv(
        _ call: Call, _ question: ReadingsQuestion, _ dialect: CSVWriter.Dialect, _ range: Range<Int64>
    ) async throws -> Answer {
        var question = question
        question.limit = Self.csvRowsMax
        let (items, hasMore) = try await facility.readings(question, grant: call.grant)
        guard !hasMore else {
            throw Problem(
                .rangeTooLong,
                Words(
                    "The range has more than \(Self.csvRowsMax) rows. Ask for a part of it.",
                    "Der Zeitraum hat mehr als \(Self.csvRowsMax) Zeilen. Fragen Sie einen Teil davon an."))
        }
        var csv = CSVWriter(
            dialect,
            columns: [
                "at_utc", "at_local", "utc_offset", "point", "value", "raw", "unit", "quality", "source_utc", "k",
                "proof",
            ])
        let zone = facility.zone
        for item in items {
            let at = item.reading.capturedAtMs
            csv.plain(UTCTime.text(at))
            csv.plain(zone.localText(at))
            csv.plain(zone.offsetText(at))
            csv.text(item.point.id)
            switch item.value {
            case .number(let number): csv.decimal(number)
            case .text(let text): csv.text(text)
            case .none: csv.plain("")
            }
            if case .text(let raw) = item.reading.value {
                csv.text(raw)
            } else {
                csv.plain(item.reading.value.shownText ?? "")
            }
            csv.text(item.point.unit)
            csv.plain(item.reading.quality.name)
            csv.plain(item.reading.sourceAtMs.map { UTCTime.text($0) } ?? "")
            csv.integer(Int(clamping: item.k))
            csv.plain(item.proof.rawValue)
            csv.endRow()
        }
        let building = try await facility.about().building
        let days = [range.lowerBound, range.upperBound].map { zone.localText($0).prefix(16).filter { $0 != ":" } }
        let name =
            "\(building)-\(question.point)-\(days.joined(separator: "-to-"))-\(zone.name.map { $0 == "/" ? "-" : String($0) }.joined()).csv"
        return Answer(type: "text/csv; charset=utf-8; header=present", body: .bytes(csv.bytes))
            .adding("Content-Disposition", "attachment; filename=\"\(name)\"")
            .adding("Repr-Digest", Answer.digest(sha256(csv.bytes))).adding("Vary", "Accept")
    }
}
