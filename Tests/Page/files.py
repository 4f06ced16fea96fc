"""What can be said of the page from its files alone: words, colours, bytes."""

import gzip
import json
import pathlib
import re

ROOT = pathlib.Path(__file__).resolve().parents[2]
WEB = ROOT / "Sources/FacilityPage/Web"
FORBIDDEN = {
    "en": ["verified", "secure", "tamper-proof", "blockchain", "guaranteed", "immutable", "certified", "measured between", "✓", "!"],
    "de": ["verifiziert", "sicher ", "fälschungssicher", "manipulationssicher", "blockchain", "garantiert", "unveränderlich", "unveränderbar", "zertifiziert", "zwischen gemessen", "✓", "!"],
}


def words(language):
    return json.loads((WEB / f"{language}.json").read_text())


def slots(text):
    return sorted(re.findall(r"\{\w+\}", text))


def checks(check):
    english, german = words("en"), words("de")
    check("both catalogues have the same keys", list(english) == list(german), set(english) ^ set(german))
    unlike = [key for key in english if key in german and slots(english[key]) != slots(german[key])]
    check("and the same placeholders", not unlike, unlike)
    findings = {language: json.loads((WEB / f"findings-{language}.json").read_text()) for language in ("en", "de")}
    check("both tables of findings have the same codes", list(findings["en"]) == list(findings["de"]))
    for language, catalogue in (("en", english), ("de", german)):
        texts = list(catalogue.values()) + [text for finding in findings[language].values() for text in finding.values()]
        bad = [(word, text) for word in FORBIDDEN[language] for text in texts if word in text.lower()]
        check(f"no forbidden word in {language}", not bad, bad)
    check("every word a module asks for is in the catalogue", not missing(english), missing(english))
    check("the words of the findings are those of Evidence", not other_findings(findings), other_findings(findings))
    contrast(check)
    scripts = "".join(path.read_text() for path in WEB.glob("*.js"))
    check("no module makes markup from text", not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(|new Function", scripts))
    markup = (WEB / "skeleton.html").read_text()
    check("no style or handler in the markup", not re.search(r"\sstyle=|\son\w+=|<style", markup))
    check("words are formatted in one module only", not [path.name for path in WEB.glob("*.js") if path.name != "words.js" and re.search(r"\bIntl\.|toLocale", path.read_text())])
    budget(check)


def missing(catalogue):
    used = set(re.findall(r"\{\{([^=}][^}]*)\}\}", (WEB / "skeleton.html").read_text()))
    for path in WEB.glob("*.js"):
        used |= set(re.findall(r"\bt\(\s*'([\w.-]+)'\s*[,)]", path.read_text()))
    return sorted(key for key in used if key not in catalogue)


def other_findings(findings):
    """Codes whose three texts are not, word for word, in the Swift table; joined literals are joined first."""
    codes = dict((code, case) for case, code in re.findall(r'case (\w+) = "([EW]_\w+)"', (ROOT / "Sources/Evidence/FindingCode.swift").read_text()))
    bad = sorted(set(codes) ^ set(findings["en"]))
    for language, name in (("en", "FindingWords.swift"), ("de", "FindingWords+German.swift")):
        source = re.sub(r'"\s*\+\s*"', "", (ROOT / "Sources/Evidence" / name).read_text())
        bad += [f"{language} {code}" for code, finding in findings[language].items() if any(f'"{text}"' not in source for text in finding.values())]
    return bad


def luminance(colour):
    parts = [int(colour[i:i + 2], 16) / 255 for i in (1, 3, 5)]
    r, g, b = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
    return 0.2126 * r + 0.7152 * g + 0.0722 * b


def ratio(a, b):
    high, low = sorted((luminance(a), luminance(b)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def contrast(check):
    """Every pair of section 3 that carries a meaning, out of the sheet itself."""
    sheet = (WEB / "page.css").read_text()
    tokens = {name: pair for name, *pair in re.findall(r"--([\w-]+): light-dark\((#\w{6}), (#\w{6})\)", sheet)}
    pairs = [(ink, ground, least) for ground in ("ground", "surface", "sunken") for ink, least in
             (("ink", 7), ("ink-2", 4.5), ("accent", 4.5), ("line", 3), ("series-1", 3), ("series-2", 3), ("series-3", 3), ("series-4", 3))]
    pairs += [(tone, tone + "-tint", 4.5) for tone in ("holds", "notes", "fails", "unknown")]
    # Words of a quality or of the connection mark stand on the panel or the bar.
    pairs += [(tone, "surface", 4.5) for tone in ("holds", "notes", "fails")]
    low = [(a, b, round(ratio(tokens[a][i], tokens[b][i]), 2)) for a, b, least in pairs for i in (0, 1) if ratio(tokens[a][i], tokens[b][i]) < least]
    check(f"{2 * len(pairs)} pairs of colours have their contrast", not low, low)


def budget(check):
    packed = lambda names: sum(len(gzip.compress((WEB / name).read_bytes(), 9)) for name in names)
    document = (WEB / "skeleton.html").read_bytes() + (WEB / "de.json").read_bytes()
    sizes = {"HTML": (len(gzip.compress(document, 9)), 8000), "CSS": (packed(["page.css"]), 12000), "modules": (packed(["app.js", "words.js", "today.js"]), 45000)}
    for name, (size, most) in sizes.items():
        check(f"{name} of the first visit is at most {most} bytes compressed ({size})", size <= most)
