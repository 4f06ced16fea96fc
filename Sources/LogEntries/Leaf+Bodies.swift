package import Hashing
package import Readings

extension Leaf {
    /// Type 0, leaf 0 of every log.
    package struct Genesis: Hashable, Sendable {
        package let origin: String
        package let logKey: String
        /// SHA-256 of the recovery vkey's text.
        package let recoveryHash: Hash
        package let previous: PreviousLog?
        package let networkName: String
        /// 20 bytes under which the log anchors.
        package let tag: [UInt8]

        package init(
            origin: String, logKey: String, recoveryHash: Hash, previous: PreviousLog?, networkName: String,
            tag: [UInt8]
        ) {
            self.origin = origin
            self.logKey = logKey
            self.recoveryHash = recoveryHash
            self.previous = previous
            self.networkName = networkName
            self.tag = tag
        }
    }

    /// The last anchor of the log before this one.
    package struct PreviousLog: Hashable, Sendable {
        package let origin: String
        package let size: UInt64
        package let root: Hash

        package init(origin: String, size: UInt64, root: Hash) {
            self.origin = origin
            self.size = size
            self.root = root
        }
    }

    /// Type 1, one for every period, also a silent one.
    package struct Interval: Hashable, Sendable {
        /// floor(UTC ms / period).
        package let k: UInt64
        package let periodMs: UInt64
        package let itemCount: UInt64
        /// RFC 6962 root over the items' bytes, in the order of the configuration.
        package let innerRoot: Hash
        /// Readings of streams of class `none`, also those without a value.
        package let readingCount: UInt64
        package let configHash: Hash

        package init(
            k: UInt64, periodMs: UInt64, itemCount: UInt64, innerRoot: Hash, readingCount: UInt64, configHash: Hash
        ) {
            self.k = k
            self.periodMs = periodMs
            self.itemCount = itemCount
            self.innerRoot = innerRoot
            self.readingCount = readingCount
            self.configHash = configHash
        }
    }

    /// Type 2.
    package struct Event: Hashable, Sendable {
        package let stream: StreamNumber
        package let kind: String
        package let commitment: Hash

        package init(stream: StreamNumber, kind: String, commitment: Hash) {
            self.stream = stream
            self.kind = kind
            self.commitment = commitment
        }
    }

    /// Type 3.
    package struct Command: Hashable, Sendable {
        package let actor: Bytes16
        package let stream: StreamNumber
        package let commitment: Hash

        package init(actor: Bytes16, stream: StreamNumber, commitment: Hash) {
            self.actor = actor
            self.stream = stream
            self.commitment = commitment
        }
    }

    /// Type 4.
    package struct Config: Hashable, Sendable {
        package let oldHash: Hash?
        package let newHash: Hash
        package let actor: Bytes16

        package init(oldHash: Hash?, newHash: Hash, actor: Bytes16) {
            self.oldHash = oldHash
            self.newHash = newHash
            self.actor = actor
        }
    }

    /// Type 5, one for every interval that had accesses.
    package struct Access: Hashable, Sendable {
        package let k: UInt64
        package let itemCount: UInt64
        package let innerRoot: Hash

        package init(k: UInt64, itemCount: UInt64, innerRoot: Hash) {
            self.k = k
            self.itemCount = itemCount
            self.innerRoot = innerRoot
        }
    }

    /// Type 6.
    package struct Snapshot: Hashable, Sendable {
        package let number: UInt64
        package let modelRevision: UInt64
        package let itemCount: UInt64
        package let innerRoot: Hash
        /// Length of all items together.
        package let sizeBytes: UInt64

        package init(number: UInt64, modelRevision: UInt64, itemCount: UInt64, innerRoot: Hash, sizeBytes: UInt64) {
            self.number = number
            self.modelRevision = modelRevision
            self.itemCount = itemCount
            self.innerRoot = innerRoot
            self.sizeBytes = sizeBytes
        }
    }

    /// Type 7, the last leaf of every anchored tree.
    package struct Beacon: Hashable, Sendable {
        /// From 1.
        package let anchorSeq: UInt64
        package let previous: PreviousAnchor?
        package let milestoneIndex: UInt64
        package let milestoneID: Hash
        /// Seconds since 1970, as the milestone says.
        package let milestoneTime: UInt64

        package init(
            anchorSeq: UInt64, previous: PreviousAnchor?, milestoneIndex: UInt64, milestoneID: Hash,
            milestoneTime: UInt64
        ) {
            self.anchorSeq = anchorSeq
            self.previous = previous
            self.milestoneIndex = milestoneIndex
            self.milestoneID = milestoneID
            self.milestoneTime = milestoneTime
        }
    }

    /// The last anchor known referenced when the beacon was written.
    package struct PreviousAnchor: Hashable, Sendable {
        package let size: UInt64
        package let root: Hash
        package let blockID: Hash

        package init(size: UInt64, root: Hash, blockID: Hash) {
            self.size = size
            self.root = root
            self.blockID = blockID
        }
    }

    /// Type 8.
    package struct Boot: Hashable, Sendable {
        package static let first: UInt64 = 0
        package static let restart: UInt64 = 1
        package static let clockStep: UInt64 = 2

        /// 0 first, 1 restart, 2 clock step.
        package let reason: UInt64
        /// Size and root of the tree just before this leaf; the first boot states 0 and the empty root.
        package let lastSize: UInt64
        package let lastRoot: Hash
        package let clockStepMs: Int64

        package init(reason: UInt64, lastSize: UInt64, lastRoot: Hash, clockStepMs: Int64) {
            self.reason = reason
            self.lastSize = lastSize
            self.lastRoot = lastRoot
            self.clockStepMs = clockStepMs
        }
    }

    /// Type 9.
    package struct Key: Hashable, Sendable {
        package let newKey: String
        package let recoveryKey: String
        /// 64 bytes by the recovery key over `message`.
        package let signature: [UInt8]

        package init(newKey: String, recoveryKey: String, signature: [UInt8]) {
            self.newKey = newKey
            self.recoveryKey = recoveryKey
            self.signature = signature
        }

        package static func message(origin: String, leafIndex: UInt64, newKey: String) -> [UInt8] {
            Array("plumbline-key/v1\n\(origin)\n\(leafIndex)\n\(newKey)\n".utf8)
        }
    }

    /// Type 10.
    package struct Erasure: Hashable, Sendable {
        package let stream: StreamNumber
        package let kFrom: UInt64
        /// Inclusive.
        package let kTo: UInt64
        /// Letter number of GDPR Article 6(1), 0 other.
        package let legalBasis: UInt64
        package let actor: Bytes16

        package init(stream: StreamNumber, kFrom: UInt64, kTo: UInt64, legalBasis: UInt64, actor: Bytes16) {
            self.stream = stream
            self.kFrom = kFrom
            self.kTo = kTo
            self.legalBasis = legalBasis
            self.actor = actor
        }
    }

    /// Type 11.
    package struct Gap: Hashable, Sendable {
        package static let notRunning: UInt64 = 1
        package static let disk: UInt64 = 2
        package static let clock: UInt64 = 3

        package let kFrom: UInt64
        /// Inclusive.
        package let kTo: UInt64
        /// 1 not running, 2 disk, 3 clock.
        package let cause: UInt64

        package init(kFrom: UInt64, kTo: UInt64, cause: UInt64) {
            self.kFrom = kFrom
            self.kTo = kTo
            self.cause = cause
        }
    }
}
