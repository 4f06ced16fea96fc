/// Why bytes or JSON from outside are not a block, a milestone or a path.
package enum TangleError: Error, Equatable {
    /// The bytes end before the structure does.
    case truncated
    /// Bytes follow the end of the structure.
    case trailingBytes(count: Int)
    /// More than the 32 768 bytes a block may have.
    case tooLarge(bytes: Int)
    /// Not 1…8 parents.
    case parentCount(Int)
    /// Parents are repeated or not in ascending order.
    case parentsNotSorted
    /// The declared payload length is not the payload's.
    case payloadLength(declared: Int)
    /// Not a payload that this place may hold.
    case payloadType(UInt32)
    /// More than 64 bytes of tag.
    case tagTooLong(bytes: Int)
    /// A version other than the network's.
    case protocolVersion(UInt8)
    /// Milestone metadata or parameters over 8 192 bytes.
    case fieldTooLong(bytes: Int)
    /// An option type that does not exist, is repeated or out of order.
    case milestoneOption(UInt8)
    /// No signature, one of an unknown kind, or not ascending by public key.
    case milestoneSignatures
    /// A milestone block with a nonce.
    case milestoneNonce(UInt64)
    /// A path that is not whole steps of side and hash, or deeper than 64.
    case path
    /// JSON that is malformed, or lacks or misuses this field.
    case json(field: String)
    /// No JSON form is written here for this payload or option type.
    case noJSONForm(type: UInt32)
}
