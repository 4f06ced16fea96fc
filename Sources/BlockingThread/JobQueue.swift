import Glibc

/// Jobs that wait for the thread, in the order they came.
///
/// `@unchecked Sendable`: every access to `entries` and `isClosed` lies between lock and unlock of `mutex`.
final class JobQueue: @unchecked Sendable {
    /// A job and the executor it belongs to, which must outlive it.
    struct Entry {
        let job: UnownedJob
        let executor: ThreadExecutor

        func run() { job.runSynchronously(on: executor.asUnownedSerialExecutor()) }
    }

    private let mutex: UnsafeMutablePointer<pthread_mutex_t>
    private let filled: UnsafeMutablePointer<pthread_cond_t>
    /// Entries that were taken out stay in the array until there are this many, so that taking one costs the same always.
    private static let usedMax = 1024
    private var entries: [Entry] = []
    private var head = 0
    private var isClosed = false

    init() {
        mutex = .allocate(capacity: 1)
        mutex.initialize(to: pthread_mutex_t())
        pthread_mutex_init(mutex, nil)
        filled = .allocate(capacity: 1)
        filled.initialize(to: pthread_cond_t())
        pthread_cond_init(filled, nil)
    }

    deinit {
        pthread_cond_destroy(filled)
        filled.deallocate()
        pthread_mutex_destroy(mutex)
        mutex.deallocate()
    }

    func add(_ entry: Entry) {
        pthread_mutex_lock(mutex)
        entries.append(entry)
        pthread_cond_signal(filled)
        pthread_mutex_unlock(mutex)
    }

    /// Waits for the next job; `nil` once the queue is closed and empty.
    func next() -> Entry? {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        while head == entries.count {
            if isClosed { return nil }
            pthread_cond_wait(filled, mutex)
        }
        let entry = entries[head]
        head += 1
        if head == entries.count {
            entries = []
            head = 0
        } else if head >= Self.usedMax {
            entries.removeFirst(head)
            head = 0
        }
        return entry
    }

    func close() {
        pthread_mutex_lock(mutex)
        isClosed = true
        pthread_cond_signal(filled)
        pthread_mutex_unlock(mutex)
    }
}
