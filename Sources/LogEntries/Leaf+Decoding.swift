import CanonicalCBOR
import Hashing
import Readings

/// Why bytes are not a leaf of this version.
package enum LeafError: Error, Equatable {
    /// Not deterministic CBOR, or an element of a wrong type or count: `E_NONCANONICAL`.
    case nonCanonical
    /// Another version or a type we do not know: `E_VERSION`.
    case unknownType
}

extension Leaf {
    /// Reads a leaf; what it accepts, `encoded()` writes back in the same bytes.
    package static func decode(_ bytes: [UInt8]) throws(LeafError) -> Leaf {
        guard bytes.count <= sizeBytesMax else { throw .nonCanonical }
        let value: CBOR
        do { value = try CBOR.decode(bytes) } catch { throw .nonCanonical }
        let type: UInt64
        var fields: Fields
        do {
            fields = try Fields(value)
            let version = try fields.unsigned()
            type = try fields.unsigned()
            guard version == Leaf.version, type <= 12 else { throw LeafError.unknownType }
        } catch let error as LeafError {
            throw error
        } catch {
            throw .nonCanonical
        }
        do {
            let leaf = Leaf(
                wallMs: try fields.unsigned(), bootNumber: try fields.unsigned(), monoMs: try fields.unsigned(),
                body: try body(type, &fields))
            try fields.end()
            return leaf
        } catch {
            throw .nonCanonical
        }
    }

    private static func body(_ type: UInt64, _ fields: inout Fields) throws(Fields.Mismatch) -> Body {
        switch type {
        case 0: .genesis(try Genesis(&fields))
        case 1: .interval(try Interval(&fields))
        case 2: .event(try Event(&fields))
        case 3: .command(try Command(&fields))
        case 4: .config(try Config(&fields))
        case 5: .access(try Access(&fields))
        case 6: .snapshot(try Snapshot(&fields))
        case 7: .beacon(try Beacon(&fields))
        case 8: .boot(try Boot(&fields))
        case 9: .key(try Key(&fields))
        case 10: .erasure(try Erasure(&fields))
        case 11: .gap(try Gap(&fields))
        case 12: .end(nextOrigin: try fields.optional { fields throws(Fields.Mismatch) in try fields.text() })
        default: throw Fields.Mismatch()
        }
    }
}

// Each reads its elements in the order of formats.md section 2; Swift evaluates arguments left to right.
extension Leaf.Genesis {
    fileprivate init(_ fields: inout Fields) throws(Fields.Mismatch) {
        self.init(
            origin: try fields.text(), logKey: try fields.text(), recoveryHash: try fields.hash(),
            previous: try fields.optional { fields throws(Fields.Mismatch) in
                try fields.nested { fields throws(Fields.Mismatch) in
                    Leaf.PreviousLog(origin: try fields.text(), size: try fields.unsigned(), root: try fields.hash())
                }
            },
            networkName: try fields.text(), tag: try fields.bytes(count: 20))
    }
}

extension Leaf.Interval {
    fileprivate init(_ fields: inout Fields) throws(Fields.Mismatch) {
        let k = try fields.unsigned()
        let periodMs = try fields.unsigned()
        try fields.constant(0)
        self.init(
            k: k, periodMs: periodMs, itemCount: try fields.unsigned(), innerRoot: try fields.hash(),
            readingCount: try fields.unsigned(), configHash: try fields.hash())
    }
}

extension Leaf.Event {
    fileprivate init(_ fields: inout Fields) throws(Fields.Mismatch) {
        self.init(stream: try fields.stream(), kind: try fields.text(), commitment: try fields.hash())
    }
}

extension Leaf.Command {
    fileprivate init(_ fields: inout Fields) throws(Fields.Mismatch) {
        self.init(actor: try fields.bytes16(), stream: try fields.stream(), commitment: try fields.hash())
    }
}

extension Leaf.Config {
    fileprivate init(_ fields: inout Fields) throws(Fields.Mismatch) {
        self.init(
            oldHash: try fields.optional { fields throws(Fields.Mismatch) in try fields.hash() },
            newHash: try fields.hash(), actor: try fields.bytes16())
    }
}

extension Leaf.Access {
    fileprivate init(_ fields: inout Fields) throws(Fields.Mismatch) {
        self.init(k: try fields.unsigned(), itemCount: try fields.unsigned(), innerRoot: try fields.hash())
    }
}

extension Leaf.Snapshot {
    fileprivate init(_ fields: inout Fields) throws(Fields.Mismatch) {
        self.init(
            number: try fields.unsigned(), modelRevision: try fields.unsigned(), itemCount: try fields.unsigned(),
            innerRoot: try fields.hash(), sizeBytes: try fields.unsigned())
    }
}

extension Leaf.Beacon {
    fileprivate init(_ fields: inout Fields) throws(Fields.Mismatch) {
        self.init(
            anchorSeq: try fields.unsigned(),
            previous: try fields.optional { fields throws(Fields.Mismatch) in
                try fields.nested { fields throws(Fields.Mismatch) in
                    Leaf.PreviousAnchor(
                        size: try fields.unsigned(), root: try fields.hash(), blockID: try fields.hash())
                }
            },
            milestoneIndex: try fields.unsigned(), milestoneID: try fields.hash(), milestoneTime: try fields.unsigned())
    }
}

extension Leaf.Boot {
    fileprivate init(_ fields: inout Fields) throws(Fields.Mismatch) {
        self.init(
            reason: try fields.unsigned(), lastSize: try fields.unsigned(), lastRoot: try fields.hash(),
            clockStepMs: try fields.int())
    }
}

extension Leaf.Key {
    fileprivate init(_ fields: inout Fields) throws(Fields.Mismatch) {
        self.init(newKey: try fields.text(), recoveryKey: try fields.text(), signature: try fields.bytes(count: 64))
    }
}

extension Leaf.Erasure {
    fileprivate init(_ fields: inout Fields) throws(Fields.Mismatch) {
        self.init(
            stream: try fields.stream(), kFrom: try fields.unsigned(), kTo: try fields.unsigned(),
            legalBasis: try fields.unsigned(), actor: try fields.bytes16())
    }
}

extension Leaf.Gap {
    fileprivate init(_ fields: inout Fields) throws(Fields.Mismatch) {
        self.init(kFrom: try fields.unsigned(), kTo: try fields.unsigned(), cause: try fields.unsigned())
    }
}
