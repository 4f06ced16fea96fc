import Hashing

/// Opens a period file: container, manifest, digests and the form of every part, each byte read once.
struct PeriodOpener {
    /// Bytes of a member that is read as a whole, except context, configurations and openings.
    static let smallBytesMax = 1 << 20
    /// Bytes and members that one worker takes at a time.
    private static let shareBytes = 4 << 20
    private static let shareMembers = 512

    /// What reading one member gave.
    private struct Answer: Sendable {
        /// The member is not what the manifest states.
        var isOther = false
        var stop: Stop?
        var leaves: PackedLeaves?
        var items: PackedItems.Index?
    }

    /// Throws `E_MALFORMED`, `E_NONCANONICAL` or `E_VERSION`. What the manifest does not state comes before the form.
    static func open(_ source: any ByteSource, workers: Workers, progress: Progress) throws(Stop) -> OpenedPeriod {
        let table = try MemberTable(source)
        let members = table.members
        let manifest = try Manifest(source, table.manifest, memberCount: members.count)
        var period = OpenedPeriod(source, manifest)
        var form: Stop?
        var done = 0
        period.contentBytes = members.reduce(0) { $0 + $1.sizeBytes }
        var first = 0
        while first < members.count {
            // A share for each worker, read side by side.
            var shares: [Range<Int>] = []
            var digests: [Hash] = []
            let start = first
            while shares.count < workers.count, first < members.count {
                let share = first
                var bytes = 0
                while first < members.count,
                    first == share || (bytes + members[first].sizeBytes <= shareBytes && first - share < shareMembers)
                {
                    bytes += members[first].sizeBytes
                    digests.append(try manifest.digest(of: members[first]))
                    first += 1
                }
                shares.append(share..<first)
                done += bytes
            }
            let (stated, parts) = (digests, shares)
            let answers = workers.map(parts.count) { number in
                parts[number].map { read(source, members[$0], stated[$0 - start]) }
            }
            for (place, answer) in zip(start..<first, answers.joined()) {
                let member = members[place]
                if answer.isOther { throw Stop(.malformed, "\(member.name) is not as the manifest states") }
                guard form == nil else { continue }
                do throws(Stop) {
                    if let stop = answer.stop { throw stop }
                    if let leaves = answer.leaves { period.leaves = leaves }
                    if let items = answer.items { try period.items.append(member.content, items, member.name) }
                    try take(member, source, &period)
                } catch {
                    form = error
                }
            }
            progress.tell(done, 2 * period.contentBytes)
        }
        if let form { throw form }
        let kinds = Set(members.filter { $0.kind.isSingle }.map(\.kind))
        if let missing = MemberKind.required.first(where: { !kinds.contains($0) }) {
            throw Stop(.malformed, MemberKind.single.first { $0.kind == missing }.map { "\($0.name) is missing" })
        }
        try checkAnchors(period)
        return period
    }

    /// The digest and, where it needs every byte, the form of one member.
    private static func read(_ source: any ByteSource, _ member: Member, _ digest: Hash) -> Answer {
        var answer = Answer()
        let isLong = member.kind == .leaves || member.kind == .items
        guard isLong || member.sizeBytes > ByteWindow.windowBytes else {
            answer.isOther = sha256(source.bytes(member.content)) != digest
            return answer
        }
        let window = ByteWindow(source, member.content, hashing: true)
        do {
            if member.kind == .leaves { answer.leaves = try PackedLeaves(source, member.content, hashing: window) }
            if member.kind == .items { answer.items = try PackedItems.index(window, member.name) }
        } catch {
            answer.stop = error
        }
        answer.isOther = window.finish() != digest
        return answer
    }

    /// Members that are kept, or whose place is.
    private static func take(_ member: Member, _ source: any ByteSource, _ period: inout OpenedPeriod) throws(Stop) {
        let limit = member.kind.sizeBytesMax
        guard member.sizeBytes <= limit else { throw Stop(.malformed, "\(member.name) has more than \(limit) bytes") }
        switch member.kind {
        case .manifest, .leaves, .items: break
        case .card: period.card = source.bytes(member.content)
        case .context: period.context = try PeriodFile.context(source.bytes(member.content)[...])
        case .rangeProof: period.rangeProof = try PeriodFile.rangeProof(source.bytes(member.content)[...])
        case .configs: period.configs = try PeriodFile.configs(source.bytes(member.content)[...])
        case .compromises: period.compromises = try PeriodFile.compromises(source.bytes(member.content)[...])
        case .openings:
            try PeriodFile.forEachOpening(source, member.content) { _ throws(Stop) in }
            period.openings = member.content
        case .readme:
            guard String(validating: source.bytes(member.content), as: UTF8.self) != nil else {
                throw Stop(.malformed, member.name)
            }
            period.readme = member.content
        case .note, .block, .milestone, .path, .timeStamp, .beacon, .cosignatures: period.take(member)
        }
    }

    private static func checkAnchors(_ period: OpenedPeriod) throws(Stop) {
        var last: UInt32?
        for anchor in period.anchors {
            guard anchor.note != nil, anchor.block != nil, anchor.milestone != nil, anchor.path != nil,
                last.map({ $0 < anchor.seq }) ?? true
            else { throw Stop(.malformed, "a part of anchor \(anchor.seq) is missing") }
            last = anchor.seq
            if let lines = anchor.cosignatures, Cosignatures(period.source.bytes(lines)[...]) == nil {
                throw Stop(.malformed, "the cosignatures of anchor \(anchor.seq)")
            }
        }
    }
}

extension MemberKind {
    var isSingle: Bool { Self.single.contains { $0.kind == self } }

    /// Bytes of one such member at most.
    var sizeBytesMax: Int {
        switch self {
        case .leaves, .items, .openings: Ustar.contentBytesMax
        case .manifest, .context, .configs: PeriodFile.treeBytesMax
        default: PeriodOpener.smallBytesMax
        }
    }
}
