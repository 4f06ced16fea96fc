import Glibc

/// A process that does the other side of a measurement, so that what it costs is not counted as ours. Its standard input and
/// output are pipes of ours; our own helpers end when their input does, so none outlives us.
final class Child {
    enum Problem: Error, CustomStringConvertible {
        case cannotStart(program: String, errno: Int32)
        case endedEarly(program: String)

        var description: String {
            switch self {
            case .cannotStart(let program, let code):
                "\(program) cannot be started: \(String(cString: strerror(code)))"
            case .endedEarly(let program): "\(program) ended before it had said what it should"
            }
        }
    }

    private let program: String
    private let pid: pid_t
    private var input: Int32
    private let output: Int32
    private var unread: [UInt8] = []

    /// This program again, with a hidden command.
    convenience init(_ arguments: [String]) throws { try self.init(program: Self.ownPath(), arguments) }

    /// A program that lies beside this one.
    convenience init(sibling: String, _ arguments: [String]) throws {
        let own = try Self.ownPath()
        try self.init(program: String(own[...(own.lastIndex(of: "/") ?? own.startIndex)]) + sibling, arguments)
    }

    private static func ownPath() throws -> String {
        var path = [CChar](repeating: 0, count: Int(PATH_MAX) + 1)
        let size = readlink("/proc/self/exe", &path, Int(PATH_MAX))
        guard size > 0 else { throw Problem.cannotStart(program: "/proc/self/exe", errno: errno) }
        return String(decoding: path.prefix(size).map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    init(program: String, _ arguments: [String]) throws {
        var toChild: [Int32] = [-1, -1]
        var fromChild: [Int32] = [-1, -1]
        guard pipe(&toChild) == 0, pipe(&fromChild) == 0 else {
            throw Problem.cannotStart(program: program, errno: errno)
        }
        for end in toChild + fromChild { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_adddup2(&actions, toChild[0], STDIN_FILENO)
        posix_spawn_file_actions_adddup2(&actions, fromChild[1], STDOUT_FILENO)
        // Our threads block signals, and a child would inherit that: a broker could not be ended.
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var none = sigset_t()
        sigemptyset(&none)
        posix_spawnattr_setsigmask(&attributes, &none)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK))
        let texts = ([program] + arguments).map { strdup($0) }
        defer { for text in texts { free(text) } }
        var pid = pid_t()
        let code = posix_spawn(&pid, program, &actions, &attributes, texts + [nil], environ)
        close(toChild[0])
        close(fromChild[1])
        guard code == 0 else {
            close(toChild[1])
            close(fromChild[0])
            throw Problem.cannotStart(program: program, errno: code)
        }
        self.program = program
        self.pid = pid
        input = toChild[1]
        output = fromChild[0]
    }

    deinit {
        if input >= 0 { end() }
        close(output)
    }

    /// The next line of its standard output; `nil` at the end.
    func line() -> String? {
        while true {
            if let end = unread.firstIndex(of: UInt8(ascii: "\n")) {
                defer { unread.removeFirst(end + 1) }
                return String(decoding: unread[..<end], as: UTF8.self)
            }
            var buffer = [UInt8](repeating: 0, count: 4_096)
            let count = read(output, &buffer, buffer.count)
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return nil }
            unread += buffer[..<count]
        }
    }

    /// Lines up to an empty one.
    func linesUntilEmpty() throws -> [String] {
        var lines: [String] = []
        while let line = line() {
            if line.isEmpty { return lines }
            lines.append(line)
        }
        throw Problem.endedEarly(program: program)
    }

    /// Its last lines, `NAME VALUE` each.
    func figures() throws -> [String: Double] {
        var figures: [String: Double] = [:]
        for line in try linesUntilEmpty() {
            let parts = line.split(separator: " ")
            if parts.count == 2, let value = Double(parts[1]) { figures[String(parts[0])] = value }
        }
        return figures
    }

    /// How a process ended and what it has used.
    struct Ending {
        /// As a shell gives it: the exit status, or 128 and the signal.
        let code: Int32
        /// User and system time, s.
        let cpuSeconds: Double
        /// The largest resident set, KiB. Linux counts the parent's at the moment of the start as well, so this one must be small.
        let residentKiB: Double
        let output: String
    }

    /// Closes its input, reads what it says and waits for it.
    func ending() -> Ending {
        if input >= 0 { close(input) }
        input = -1
        var output = ""
        while let line = line() { output += line + "\n" }
        output += String(decoding: unread, as: UTF8.self)
        var status: Int32 = 0
        var usage = rusage()
        while wait4(pid, &status, 0, &usage) < 0, errno == EINTR {}
        let signal = status & 0x7f
        func seconds(_ time: timeval) -> Double { Double(time.tv_sec) + Double(time.tv_usec) / 1e6 }
        return Ending(
            code: signal == 0 ? status >> 8 & 0xff : 128 + signal,
            cpuSeconds: seconds(usage.ru_utime) + seconds(usage.ru_stime), residentKiB: Double(usage.ru_maxrss),
            output: output)
    }

    /// Closes its input and waits for it; with a signal, for programs that do not listen to their input.
    func end(signal: Int32? = nil) {
        if input >= 0 { close(input) }
        input = -1
        if let signal { kill(pid, signal) }
        var status: Int32 = 0
        while waitpid(pid, &status, 0) < 0, errno == EINTR {}
    }
}

/// What this process has used.
enum Usage {
    /// User and system time of all threads, s.
    static func cpuSeconds() -> Double {
        var usage = rusage()
        getrusage(Int32(RUSAGE_SELF.rawValue), &usage)
        func seconds(_ time: timeval) -> Double { Double(time.tv_sec) + Double(time.tv_usec) / 1e6 }
        return seconds(usage.ru_utime) + seconds(usage.ru_stime)
    }

    /// A number of `/proc/self/status`: `VmRSS` and `VmHWM` in KiB, `Threads`.
    static func status(_ name: String) -> Double {
        guard let file = fopen("/proc/self/status", "re") else { return 0 }
        defer { fclose(file) }
        var line = [CChar](repeating: 0, count: 256)
        while fgets(&line, 256, file) != nil {
            let text = String(decoding: line.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
            guard text.hasPrefix(name + ":") else { continue }
            return text.split(whereSeparator: \.isWhitespace).dropFirst().first.flatMap { Double($0) } ?? 0
        }
        return 0
    }

    static func monotonicSeconds() -> Double { seconds(CLOCK_MONOTONIC) }

    /// UTC in units of 100 µs, as the simulated devices count.
    static func wallTicks() -> Int64 {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Int64(time.tv_sec) * 10_000 + Int64(time.tv_nsec) / 100_000
    }

    private static func seconds(_ clock: clockid_t) -> Double {
        var time = timespec()
        clock_gettime(clock, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }
}
