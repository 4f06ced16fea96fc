import Foundation

/// A socket at a port of 127.0.0.1 that the system chose.
package struct LoopbackPort: Sendable {
    package let socket: Int32
    package let number: UInt16

    /// - Parameter isListening: with a queue of 16 connections; otherwise the port is only taken.
    /// - Throws: `POSIXError(.EADDRNOTAVAIL)` when there is none.
    package init(isListening: Bool = true) throws {
        let descriptor = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let code = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, size) | (isListening ? listen(descriptor, 16) : 0)
                    | getsockname(descriptor, $0, &size)
            }
        }
        guard descriptor >= 0, code == 0 else { throw POSIXError(.EADDRNOTAVAIL) }
        socket = descriptor
        number = UInt16(bigEndian: address.sin_port)
    }

    /// A port that was free a moment ago.
    package static func free() throws -> UInt16 {
        let port = try LoopbackPort(isListening: false)
        close(port.socket)
        return port.number
    }
}
