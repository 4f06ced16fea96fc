import Capture
import Glibc
import MetricsExport

/// What the system says of this process and its disk.
enum ProcessMetrics {
    static func families(disk: DiskSpace) -> [MetricFamily] {
        var families: [MetricFamily] = []
        func add(_ name: String, _ kind: MetricFamily.Kind, _ help: String, _ value: Double?) {
            guard let value else { return }
            families.append(
                MetricFamily(name, kind, help: help, samples: [MetricFamily.Sample(value: value)]))
        }
        var usage = rusage()
        if getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage) == 0 {
            add(
                "plumbline_process_cpu_seconds_total", .counter, "User and system time.",
                seconds(usage.ru_utime) + seconds(usage.ru_stime))
        }
        add("plumbline_process_resident_memory_bytes", .gauge, "Memory in use.", residentBytes())
        add("plumbline_process_threads", .gauge, "Threads.", threads())
        add("plumbline_disk_free_bytes", .gauge, "Free where the ledger lies.", disk.freeBytes().map { Double($0) })
        add("plumbline_ledger_bytes", .gauge, "Size of the ledger's file.", size(disk.directory + "/ledger.db"))
        return families
    }

    private static func seconds(_ time: timeval) -> Double { Double(time.tv_sec) + Double(time.tv_usec) / 1_000_000 }

    /// Second field of `/proc/self/statm`, in pages (proc(5)).
    private static func residentBytes() -> Double? {
        // A system without it has one figure less, nothing else.
        guard let text = try? GatewayPlan.read("/proc/self/statm") else { return nil }
        let fields = String(decoding: text, as: UTF8.self).split(separator: " ")
        return fields.count > 1 ? Double(fields[1]).map { $0 * Double(sysconf(Int32(_SC_PAGESIZE))) } : nil
    }

    private static func threads() -> Double? {
        // As above.
        guard let text = try? GatewayPlan.read("/proc/self/status") else { return nil }
        let line = String(decoding: text, as: UTF8.self).split(separator: "\n").first { $0.hasPrefix("Threads:") }
        return line.flatMap { Double($0.dropFirst(8).filter(\.isNumber)) }
    }

    private static func size(_ path: String) -> Double? {
        var facts = stat()
        return stat(path, &facts) == 0 ? Double(facts.st_size) : nil
    }
}
