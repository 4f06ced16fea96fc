internal import LedgerStore
internal import Readings
internal import TwinModel

/// What the flow tells the API's event stream. Ids and words here hold nothing that JSON would have to escape.
extension NewEvent {
    static func quality(_ change: TwinChange, point: String) -> NewEvent {
        let at = UTCTime.text(change.reading.capturedAtMs)
        return NewEvent(
            kind: "quality", points: [point],
            json: """
                {"point":"\(point)","from":"\(change.before.name)","to":"\(change.reading.quality.name)","at":"\(at)"}
                """)
    }

    static func seal(_ sealed: Sealed) -> NewEvent {
        NewEvent(kind: "seal", json: #"{"k":\#(sealed.k),"leafIndex":\#(sealed.leafIndex),"size":\#(sealed.size)}"#)
    }

    static func change(revision: UInt64) -> NewEvent {
        NewEvent(kind: "change", json: #"{"revision":\#(revision)}"#)
    }

    /// Intervals from `k` up to, not including, `end`.
    static func gap(_ k: UInt64, _ end: UInt64, cause: String, periodMs: UInt64) -> NewEvent {
        let from = UTCTime.text(Int64(clamping: k * periodMs))
        let to = UTCTime.text(Int64(clamping: end * periodMs))
        return NewEvent(kind: "gap", json: #"{"from":"\#(from)","to":"\#(to)","cause":"\#(cause)"}"#)
    }

    static func disk(_ state: String) -> NewEvent {
        NewEvent(kind: "alarm", json: #"{"alarm":"disk","state":"\#(state)"}"#)
    }

    static func overload(_ event: OverloadEpisodes.Event) -> NewEvent {
        let from = UTCTime.text(event.fromMs)
        let to = UTCTime.text(event.toMs)
        return NewEvent(
            kind: "alarm",
            json: """
                {"alarm":"overload","queue":"\(event.place.queue)","policy":"\(event.place.policy)",\
                "state":"\(event.phase.rawValue)","count":\(event.count),"total":\(event.total),\
                "from":"\(from)","to":"\(to)"}
                """)
    }
}
