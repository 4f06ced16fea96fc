/// The way from a token's signer to a trusted certificate (RFC 5280 section 6, restricted): names and signatures link,
/// every certificate was valid at the token's time, authorities may sign certificates. Revocation is not asked.
struct CertificatePath {
    /// Certificates between the signer and the trusted one, both counted.
    static let lengthMax = 8
    /// Signatures that one judgement may cost, so that a token full of look-alikes ends.
    static let signaturesMax = 64

    private let candidates: [Certificate]
    private let trust: TimeStampTrust
    private let atMs: Int64
    private var signatures = 0
    /// The reason to tell when no way is found.
    private var reason = TimeStampError.notTrusted

    /// - Parameter atMs: the time that the token states, ms since 1970.
    static func check(
        _ signer: Certificate, among others: [Certificate], trust: TimeStampTrust, atMs: Int64
    ) throws(TimeStampError) {
        try checkPurpose(signer)
        guard signer.isValid(atMs: atMs) else { throw .notValidThen }
        var path = CertificatePath(candidates: trust.certificates + others, trust: trust, atMs: atMs)
        guard path.leads(from: [signer]) else { throw path.reason }
    }

    private init(candidates: [Certificate], trust: TimeStampTrust, atMs: Int64) {
        self.candidates = candidates
        self.trust = trust
        self.atMs = atMs
    }

    /// RFC 3161 section 2.3: one purpose, critical. A key usage, where there is one, must allow signatures.
    private static func checkPurpose(_ signer: Certificate) throws(TimeStampError) {
        let extensions = signer.extensions
        guard extensions.purposes == [.timeStampingPurpose], extensions.arePurposesCritical,
            extensions.keyUsage.map({
                $0 & (CertificateExtensions.digitalSignature | CertificateExtensions.contentCommitment) != 0
            }) ?? true
        else { throw .notForTimeStamping }
        guard !extensions.hasUnknown else { throw .unsupported("an extension of the signer's certificate") }
    }

    private mutating func leads(from path: [Certificate]) -> Bool {
        guard let last = path.last else { return false }
        if trust.fingerprints.contains(last.fingerprint) { return true }
        guard path.count < Self.lengthMax else { return false }
        var tried: Set<[UInt8]> = []
        for issuer in candidates where issuer.subject == last.issuer && !path.contains(issuer) {
            guard tried.insert(issuer.bytes).inserted, mayIssue(issuer, authoritiesBelow: path.count - 1) else {
                continue
            }
            guard signatures < Self.signaturesMax else { return false }
            signatures += 1
            guard issuer.signed(last) else { continue }
            guard issuer.isValid(atMs: atMs) else {
                if trust.fingerprints.contains(issuer.fingerprint) { reason = .notValidThen }
                continue
            }
            if leads(from: path + [issuer]) { return true }
        }
        return false
    }

    private func mayIssue(_ issuer: Certificate, authoritiesBelow: Int) -> Bool {
        let extensions = issuer.extensions
        return extensions.isAuthority && !extensions.hasUnknown
            && (extensions.keyUsage.map { $0 & CertificateExtensions.keyCertSign != 0 } ?? true)
            && (extensions.pathLengthMax.map { UInt64(authoritiesBelow) <= $0 } ?? true)
            && (extensions.purposes.map { $0.contains(.timeStampingPurpose) || $0.contains(.anyPurpose) } ?? true)
    }
}
