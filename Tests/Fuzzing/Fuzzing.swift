import Glibc

/// What libFuzzer calls with every input. One program holds all targets; `PLUMBLINE_FUZZ_TARGET` names the one that is tried.
///
/// Built by `Deploy/fuzz` and not by the package: every room under it is compiled for the fuzzer and the address sanitizer.
@_cdecl("LLVMFuzzerTestOneInput")
public func tryOneInput(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    chosen(Array(UnsafeBufferPointer(start: start, count: count)))
    return 0
}

/// A target takes any bytes. A trap, or `must` that does not hold, is a finding.
typealias FuzzTarget = @Sendable ([UInt8]) -> Void

private let chosen: FuzzTarget = {
    let targets = decoders.merging(members) { first, _ in first }
    let name = getenv("PLUMBLINE_FUZZ_TARGET").map { String(cString: $0) } ?? "list"
    if name == "list" {
        for name in targets.keys.sorted() { puts(name) }
        fflush(nil)
        // Not `exit`, which the fuzzer takes for a finding.
        _exit(0)
    }
    guard let target = targets[name] else {
        puts("no such target: \(name)")
        fflush(nil)
        _exit(64)
    }
    return target
}()

func must(_ holds: Bool, _ what: StaticString) {
    if !holds { fatalError("\(what)") }
}
