package import Readings

/// Items that somebody has a right to have erased.
package struct ErasureRange: Hashable, Sendable {
    package let stream: StreamNumber
    package let kFrom: UInt64
    /// Inclusive.
    package let kTo: UInt64

    package init(stream: StreamNumber, kFrom: UInt64, kTo: UInt64) {
        self.stream = stream
        self.kFrom = kFrom
        self.kTo = kTo
    }
}

/// What an erasure would take.
package struct ErasureScope: Hashable, Sendable {
    /// Items that have bytes, and how many bytes.
    package let items: UInt64
    package let sizeBytes: UInt64
    /// Of these, items that are encrypted: every copy of the database loses them with the key.
    package let sealedItems: UInt64
    /// Days of which the whole key is destroyed, and days whose other items are encrypted anew.
    package let wholeDays: Int
    package let partDays: Int
}

/// An erasure that stands in the log and is not carried out to its end.
package struct PendingErasure: Hashable, Sendable {
    /// In this order; each is on disk before the next begins.
    package enum Step: Int64, Sendable {
        /// Bytes of items, and their salts in them.
        case items = 1
        /// Keys of the days.
        case keys = 2
        /// Pages: the write-ahead log and what is free in the file.
        case pages = 3
    }

    /// Index of the type 10 leaf.
    package let leaf: UInt64
    package let range: ErasureRange
    package let step: Step
    /// The first interval that the step has not done yet.
    package let nextK: UInt64
}
