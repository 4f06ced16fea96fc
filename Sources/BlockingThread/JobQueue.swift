import Glibc

/// Jobs that wait for the thread, in the order they came, and tasks that wait for an instant.
///
/// `@unchecked Sendable`: every access to `entries`, `alarms` and `isClosed` lies between lock and unlock of `mutex`.
final class JobQueue: @unchecked Sendable {
    /// A job and the executor it belongs to, which must outlive it.
    struct Entry {
        let job: UnownedJob
        let executor: ThreadExecutor

        func run() { job.runSynchronously(on: executor.asUnownedSerialExecutor()) }
    }

    /// Who wants to go on at an instant.
    struct Alarm {
        let number: UInt64
        /// Microseconds of the monotonic clock.
        let atUs: Int64
        let continuation: CheckedContinuation<Void, any Error>
    }

    private let mutex: UnsafeMutablePointer<pthread_mutex_t>
    private let filled: UnsafeMutablePointer<pthread_cond_t>
    /// Entries that were taken out stay in the array until there are this many, so that taking one costs the same always.
    private static let usedMax = 1024
    private var entries: [Entry] = []
    private var head = 0
    /// A few at most: those of the one actor.
    private var alarms: [Alarm] = []
    private var lastAlarm: UInt64 = 0
    private var isClosed = false

    init() {
        mutex = .allocate(capacity: 1)
        mutex.initialize(to: pthread_mutex_t())
        pthread_mutex_init(mutex, nil)
        filled = .allocate(capacity: 1)
        filled.initialize(to: pthread_cond_t())
        var attributes = pthread_condattr_t()
        pthread_condattr_init(&attributes)
        pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC)
        pthread_cond_init(filled, &attributes)
        pthread_condattr_destroy(&attributes)
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

    /// A number for an alarm that is not set yet.
    func nextAlarm() -> UInt64 {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        lastAlarm += 1
        return lastAlarm
    }

    func set(_ alarm: Alarm) {
        pthread_mutex_lock(mutex)
        alarms.append(alarm)
        pthread_cond_signal(filled)
        pthread_mutex_unlock(mutex)
    }

    /// Ends an alarm early with `CancellationError`; one that has gone off or is not set is left alone.
    func callOff(_ number: UInt64) {
        pthread_mutex_lock(mutex)
        let index = alarms.firstIndex { $0.number == number }
        let alarm = index.map { alarms.remove(at: $0) }
        pthread_mutex_unlock(mutex)
        alarm?.continuation.resume(throwing: CancellationError())
    }

    /// Waits for the next job, and lets go on whose instant comes meanwhile; `nil` once the queue is closed and empty.
    func next() -> Entry? {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        while true {
            goOn()
            if head < entries.count { break }
            if isClosed { return nil }
            wait()
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

    /// Resumes those whose instant has come. The lock is let go for that, because what goes on comes back as a job.
    private func goOn() {
        if alarms.isEmpty { return }
        let nowUs = monotonicNowUs()
        let due = alarms.filter { $0.atUs <= nowUs }
        if due.isEmpty { return }
        alarms.removeAll { $0.atUs <= nowUs }
        pthread_mutex_unlock(mutex)
        for alarm in due { alarm.continuation.resume() }
        pthread_mutex_lock(mutex)
    }

    private func wait() {
        guard let atUs = alarms.map(\.atUs).min() else {
            pthread_cond_wait(filled, mutex)
            return
        }
        var until = timespec(tv_sec: Int(atUs / 1_000_000), tv_nsec: Int(atUs % 1_000_000) * 1_000)
        pthread_cond_timedwait(filled, mutex, &until)
    }

    func close() {
        pthread_mutex_lock(mutex)
        isClosed = true
        pthread_cond_signal(filled)
        pthread_mutex_unlock(mutex)
    }
}
