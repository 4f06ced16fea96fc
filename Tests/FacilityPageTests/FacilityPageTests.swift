import FacilityPage
import Testing

struct FacilityPageTests {
    let facts = PageFacts(buildingLabel: "<b>\"House\" & 'barn'</b>", timeZone: "Europe/Oslo")

    func text(_ path: String, _ language: Language = .en, theme: Theme = .system) throws -> String {
        let facts = PageFacts(buildingLabel: facts.buildingLabel, timeZone: facts.timeZone, theme: theme)
        return String(
            decoding: try #require(FacilityPage.document(path: path, language: language, facts: facts)).body,
            as: UTF8.self)
    }

    @Test func `a building's name is text and never markup`() throws {
        let html = try text("/")
        #expect(!html.contains("<b>"))
        #expect(html.contains("&lt;b&gt;&quot;House&quot; &amp; &#39;barn&#39;&lt;/b&gt;"))
    }

    @Test(arguments: Language.allCases)
    func `every view is there in every language, without an unfilled slot`(language: Language) throws {
        for path in ["/", "/building", "/building/ahu1", "/points/m1.power", "/record", "/check", "/sign-in"] {
            let html = try text(path, language)
            #expect(!html.contains("{{") && html.contains("<html lang=\"\(language.rawValue)\""))
            #expect(!html.contains(">view.") && !html.contains(">nav<"), "a word is missing in \(path)")
        }
    }

    @Test(arguments: [
        "", "/nothing", "/points", "/points/", "/points/a/b", "/building/", "/energy", "/sign-in/", "/page/app.js",
    ])
    func `what is no view is no document`(path: String) {
        #expect(FacilityPage.document(path: path, language: .en, facts: facts) == nil)
    }

    @Test func `a document loads only files that are there, each under the one version`() throws {
        for path in ["/", "/building", "/points/x", "/record", "/check", "/sign-in"] {
            for match in try text(path).matches(of: /(?:href|src)="(\/page\/[^"?]+)\?v=([0-9a-f]+)"/) {
                let asset = try #require(FacilityPage.asset(path: String(match.1)), "\(match.1)")
                #expect(asset.version == match.2)
            }
        }
    }

    @Test func `modules name their neighbours with the version, so that none runs twice`() throws {
        for name in ["today", "building", "point", "record", "check", "sign-in", "app", "chart", "verdict"] {
            let asset = try #require(FacilityPage.asset(path: "/page/\(name).js"))
            let source = String(decoding: asset.bytes, as: UTF8.self)
            #expect(!source.contains(".js';"))
            for match in source.matches(of: /from '\.\/([^'?]+)\?v=([0-9a-f]+)'/) {
                #expect(FacilityPage.asset(path: "/page/\(match.1)") != nil)
                #expect(match.2 == asset.version)
            }
        }
    }

    @Test func `only the present version may be kept for ever`() throws {
        let asset = try #require(FacilityPage.asset(path: "/page/page.css"))
        #expect(asset.cacheControl(version: asset.version).contains("immutable"))
        #expect(asset.cacheControl(version: "older") == "no-cache")
        #expect(asset.cacheControl(version: nil) == "no-cache")
        #expect(FacilityPage.asset(path: "/page/../app.js") == nil)
        #expect(FacilityPage.asset(path: "/page/en.json") == nil)
    }

    @Test func `two languages and two themes are two documents with two tags`() throws {
        let english = try #require(FacilityPage.document(path: "/", language: .en, facts: facts))
        let german = try #require(FacilityPage.document(path: "/", language: .de, facts: facts))
        #expect(english.etag != german.etag && english.etag.hasPrefix("\"") && english.etag.hasSuffix("\""))
        #expect(german.headers.contains { $0.name == "Content-Language" && $0.value == "de" })
        #expect(try text("/", theme: .dark).contains("data-theme=\"dark\""))
    }

    @Test(
        arguments: [
            (nil, nil, Language.en), (nil, "de", .de), (nil, "de-CH, en;q=0.9", .de), (nil, "en;q=0.5, de;q=0.8", .de),
            (nil, "fr, de;q=0", .en), (nil, "fr;q=1, de;q=0.1, en;q=0.05", .de), ("lang=de", "en", .de),
            ("a=b; lang=en; c", "de", .en),
            ("lang=xx", "de", .de), ("slang=de", nil, .en), (nil, "de;q=9, en", .en), (nil, ";;;,,,q=", .en),
        ] as [(String?, String?, Language)])
    func `the cookie speaks first, then the browser, then English`(cookie: String?, accept: String?, language: Language)
    {
        #expect(Language.chosen(cookieHeader: cookie, acceptLanguage: accept) == language)
    }

    @Test func `the policy allows our own files and nothing else`() throws {
        let policy = try #require(FacilityPage.securityHeaders.first { $0.name == "Content-Security-Policy" }).value
        #expect(policy.contains("default-src 'none'") && policy.contains("require-trusted-types-for 'script'"))
        #expect(!policy.contains("unsafe") && !policy.contains("data:") && !policy.contains("http"))
    }
}
