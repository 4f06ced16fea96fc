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

    package func asUnownedSerialExecutor() -> UnownedSerialExecutor { UnownedSerialExecutor(ordinary: self) }

    package func checkIsolated() {
        precondition(thread.isCurrent, "called outside the executor's own thread")
    }
}
