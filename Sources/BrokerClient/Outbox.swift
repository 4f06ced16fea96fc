package import BlockingThread
import Synchronization

/// Messages on their way to a broker: filled from any thread, emptied by the loop that owns the connection.
///
/// A message that somebody waits for carries a ticket. A ticket is settled once: by the broker's answer, by the end of the
/// connection, or by its deadline, and after that the message is not sent any more.
package final class Outbox: Sendable {
    package struct Entry {
        let message: MQTTMessage
        let ticket: UInt64?
        /// What is left of the sender's patience when it was put in, seconds, rounded up; `nil` without a ticket.
        let expirySeconds: UInt32?
    }

    private enum Ticket {
        case waiting
        case awaited(CheckedContinuation<MQTTError?, Never>)
        case settled(MQTTError?)
    }

    private struct State {
        var entries: [Entry] = []
        /// Entries before this one were taken; they stay until there are enough of them, so that taking one costs the same always.
        var head = 0
        var sizeBytes = 0

        var count: Int { entries.count - head }

        mutating func pop() -> Entry? {
            guard head < entries.count else { return nil }
            let entry = entries[head]
            head += 1
            sizeBytes -= entry.message.payload.count
            if head == entries.count || head >= Outbox.takenMax {
                entries.removeFirst(head)
                head = 0
            }
            return entry
        }
        var tickets: [UInt64: Ticket] = [:]
        var lastTicket: UInt64 = 0
    }

    /// Messages, and bytes of their payloads, that may wait for the broker.
    package static let countMax = 4096
    package static let sizeBytesMax = 16 << 20
    private static let takenMax = 1024

    package let wake = WakePipe()
    private let state = Mutex(State())

    package init() {}

    /// False when it is full; the message is not sent then. Never blocks.
    package func put(_ message: MQTTMessage) -> Bool {
        let isTaken = state.withLock { Self.append(Entry(message: message, ticket: nil, expirySeconds: nil), to: &$0) }
        wake.wake()
        return isTaken
    }

    /// Returns when the broker has taken the message.
    package func send(_ message: MQTTMessage, withinMs: Int) async throws(MQTTError) {
        let ms = max(1, withinMs)
        let ticket: UInt64? = state.withLock { state in
            state.lastTicket += 1
            let entry = Entry(
                message: message, ticket: state.lastTicket, expirySeconds: UInt32(clamping: (ms + 999) / 1_000))
            guard Self.append(entry, to: &state) else { return nil }
            state.tickets[state.lastTicket] = .waiting
            return state.lastTicket
        }
        guard let ticket else { throw .queueFull }
        wake.wake()
        async let _: Void = expire(ticket, afterMs: ms)
        let failure = await withCheckedContinuation { continuation in
            let settled: MQTTError?? = state.withLock { state in
                if case .settled(let failure)? = state.tickets[ticket] { return .some(failure) }
                state.tickets[ticket] = .awaited(continuation)
                return nil
            }
            if let settled { continuation.resume(returning: settled) }
        }
        state.withLock { _ = $0.tickets.removeValue(forKey: ticket) }
        if let failure { throw failure }
    }

    /// The oldest entry; those nobody waits for any more are left out.
    package func take() -> Entry? {
        state.withLock { state in
            while let entry = state.pop() {
                guard let ticket = entry.ticket, !Self.isOpen(ticket, state) else { return entry }
            }
            return nil
        }
    }

    package var isEmpty: Bool { state.withLock { $0.count == 0 } }

    /// The answer to a ticket; a second one is not heard.
    func settle(_ ticket: UInt64, _ failure: MQTTError?) {
        let continuation: CheckedContinuation<MQTTError?, Never>? = state.withLock { state in
            switch state.tickets[ticket] {
            case .waiting?:
                state.tickets[ticket] = .settled(failure)
                return nil
            case .awaited(let continuation)?:
                state.tickets[ticket] = .settled(failure)
                return continuation
            case .settled?, nil: return nil
            }
        }
        continuation?.resume(returning: failure)
    }

    /// Every ticket fails and its message is not sent; what nobody waits for stays.
    package func failAll(_ error: MQTTError) {
        let tickets = state.withLock { state in
            state.entries.removeFirst(state.head)
            state.head = 0
            state.entries.removeAll { $0.ticket != nil }
            state.sizeBytes = state.entries.reduce(0) { $0 + $1.message.payload.count }
            return Array(state.tickets.keys)
        }
        for ticket in tickets { settle(ticket, error) }
    }

    private func expire(_ ticket: UInt64, afterMs: Int) async {
        // When the sleep is cut short the sender has its answer already, or does not want one.
        try? await Task.sleep(for: .milliseconds(afterMs))
        settle(ticket, .noAnswer(afterMs: afterMs))
    }

    private static func append(_ entry: Entry, to state: inout State) -> Bool {
        let size = entry.message.payload.count
        guard state.count < countMax, state.sizeBytes + size <= sizeBytesMax else { return false }
        state.entries.append(entry)
        state.sizeBytes += size
        return true
    }

    private static func isOpen(_ ticket: UInt64, _ state: State) -> Bool {
        switch state.tickets[ticket] {
        case .waiting?, .awaited?: true
        case .settled?, nil: false
        }
    }
}

/// What of an outbox is under way on one connection. Belongs to the thread of the connection.
package struct Sending {
    /// Publications with QoS 1 and 2 that the broker has not answered yet, at most.
    private static let openCountMax = 64
    private static let batchMax = 256

    private let outbox: Outbox
    /// Ticket by packet id.
    private var tickets: [Int32: UInt64] = [:]
    /// Packet ids of QoS 1 and 2 without an answer.
    private var open: Set<Int32> = []

    package init(_ outbox: Outbox) { self.outbox = outbox }

    /// Somebody waits for a message that the broker may or may not have.
    package var hasOpenTickets: Bool { !tickets.isEmpty }
    package var isIdle: Bool { open.isEmpty && outbox.isEmpty }

    /// Sends what waits, as far as the socket and the broker keep up, and passes the broker's answers on.
    package mutating func step(_ link: BrokerLink) throws(MQTTError) {
        for (id, code) in link.takeTaken() {
            open.remove(id)
            guard let ticket = tickets.removeValue(forKey: id) else { continue }
            outbox.settle(ticket, code == 0 ? nil : code == 16 ? .nobodyListens : .refused(code: code))
        }
        var sent = 0
        while sent < Self.batchMax, open.count < Self.openCountMax, !link.isCrowded {
            guard let entry = outbox.take() else { return }
            sent += 1
            do throws(MQTTError) {
                let id = try link.publish(entry.message, expirySeconds: entry.expirySeconds)
                if let ticket = entry.ticket { tickets[id] = ticket }
                if entry.message.qos > 0 { open.insert(id) }
            } catch {
                if let ticket = entry.ticket { outbox.settle(ticket, error) }
                if case .unusable = error { continue }
                throw error
            }
        }
    }

    /// The connection is gone: nobody can tell any more what became of the open ones.
    package mutating func fail(_ error: MQTTError) {
        for ticket in tickets.values { outbox.settle(ticket, error) }
        tickets = [:]
        open = []
        outbox.failAll(error)
    }
}
