import Hashing

/// `30-items`: records of one item each, found by interval without a list of all of them.
///
/// Records stand in the order of k; a run is what follows itself with one k. Runs that break the order are listed one by one.
package struct PackedItems: Sendable {
    /// Bytes between two remembered places.
    static let markBytes = 1 << 15
    /// Runs out of order at most.
    static let looseRunsMax = 1 << 16
    /// Bytes of one item at most.
    package static let itemBytesMax = 1 << 24
    /// Records of one run at most.
    package static let runItemsMax = 1 << 20

    /// A place where the next run in order begins.
    struct Mark: Sendable {
        var k: UInt64
        var offset: Int
        /// Index of its member.
        var member: Int32
    }

    struct Run: Sendable {
        var offset: Int
        var member: Int32
    }

    let source: any ByteSource
    private(set) var members: [Range<Int>] = []
    private(set) var marks: [Mark] = []
    private(set) var loose: [UInt64: [Run]] = [:]
    private var looseCount = 0
    private var last: UInt64?
    /// Every k that has a record.
    private(set) var ks = KSet()

    init(_ source: any ByteSource) { self.source = source }

    /// What one member holds, when its runs stand in order.
    struct Index: Sendable {
        var first: UInt64?
        var last: UInt64?
        var isOrdered = true
        var ks = KSet()
        var marks: [(k: UInt64, offset: Int)] = []
    }

    /// Reads the records of one member; throws `E_MALFORMED`. `window` stands at the member's beginning.
    static func index(_ window: ByteWindow, _ name: String) throws(Stop) -> Index {
        var index = Index()
        var count = 0
        while window.remaining > 0 {
            let at = window.at
            let record = try Record(window, name)
            guard window.skip(record.sizeBytes) else { throw Stop(.malformed, name) }
            if let last = index.last, last == record.k {
                count += 1
                guard count <= runItemsMax else {
                    throw Stop(.malformed, "\(name): more than \(runItemsMax) items of interval \(last)")
                }
                continue
            }
            count = 1
            if let last = index.last, last > record.k { index.isOrdered = false }
            if index.first == nil { index.first = record.k }
            index.last = record.k
            index.ks.insert(record.k)
            if at - (index.marks.last?.offset ?? .min / 2) >= markBytes { index.marks.append((record.k, at)) }
        }
        guard !index.ks.isFull else {
            throw Stop(.malformed, "\(name): more than \(KSet.runsMax) gaps between intervals")
        }
        return index
    }

    /// Takes the next member in the order of the file.
    mutating func append(_ member: Range<Int>, _ index: Index, _ name: String) throws(Stop) {
        let number = Int32(clamping: members.count)
        members.append(member)
        guard let first = index.first else { return }
        ks.formUnion(index.ks)
        guard !ks.isFull else { throw Stop(.malformed, "\(name): more than \(KSet.runsMax) gaps between intervals") }
        if index.isOrdered, last.map({ $0 < first }) ?? true {
            marks += index.marks.map { Mark(k: $0.k, offset: $0.offset, member: number) }
            last = index.last
            return
        }
        try appendSlowly(member, number, name)
    }

    private mutating func appendSlowly(_ member: Range<Int>, _ number: Int32, _ name: String) throws(Stop) {
        let window = ByteWindow(source, member)
        var before: UInt64?
        var marked = Int.min / 2
        while window.remaining > 0 {
            let at = window.at
            let record = try Record(window, name)
            guard window.skip(record.sizeBytes) else { throw Stop(.malformed, name) }
            if before == record.k { continue }
            before = record.k
            if last.map({ $0 < record.k }) ?? true {
                last = record.k
                // Behind a run out of order a place is remembered again: readers in order do not pass over one.
                if at - marked >= Self.markBytes {
                    marks.append(Mark(k: record.k, offset: at, member: number))
                    marked = at
                }
            } else {
                looseCount += 1
                guard looseCount <= Self.looseRunsMax else {
                    throw Stop(.malformed, "\(name): more than \(Self.looseRunsMax) runs of items out of order")
                }
                loose[record.k, default: []].append(Run(offset: at, member: number))
                marked = .min / 2
            }
        }
    }

    /// Items that are in memory already, their streams not labelled.
    package init(_ items: [UInt64: [PeriodItem.Content]]) {
        var bytes: [UInt8] = []
        for (k, contents) in items.sorted(by: { $0.key < $1.key }) {
            for content in contents { Self.append(k, content, to: &bytes) }
        }
        self.init(MemorySource(bytes))
        let range = 0..<bytes.count
        // Our own bytes are records.
        guard let index = try? Self.index(ByteWindow(source, range), ""), (try? append(range, index, "")) != nil else {
            preconditionFailure("items that were just written")
        }
    }

    private static func append(_ k: UInt64, _ content: PeriodItem.Content, to bytes: inout [UInt8]) {
        func put(_ kind: UInt8, _ body: some Collection<UInt8>, _ size: Bool) {
            bytes.append(kind)
            for shift in stride(from: 56, through: 0, by: -8) {
                bytes.append(UInt8(truncatingIfNeeded: k >> UInt64(shift)))
            }
            bytes += [0, 0, 0, 0]
            if size {
                for shift in stride(from: 24, through: 0, by: -8) {
                    bytes.append(UInt8(truncatingIfNeeded: body.count >> shift))
                }
            }
            bytes += body
        }
        switch content {
        case .shown(let item): put(0, item, true)
        case .withheld(let hash): put(1, hash.bytes, false)
        case .erased(let hash): put(2, hash.bytes, false)
        }
    }
}

extension PackedItems {
    /// The head of a record, behind which its bytes stand.
    struct Record {
        static let headBytes = 13

        let kind: UInt8
        let k: UInt64
        let stream: UInt32
        let sizeBytes: Int

        /// Takes the head from the window.
        init(_ window: ByteWindow, _ name: String) throws(Stop) {
            guard let head = window.take(Self.headBytes) else { throw Stop(.malformed, name) }
            kind = head[0]
            k = UInt64(bigEndian: head.loadUnaligned(fromByteOffset: 1, as: UInt64.self))
            stream = UInt32(bigEndian: head.loadUnaligned(fromByteOffset: 9, as: UInt32.self))
            switch kind {
            case 0:
                guard let size = window.take(4) else { throw Stop(.malformed, name) }
                sizeBytes = Int(UInt32(bigEndian: size.loadUnaligned(as: UInt32.self)))
                guard sizeBytes <= itemBytesMax else {
                    throw Stop(.malformed, "\(name): an item has more than \(itemBytesMax) bytes")
                }
            case 1, 2: sizeBytes = Hash.sizeBytes
            default: throw Stop(.malformed, name)
            }
        }
    }
}

/// Reads the items of intervals, quickly when they are asked for in order. For one thread.
final class ItemCursor {
    private let items: PackedItems
    private var window: ByteWindow?
    private var member: Int32 = -1
    /// k of the run that the window stands before, when it was reached in order.
    private var standsBefore: UInt64?

    init(_ items: PackedItems) { self.items = items }

    /// Gives every record of this interval in the order of the file: kind and bytes, which are there during the call alone.
    func forEach(of k: UInt64, _ body: (_ kind: UInt8, UnsafeRawBufferPointer) -> Void) {
        if find(k), let window { run(k, window, body) }
        for run in items.loose[k] ?? [] {
            guard let range = place(run.member, run.offset) else { continue }
            self.run(k, ByteWindow(items.source, range, windowBytes: PackedItems.markBytes), body)
        }
    }

    private func place(_ member: Int32, _ offset: Int) -> Range<Int>? {
        guard Int(member) < items.members.count else { return nil }
        return offset..<items.members[Int(member)].upperBound
    }

    private func run(_ k: UInt64, _ window: ByteWindow, _ body: (UInt8, UnsafeRawBufferPointer) -> Void) {
        while peekK(window) == k {
            // The form was checked when the file was opened.
            guard let record = try? PackedItems.Record(window, ""), let bytes = window.take(record.sizeBytes) else {
                return
            }
            body(record.kind, bytes)
        }
    }

    private func peekK(_ window: ByteWindow) -> UInt64? {
        window.peek(PackedItems.Record.headBytes).map {
            UInt64(bigEndian: $0.loadUnaligned(fromByteOffset: 1, as: UInt64.self))
        }
    }

    /// Goes to the run of this k among those in order.
    private func find(_ k: UInt64) -> Bool {
        if let window, peekK(window) == k, standsInOrder(k) { return true }
        var low = 0
        var high = items.marks.count
        while low < high {
            let middle = (low + high) / 2
            if items.marks[middle].k <= k { low = middle + 1 } else { high = middle }
        }
        guard low > 0 else { return false }
        let mark = items.marks[low - 1]
        guard let range = place(mark.member, mark.offset) else { return false }
        if mark.member == member, let window {
            window.move(to: mark.offset)
        } else {
            window = ByteWindow(items.source, range)
            member = mark.member
        }
        guard let window else { return false }
        var before = mark.k
        while let at = peekK(window) {
            if at == k { return true }
            // A run out of order ends those in order up to the next remembered place.
            if at > k || at < before { return false }
            before = at
            guard let record = try? PackedItems.Record(window, ""), window.skip(record.sizeBytes) else { return false }
        }
        return false
    }

    /// Whether the run that the window stands before is the one in order: a k that also has loose runs is looked up.
    private func standsInOrder(_ k: UInt64) -> Bool { items.loose.isEmpty || items.loose[k] == nil }
}
