import Hashing

/// Text with signatures, C2SP signed-note: text, an empty line, one line for every signature.
package struct SignedNote: Hashable, Sendable {
    package struct Signature: Hashable, Sendable {
        package let name: String
        package let keyID: [UInt8]
        /// What follows the key id; 64 bytes for Ed25519, a time stamp more for a cosignature.
        package let bytes: [UInt8]

        package init(name: String, keyID: [UInt8], bytes: [UInt8]) {
            self.name = name
            self.keyID = keyID
            self.bytes = bytes
        }

        /// Reads one signature line without its LF; `nil` unless it is written as `line` would write it.
        package init?(line: some StringProtocol) {
            let parts = line.split(separator: " ", omittingEmptySubsequences: false)
            guard parts.count == 3, parts[0].utf8.elementsEqual("—".utf8), VerifierKey.isName(String(parts[1])),
                let bytes = Base64.decodeStrict(String(parts[2])), bytes.count > 4
            else { return nil }
            self.init(name: String(parts[1]), keyID: Array(bytes[..<4]), bytes: Array(bytes[4...]))
        }

        /// `— name base64(key id ‖ signature)`, without LF.
        package var line: String { "— \(name) \(Base64.encode(keyID + bytes))" }
    }

    package static let sizeBytesMax = 1 << 20
    package static let signatureCountMax = 100

    /// Ends with LF.
    package let text: String
    package let signatures: [Signature]

    package init(text: String, signatures: [Signature]) {
        self.text = text
        self.signatures = signatures
    }

    /// Reads a note; `nil` for control characters (so also CR), a missing last LF or empty line, a malformed signature
    /// line, no signature or more than `signatureCountMax`.
    package init?(_ note: String) {
        let bytes = Array(note.utf8)
        guard bytes.count <= SignedNote.sizeBytesMax, bytes.last == 0x0a,
            bytes.allSatisfy({ $0 >= 0x20 && $0 != 0x7f || $0 == 0x0a }),
            let gap = bytes.indices.dropLast().last(where: { bytes[$0] == 0x0a && bytes[$0 + 1] == 0x0a })
        else { return nil }
        let lines = bytes[(gap + 2)...].dropLast().split(separator: 0x0a, omittingEmptySubsequences: false)
        guard lines.count <= SignedNote.signatureCountMax else { return nil }
        var signatures: [Signature] = []
        for line in lines {
            guard let signature = Signature(line: String(decoding: line, as: UTF8.self)) else { return nil }
            signatures.append(signature)
        }
        self.init(text: String(decoding: bytes[...gap], as: UTF8.self), signatures: signatures)
    }

    package var note: String {
        text + "\n" + signatures.map { $0.line + "\n" }.joined()
    }

    /// The three lines; `nil` when the text is anything more or else.
    package var checkpoint: Checkpoint? { Checkpoint(text: text) }

    package func signatures(by key: VerifierKey) -> [Signature] {
        signatures.filter { $0.name.utf8.elementsEqual(key.name.utf8) && $0.keyID == key.keyID }
    }

    /// Whether the key signed: one signature of its name and id at least, and all of them hold.
    package func isSigned(by key: VerifierKey) -> Bool {
        let candidates = signatures(by: key)
        guard !candidates.isEmpty else { return false }
        let message = Array(text.utf8)
        switch key.algorithm {
        case .ed25519: return candidates.allSatisfy { key.isSignature($0.bytes, over: message) }
        case .cosignature: return candidates.allSatisfy { Cosignature($0)?.isValid(over: text, by: key) == true }
        }
    }
}

/// A witness's signature, C2SP tlog-cosignature with Ed25519: the witness saw this checkpoint at this time.
package struct Cosignature: Hashable, Sendable {
    /// Seconds since 1970.
    package let timestamp: UInt64
    /// 64 bytes.
    package let signature: [UInt8]

    package init(timestamp: UInt64, signature: [UInt8]) {
        self.timestamp = timestamp
        self.signature = signature
    }

    package init?(_ note: SignedNote.Signature) {
        guard note.bytes.count == 72 else { return nil }
        timestamp = note.bytes[..<8].reduce(0) { $0 << 8 | UInt64($1) }
        signature = Array(note.bytes[8...])
    }

    /// What stands behind the key id: `u64 big-endian time stamp ‖ signature`, 72 bytes.
    package var bytes: [UInt8] {
        stride(from: 56, through: 0, by: -8).map { UInt8(truncatingIfNeeded: timestamp >> UInt64($0)) } + signature
    }

    package static func message(timestamp: UInt64, text: String) -> [UInt8] {
        Array("cosignature/v1\ntime \(timestamp)\n\(text)".utf8)
    }

    package func isValid(over text: String, by key: VerifierKey) -> Bool {
        key.algorithm == .cosignature
            && key.isSignature(signature, over: Cosignature.message(timestamp: timestamp, text: text))
    }
}
