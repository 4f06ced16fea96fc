import Glibc

/// One run of the auditor's program over a file.
enum EvidenceChecking {
    enum Problem: Error, CustomStringConvertible {
        case notMade(String, code: Int32)
        case refused(String, code: Int32)
        case noRoom(neededBytes: UInt64, freeBytes: UInt64)
        case file(String, errno: Int32)
        case noOpenSSL

        var description: String {
            switch self {
            case .notMade(let name, let code): "\(name) was not made, exit \(code)"
            case .refused(let name, let code): "plumbline verify did not accept \(name), exit \(code)"
            case .noRoom(let needed, let free):
                "it needs \(needed >> 20) MiB on the disk, which has \(free >> 20) MiB"
            case .file(let path, let code): "\(path): \(String(cString: strerror(code)))"
            case .noOpenSSL: "there is no openssl"
            }
        }
    }

    struct Check {
        /// From the start of the process to its end.
        let seconds: Double
        let cpuSeconds: Double
        /// Largest resident set, 10⁶ bytes.
        let memoryMB: Double
    }

    /// Throws unless the file holds under the card.
    static func check(_ path: String, card: String) throws -> Check {
        let began = Usage.monotonicSeconds()
        let ending = try Child(sibling: "plumbline", ["verify", path, "--policy", card, "--json"]).ending()
        let seconds = Usage.monotonicSeconds() - began
        guard ending.code == 0 else { throw Problem.refused(path, code: ending.code) }
        return Check(seconds: seconds, cpuSeconds: ending.cpuSeconds, memoryMB: ending.residentKiB * 1_024 / 1e6)
    }

    static func sizeBytes(_ path: String) throws -> Int {
        var status = stat()
        guard stat(path, &status) == 0 else { throw Problem.file(path, errno: errno) }
        return Int(status.st_size)
    }

    /// What the folder's disk has left for us.
    static func freeBytes(_ folder: String) throws -> UInt64 {
        var status = statvfs()
        guard statvfs(folder, &status) == 0 else { throw Problem.file(folder, errno: errno) }
        return UInt64(status.f_bavail) * UInt64(status.f_frsize)
    }
}
