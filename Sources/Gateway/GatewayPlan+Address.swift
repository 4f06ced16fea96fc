import Glibc

extension GatewayPlan {
    /// Tells that the API cannot listen before anything is started or a boot is written down. Port 0 takes any free one.
    func checkAddress() throws {
        let api = configuration.api
        guard api.port != 0 else { return }
        let name = "\(api.host):\(api.port)"
        var hints = addrinfo()
        hints.ai_flags = AI_PASSIVE
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var list: UnsafeMutablePointer<addrinfo>?
        guard getaddrinfo(api.host, String(api.port), &hints, &list) == 0, let address = list?.pointee else {
            throw GatewayError.listening(address: name, why: "the host is not known")
        }
        defer { freeaddrinfo(list) }
        let file = socket(address.ai_family, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), address.ai_protocol)
        // Without a socket there is nothing to try; the server will tell.
        guard file >= 0 else { return }
        defer { close(file) }
        var yes: Int32 = 1
        setsockopt(file, SOL_SOCKET, SO_REUSEADDR, &yes, socklen_t(MemoryLayout<Int32>.size))
        guard bind(file, address.ai_addr, address.ai_addrlen) == 0 else {
            throw GatewayError.listening(address: name, why: String(cString: strerror(errno)))
        }
    }
}
