import Hashing
import LogEntries
import Readings

/// A sound configuration, laid out for reading many items.
final class PreparedConfig: Sendable {
    struct Stream: Sendable {
        let config: ConfigStream
        let kinds: PointKinds
        /// Its readings are counted in the interval's leaf.
        let isPlain: Bool
    }

    let view: ConfigView
    /// By place; nil where the row is hidden.
    let streams: [Stream?]

    init(_ view: ConfigView) {
        self.view = view
        streams = view.streams.map { stream in
            stream.map {
                Stream(
                    config: $0, kinds: PointKinds($0.rows.map { ($0.point, $0.kind) }),
                    isPlain: $0.privacyClass == PrivacyClass.none)
            }
        }
    }

    func stream(_ place: Int) -> Stream? { place < streams.count ? streams[place] : nil }
}
