/// Who does work side by side. This room starts no threads: whoever calls the check says how many there are and runs them.
package struct Workers: Sendable {
    /// From 1.
    package let count: Int
    /// Calls its closure with every number below the given one, each once, and comes back when all are done.
    package let each: @Sendable (Int, @Sendable (Int) -> Void) -> Void

    package init(count: Int, each: @escaping @Sendable (Int, @Sendable (Int) -> Void) -> Void) {
        self.count = max(1, count)
        self.each = each
    }

    /// One after the other, in the caller's thread.
    package static let none = Workers(count: 1) { count, body in for number in 0..<count { body(number) } }

    /// The answers in their order.
    func map<Value: Sendable>(_ count: Int, _ body: @Sendable (Int) -> Value) -> [Value] {
        guard count > 1, self.count > 1 else { return (0..<count).map(body) }
        return [Value](unsafeUninitializedCapacity: count) { target, filled in
            // Each place is written by one worker alone.
            nonisolated(unsafe) let target = target
            each(count) { number in (target.baseAddress! + number).initialize(to: body(number)) }
            filled = count
        }
    }
}

/// How far a check is, told to whoever waits for it.
package struct Progress: Sendable {
    /// Bytes that were done of bytes that are to be done; each byte of a period file is read twice.
    package let tell: @Sendable (_ done: Int, _ of: Int) -> Void

    package init(_ tell: @escaping @Sendable (_ done: Int, _ of: Int) -> Void) { self.tell = tell }

    package static let silent = Progress { _, _ in }
}
