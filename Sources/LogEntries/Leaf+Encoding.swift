import CanonicalCBOR
import Hashing
import Readings

extension Leaf {
    /// The leaf's bytes, at most 65 535.
    package func encoded() -> [UInt8] {
        let head: [CBOR] = [
            .unsigned(Leaf.version), .unsigned(body.type), .unsigned(wallMs), .unsigned(bootNumber), .unsigned(monoMs),
        ]
        return CBOR.array(head + body.elements).encoded()
    }
}

extension Leaf.Body {
    fileprivate var elements: [CBOR] {
        switch self {
        case .genesis(let it):
            [
                .text(it.origin), .text(it.logKey), .hash(it.recoveryHash),
                it.previous.map { .array([.text($0.origin), .unsigned($0.size), .hash($0.root)]) } ?? .null,
                .text(it.networkName), .bytes(it.tag),
            ]
        case .interval(let it):
            [
                .unsigned(it.k), .unsigned(it.periodMs), .unsigned(0), .unsigned(it.itemCount), .hash(it.innerRoot),
                .unsigned(it.readingCount), .hash(it.configHash),
            ]
        case .event(let it):
            [.stream(it.stream), .text(it.kind), .hash(it.commitment)]
        case .command(let it):
            [.bytes(it.actor.bytes), .stream(it.stream), .hash(it.commitment)]
        case .config(let it):
            [it.oldHash.map(CBOR.hash) ?? .null, .hash(it.newHash), .bytes(it.actor.bytes)]
        case .access(let it):
            [.unsigned(it.k), .unsigned(it.itemCount), .hash(it.innerRoot)]
        case .snapshot(let it):
            [
                .unsigned(it.number), .unsigned(it.modelRevision), .unsigned(it.itemCount), .hash(it.innerRoot),
                .unsigned(it.sizeBytes),
            ]
        case .beacon(let it):
            [
                .unsigned(it.anchorSeq),
                it.previous.map { .array([.unsigned($0.size), .hash($0.root), .hash($0.blockID)]) } ?? .null,
                .unsigned(it.milestoneIndex), .hash(it.milestoneID), .unsigned(it.milestoneTime),
            ]
        case .boot(let it):
            [.unsigned(it.reason), .unsigned(it.lastSize), .hash(it.lastRoot), .int(it.clockStepMs)]
        case .key(let it):
            [.text(it.newKey), .text(it.recoveryKey), .bytes(it.signature)]
        case .erasure(let it):
            [
                .stream(it.stream), .unsigned(it.kFrom), .unsigned(it.kTo), .unsigned(it.legalBasis),
                .bytes(it.actor.bytes),
            ]
        case .gap(let it):
            [.unsigned(it.kFrom), .unsigned(it.kTo), .unsigned(it.cause)]
        case .end(let nextOrigin):
            [nextOrigin.map(CBOR.text) ?? .null]
        }
    }
}

extension CBOR {
    static func hash(_ hash: Hash) -> CBOR { .bytes(hash.bytes) }
    static func stream(_ stream: StreamNumber) -> CBOR { .unsigned(UInt64(stream.rawValue)) }
    static func point(_ point: PointNumber) -> CBOR { .unsigned(UInt64(point.rawValue)) }
}
