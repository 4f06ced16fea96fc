/// One OS thread as an actor's executor, so that a C call that blocks holds up nobody but its own actor.
///
/// An actor keeps the executor in a stored property and returns `asUnownedSerialExecutor()` from `unownedExecutor`. Jobs run
/// one after the other in the order they came. When the last reference goes away, the thread finishes the jobs it has and
/// ends; whoever let go waits for that, unless it is the thread itself.
package final class ThreadExecutor: SerialExecutor {
    private let queue: JobQueue
    private let thread: OSThread

    /// - Parameters:
    ///   - name: what `ps -T` shows, cut to 15 bytes.
    ///   - stackBytes: at least 64 KiB; only pages that are touched take memory.
    package init(name: String, stackBytes: Int = 512 * 1024) {
        let queue = JobQueue()
        self.queue = queue
        thread = OSThread(name: name, stackBytes: max(stackBytes, 64 * 1024)) {
            while let entry = queue.next() { entry.run() }
        }
    }

    deinit {
        queue.close()
        thread.end()
    }

    package func enqueue(_ job: consuming ExecutorJob) {
        queue.add(JobQueue.Entry(job: UnownedJob(job), executor: self))
    }

    /// Returns after so many milliseconds, at least 0 and less than a century, or throws `CancellationError` when the task is
    /// cancelled.
    ///
    /// For this executor's own actor: the thread itself waits, where `Task.sleep` would wake two others for each wait.
    package func sleep(ms: Int64, isolation: isolated (any Actor)? = #isolation) async throws {
        try Task.checkCancellation()
        let number = queue.nextAlarm()
        let atUs = monotonicNowUs() + min(max(ms, 0), Self.sleepMsMax) * 1_000
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                queue.set(JobQueue.Alarm(number: number, atUs: atUs, continuation: continuation))
                // The handler may have come before there was anything to call off.
                if Task.isCancelled { queue.callOff(number) }
            }
        } onCancel: {
            queue.callOff(number)
        }
    }

    private static let sleepMsMax: Int64 = 3_155_760_000_000

    package func asUnownedSerialExecutor() -> UnownedSerialExecutor { UnownedSerialExecutor(ordinary: self) }

    package func checkIsolated() {
        precondition(thread.isCurrent, "called outside the executor's own thread")
    }
}
