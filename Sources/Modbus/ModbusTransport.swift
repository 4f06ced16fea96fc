/// The wire of one line, and where it begins.
package enum ModbusTransport: Hashable, Sendable, CustomStringConvertible {
    /// Modbus TCP: a name or an address, IPv4 or IPv6 (`::1`, `fe80::1%eth0`).
    case tcp(host: String, port: UInt16)
    /// Frames of the serial line with their checksum inside a TCP connection, as serial device servers pass them on.
    case rtuOverTCP(host: String, port: UInt16)
    /// RS-485 or RS-232 of this host; `baud` is one of `baudRates`.
    case serial(path: String, baud: UInt32, mode: SerialMode)

    /// Reads `tcp://HOST:PORT`, `rtutcp://HOST:PORT` and `rtu:/dev/ttyUSB0`. An IPv6 address stands in brackets; the port is 502
    /// where none is given. `nil` for anything else, and for a baud rate that no serial line has.
    package init?(_ url: String, baud: UInt32 = 9_600, mode: SerialMode = .n1) {
        if let rest = Self.rest(of: url, after: "tcp://"), let place = Self.place(rest) {
            self = .tcp(host: place.host, port: place.port)
        } else if let rest = Self.rest(of: url, after: "rtutcp://"), let place = Self.place(rest) {
            self = .rtuOverTCP(host: place.host, port: place.port)
        } else if let path = Self.rest(of: url, after: "rtu:"), path.utf8.first == UInt8(ascii: "/"),
            path.utf8.count <= 255, !path.utf8.contains(0), Self.baudRates.contains(baud)
        {
            self = .serial(path: path, baud: baud, mode: mode)
        } else {
            return nil
        }
    }

    /// `tcp://10.0.0.5:502`, `rtutcp://[::1]:4001`, `rtu:/dev/ttyUSB0`.
    package var description: String {
        switch self {
        case .tcp(let host, let port): "tcp://\(Self.bracketed(host)):\(port)"
        case .rtuOverTCP(let host, let port): "rtutcp://\(Self.bracketed(host)):\(port)"
        case .serial(let path, _, _): "rtu:\(path)"
        }
    }

    /// What libmodbus can set; it takes 9 600 for every other number without a word.
    package static let baudRates: [UInt32] = [
        110, 300, 600, 1_200, 2_400, 4_800, 9_600, 19_200, 38_400, 57_600, 115_200, 230_400, 460_800, 500_000, 576_000,
        921_600, 1_000_000,
    ]

    private static func bracketed(_ host: String) -> String {
        host.utf8.contains(UInt8(ascii: ":")) ? "[\(host)]" : host
    }

    private static func rest(of url: String, after scheme: String) -> String? {
        url.hasPrefix(scheme) ? String(url.dropFirst(scheme.count)) : nil
    }

    private static func place(_ text: String) -> (host: String, port: UInt16)? {
        let host: Substring
        let rest: Substring
        if text.utf8.first == UInt8(ascii: "[") {
            guard let end = text.firstIndex(of: "]") else { return nil }
            host = text[text.index(after: text.startIndex)..<end]
            rest = text[text.index(after: end)...]
        } else {
            let end = text.firstIndex(of: ":") ?? text.endIndex
            host = text[..<end]
            rest = text[end...]
        }
        let isLegal = host.utf8.allSatisfy {
            $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: "/") && $0 != UInt8(ascii: "@")
        }
        guard !host.isEmpty, host.utf8.count <= 253, isLegal else { return nil }
        if rest.isEmpty { return (String(host), 502) }
        guard rest.first == ":", rest.dropFirst().utf8.allSatisfy({ (0x30...0x39).contains($0) }),
            let port = UInt16(rest.dropFirst()), port > 0
        else { return nil }
        return (String(host), port)
    }
}

/// Data bits, parity and stop bits of a serial line.
package struct SerialMode: Hashable, Sendable, CustomStringConvertible {
    package enum Parity: Character, Hashable, Sendable {
        case none = "N"
        case even = "E"
        case odd = "O"
    }

    /// 7 or 8.
    package let dataBits: Int
    package let parity: Parity
    /// 1 or 2.
    package let stopBits: Int

    package static let n1 = SerialMode(dataBits: 8, parity: .none, stopBits: 1)

    private init(dataBits: Int, parity: Parity, stopBits: Int) {
        self.dataBits = dataBits
        self.parity = parity
        self.stopBits = stopBits
    }

    /// Reads `8N1`, `8E1`, `8O1`, `8N2` and the like: 7 or 8, N, E or O, 1 or 2.
    package init?(_ text: String) {
        let parts = Array(text)
        guard parts.count == 3, let dataBits = parts[0].wholeNumberValue, (7...8).contains(dataBits),
            let parity = Parity(rawValue: parts[1]), let stopBits = parts[2].wholeNumberValue,
            (1...2).contains(stopBits)
        else { return nil }
        self.init(dataBits: dataBits, parity: parity, stopBits: stopBits)
    }

    package var description: String { "\(dataBits)\(parity.rawValue)\(stopBits)" }

    /// Bits of one byte on the line, with its start bit.
    var bitsPerByte: Int { 1 + dataBits + (parity == .none ? 0 : 1) + stopBits }
}
