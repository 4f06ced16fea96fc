internal import CanonicalCBOR
internal import LedgerStore
internal import LogEntries
internal import Readings
internal import TwinModel

/// What queues have lost stands in the log.
extension CaptureFlow {
    /// One event for each episode that begins, goes on or ends, at most one a minute and queue. A building without a stream of
    /// class `none` has no place for it in the log: then only the API's event stream tells.
    func tellOverload() async throws {
        let batches = await keeper.droppedBatches
        intake.losses.note(
            .twinSubscriber, count: batches - droppedBatches, atMs: Int64(clamping: clock.wallMs()))
        droppedBatches = batches
        let monoMs = clock.monoMs()
        overload.note(intake.losses.take(), monoMs: monoMs)
        for event in overload.due(monoMs: monoMs) {
            if let (stream, point) = await writer.publicPlace(for: event.point) {
                _ = try await writer.appendEvent(event.payload(point: point), stream: stream)
                counts.overloadEvents += 1
            }
            overload.wasTold(event, monoMs: monoMs)
            events.append(.overload(event))
        }
    }
}

extension LogWriter {
    /// The stream of class `none` where an event about a point stands, and the point if it is one of that stream: a point of
    /// another class is not named in the open. `nil` when there is no such stream.
    func publicPlace(for point: PointNumber?) -> (StreamNumber, PointNumber?)? {
        if let point, let stream = configuration.streamOf[point], configuration.publicStreams.contains(stream) {
            return (stream, point)
        }
        return configuration.publicStreams.min().map { ($0, nil) }
    }
}

extension OverloadEpisodes.Event {
    /// As in `Docs/operate.md`.
    func payload(point: PointNumber?) -> EventPayload {
        EventPayload(
            kind: "overload", point: point,
            details: [
                EventPayload.Detail(name: "queue", value: .text(place.queue)),
                EventPayload.Detail(name: "policy", value: .text(place.policy)),
                EventPayload.Detail(name: "phase", value: .text(phase.rawValue)),
                EventPayload.Detail(name: "count", value: .unsigned(count)),
                EventPayload.Detail(name: "total", value: .unsigned(total)),
                EventPayload.Detail(name: "fromMs", value: .int(fromMs)),
                EventPayload.Detail(name: "toMs", value: .int(toMs)),
            ])
    }
}
