import TimeStamping

extension GatewayConfiguration {
    /// Whose tokens are kept; nobody's without the section `timeStamp`.
    func stampTrust() throws -> TimeStampTrust {
        var trust = TimeStampTrust()
        guard let path = timeStamp?.authoritiesPath else { return trust }
        let bytes = try GatewayPlan.read(path)
        do { try trust.add(pem: bytes) } catch { throw GatewayError.authorities(path: path, why: "\(error)") }
        return trust
    }
}
