package import Foundation
import Hashing

/// The vectors at `path`, and those of every other file in its folder whose cases have the same members: more may be dropped in.
///
/// The folder lies below `$PLUMBLINE_VECTORS`, or `Tests/Vectors` beside this one; the members are those of our own copy.
package func vectorData(_ path: String) throws -> Data {
    let ours = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .appendingPathComponent("Vectors")
    let given = ProcessInfo.processInfo.environment["PLUMBLINE_VECTORS"].map { URL(fileURLWithPath: $0) } ?? ours
    let known = try JSONSerialization.jsonObject(with: Data(contentsOf: ours.appendingPathComponent(path)))
    guard let first = (known as? [[String: Any]])?.first else {
        return try Data(contentsOf: given.appendingPathComponent(path))
    }
    let folder = given.appendingPathComponent(path).deletingLastPathComponent()
    var cases: [[String: Any]] = []
    for name in try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted() where name.hasSuffix(".json")
    {
        let content = try JSONSerialization.jsonObject(with: Data(contentsOf: folder.appendingPathComponent(name)))
        guard let list = content as? [[String: Any]], let one = list.first else { continue }
        if path.hasSuffix("/" + name) || Set(one.keys) == Set(first.keys) { cases += list }
    }
    return try JSONSerialization.data(withJSONObject: cases)
}

package func vectors<Case: Decodable>(_ path: String, as _: Case.Type = Case.self) throws -> Case {
    try JSONDecoder().decode(Case.self, from: vectorData(path))
}

/// Below `$PLUMBLINE_VECTORS`, or `Tests/Vectors` beside this folder.
private func vectorPath(_ path: String) -> URL {
    let ours = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .appendingPathComponent("Vectors")
    let given = ProcessInfo.processInfo.environment["PLUMBLINE_VECTORS"].map { URL(fileURLWithPath: $0) }
    return (given ?? ours).appendingPathComponent(path)
}

/// A golden file as it is.
package func vectorBytes(_ path: String) throws -> [UInt8] { [UInt8](try Data(contentsOf: vectorPath(path))) }

/// Names of the golden files in a folder that end like this, in order.
package func vectorNames(_ folder: String, suffix: String) throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: vectorPath(folder).path).filter { $0.hasSuffix(suffix) }
        .sorted()
}

/// Bytes of lower-case hexadecimal, with or without `0x`.
package func hexBytes(_ text: String) throws -> [UInt8] {
    struct NotHex: Error { var text: String }
    guard let bytes = Hashing.bytes(hex: text.hasPrefix("0x") ? String(text.dropFirst(2)) : text) else {
        throw NotHex(text: text)
    }
    return bytes
}
