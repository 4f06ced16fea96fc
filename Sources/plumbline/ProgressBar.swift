import Evidence
import Synchronization

/// How far a check is, as a line on a terminal; nothing for a file that is checked at once.
final class ProgressBar: Sendable {
    private static let width = 30
    private let name: String
    private let isShown: Bool
    private let last = Mutex(-1)

    init(_ name: String, sizeBytes: Int) {
        self.name = name
        isShown = sizeBytes >= FileInput.progressBytesMin
    }

    var progress: Progress {
        guard isShown else { return .silent }
        return Progress { done, whole in self.show(done, whole) }
    }

    private func show(_ done: Int, _ whole: Int) {
        let percent = whole > 0 ? min(done * 100 / whole, 100) : 100
        let isNew = last.withLock { last in
            defer { last = percent }
            return last != percent
        }
        guard isNew else { return }
        let filled = percent * Self.width / 100
        let bar = String(repeating: "#", count: filled) + String(repeating: ".", count: Self.width - filled)
        Terminal.progress("checking \(name) [\(bar)] \(percent) %")
    }

    func clear() { if isShown { Terminal.progress("") } }
}
