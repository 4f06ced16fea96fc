import Hashing

/// Reads a part of a source from its beginning to its end through a buffer.
final class ByteWindow {
    static let windowBytes = 1 << 17

    private let source: any ByteSource
    /// Offset in the file behind the last byte of the part.
    let end: Int
    /// Bytes of the file from `bufferStart` on.
    private var buffer: UnsafeMutableRawBufferPointer
    private var bufferStart: Int
    private var filled = 0
    /// Offset in the file of the next byte.
    private(set) var at: Int
    /// Takes every byte of the part on its way, when it is asked for.
    private var digest: SHA256Stream?

    /// `hashing`: the digest of the whole part is wanted, see `finish()`.
    init(
        _ source: any ByteSource, _ range: Range<Int>, hashing: Bool = false, windowBytes: Int = ByteWindow.windowBytes
    ) {
        self.source = source
        at = range.lowerBound
        bufferStart = range.lowerBound
        end = range.upperBound
        buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: min(windowBytes, max(range.count, 1)), alignment: 16)
        digest = hashing ? SHA256Stream() : nil
    }

    deinit { buffer.deallocate() }

    var remaining: Int { end - at }

    /// The next `count` bytes in place, until the next call; `nil` when the part has fewer. They are not passed over.
    func peek(_ count: Int) -> UnsafeRawBufferPointer? {
        guard count <= end - at else { return nil }
        if at + count > bufferStart + filled { refill(count) }
        let place = at - bufferStart
        return UnsafeRawBufferPointer(rebasing: buffer[place..<(place + count)])
    }

    /// The next `count` bytes in place, until the next call; `nil` when the part has fewer.
    func take(_ count: Int) -> UnsafeRawBufferPointer? {
        guard let bytes = peek(count) else { return nil }
        at += count
        return bytes
    }

    /// Passes over bytes; false when the part has fewer. With a digest they are read all the same.
    func skip(_ count: Int) -> Bool {
        guard count <= end - at else { return false }
        if digest == nil || at + count <= bufferStart + filled {
            at += count
            return true
        }
        var left = count
        while left > 0 {
            let step = min(left, buffer.count)
            guard take(step) != nil else { return false }
            left -= step
        }
        return true
    }

    /// Goes to an offset inside the part. Not with a digest.
    func move(to offset: Int) { at = offset }

    /// The digest of the whole part; what was not read yet is read.
    func finish() -> Hash? {
        guard digest != nil else { return nil }
        _ = skip(remaining)
        return digest?.finish()
    }

    private func refill(_ count: Int) {
        let isInside = at >= bufferStart && at <= bufferStart + filled
        let kept = isInside ? bufferStart + filled - at : 0
        let wanted = min(max(count, buffer.count), end - at)
        if wanted > buffer.count {
            let larger = UnsafeMutableRawBufferPointer.allocate(byteCount: wanted, alignment: 16)
            larger.copyMemory(from: UnsafeRawBufferPointer(rebasing: buffer[(filled - kept)..<filled]))
            buffer.deallocate()
            buffer = larger
        } else if kept > 0 {
            buffer.baseAddress?.copyMemory(from: buffer.baseAddress! + (filled - kept), byteCount: kept)
        }
        let target = UnsafeMutableRawBufferPointer(rebasing: buffer[kept..<wanted])
        if !target.isEmpty {
            source.read(at: at + kept, into: target)
            digest?.add(UnsafeRawBufferPointer(target))
        }
        bufferStart = at
        filled = wanted
    }
}
