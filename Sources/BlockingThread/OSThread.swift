import Glibc

/// A thread of the operating system that runs one closure.
struct OSThread: Sendable {
    private let id: pthread_t

    /// Starts at once. Having no thread left for an executor is a state the daemon cannot work in, so that stops it.
    init(name: String, stackBytes: Int, body: @escaping @Sendable () -> Void) {
        var attributes = pthread_attr_t()
        pthread_attr_init(&attributes)
        defer { pthread_attr_destroy(&attributes) }
        pthread_attr_setstacksize(&attributes, stackBytes)
        let box = Unmanaged.passRetained(Body(name: name, body))
        var id = pthread_t()
        let code = pthread_create(
            &id, &attributes,
            { argument in
                if let argument { Unmanaged<Body>.fromOpaque(argument).takeRetainedValue().run() }
                return nil
            }, box.toOpaque())
        precondition(code == 0, "the system gives no thread: error \(code)")
        self.id = id
    }

    var isCurrent: Bool { pthread_equal(pthread_self(), id) != 0 }

    /// Waits until the closure has returned. On the thread itself it only lets go, because nobody can wait for themselves.
    func end() {
        if isCurrent {
            pthread_detach(id)
        } else {
            pthread_join(id, nil)
        }
    }

    private final class Body: Sendable {
        private let name: String
        private let body: @Sendable () -> Void

        init(name: String, _ body: @escaping @Sendable () -> Void) {
            self.name = name
            self.body = body
        }

        func run() {
            tellName()
            body()
        }

        /// For `ps -T` only: a thread without a name works as well, so failures do not matter.
        private func tellName() {
            let file = open("/proc/thread-self/comm", O_WRONLY | O_CLOEXEC)
            guard file >= 0 else { return }
            let bytes = Array(name.utf8.prefix(15))
            _ = write(file, bytes, bytes.count)
            close(file)
        }
    }
}
