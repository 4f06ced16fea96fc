/// The files of the page with their addresses, made once.
///
/// A module imports its neighbours by plain relative names; here `?v=` is put behind each, so that one module has one
/// address and a browser never runs it twice.
enum Assets {
    static let version: String = contentHash(sources.flatMap { Array($0.name.utf8) + $0.bytes })

    static let all: [String: PageAsset] = Dictionary(
        uniqueKeysWithValues: sources.map { source in
            let bytes = source.name.hasSuffix(".js") ? versioned(source.bytes) : source.bytes
            let asset = PageAsset(
                bytes: bytes, contentType: contentType(of: source.name), version: version,
                etag: "\"" + contentHash(bytes) + "\"")
            return ("/page/" + source.name, asset)
        })

    private static let sources: [(name: String, bytes: [UInt8])] = [
        ("page.css", PackageResources.page_css),
        ("icon.svg", PackageResources.icon_svg),
        ("app.js", PackageResources.app_js),
        ("words.js", PackageResources.words_js),
        ("chart.js", PackageResources.chart_js),
        ("verdict.js", PackageResources.verdict_js),
        ("today.js", PackageResources.today_js),
        ("building.js", PackageResources.building_js),
        ("point.js", PackageResources.point_js),
        ("command.js", PackageResources.command_js),
        ("record.js", PackageResources.record_js),
        ("links.js", PackageResources.links_js),
        ("check.js", PackageResources.check_js),
        ("sign-in.js", PackageResources.sign_in_js),
        ("findings-en.json", PackageResources.findings_en_json),
        ("findings-de.json", PackageResources.findings_de_json),
    ]

    /// Behind every `from './NAME.js'` the version.
    private static func versioned(_ bytes: [UInt8]) -> [UInt8] {
        let lines = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        let tail = Array(".js';".utf8)
        let renewed = lines.map { line -> [UInt8] in
            guard line.suffix(tail.count) == tail[...],
                line.starts(with: "import ".utf8) || line.starts(with: "} from ".utf8)
            else { return Array(line) }
            return line.dropLast(2) + Array("?v=\(version)';".utf8)
        }
        return Array(renewed.joined(separator: [UInt8(ascii: "\n")]))
    }

    private static func contentType(of name: String) -> String {
        if name.hasSuffix(".js") { return "text/javascript; charset=utf-8" }
        if name.hasSuffix(".css") { return "text/css; charset=utf-8" }
        if name.hasSuffix(".json") { return "application/json" }
        if name.hasSuffix(".svg") { return "image/svg+xml" }
        return "application/octet-stream"
    }
}

/// Sixteen hex digits that change when the bytes do (FNV-1a, 64 bits): an address and an ETag for files of our own,
/// never evidence.
func contentHash(_ bytes: [UInt8]) -> String {
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    for byte in bytes { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
    let text = String(hash, radix: 16)
    return String(repeating: "0", count: 16 - text.count) + text
}
