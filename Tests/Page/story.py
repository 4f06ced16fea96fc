"""Checks that need a gateway one can command: verdicts, gaps, silence, clock changes, other time zones."""

import re
import tempfile

SENTENCES = {
    "en": {
        "holds": "Holds. All 1,440 records in this file are complete and unchanged. They were placed in the log between 12:50:00 and 13:10:00.",
        "notes": "Holds, with 2 notes. The records are unchanged. Read the notes before you rely on them.",
        "own-network": "Holds only against the operator's own network. The operator could have written all of this, including the times, today.",
        "own-network-stamped": "Holds against the operator's own network and an independent time stamp. The operator could have written all of this, including the times, but no later than 13:10:00.",
        "fails": "Does not hold. {E_ITEM_HASH} (entry 41). Do not rely on this file. Steps after this one were not checked.",
        "not-authenticated": "Agrees with itself, not authenticated. Whose log this is was not checked: you gave no policy card of your own.",
        "not-checked": "Could not be checked. {E_VERSION}. This says nothing about the records.",
        "waiting": "Not fixed yet. Written down at 14:02:00; the network usually confirms within 10 minutes, about 14:12.",
    },
    "de": {
        "holds": "Der Nachweis hält. Alle 1.440 Einträge dieser Datei sind vollständig und unverändert. Sie kamen zwischen 12:50:00 und 13:10:00 ins Protokoll.",
        "notes": "Der Nachweis hält, mit 2 Hinweisen. Die Einträge sind unverändert. Lesen Sie die Hinweise, bevor Sie sich darauf stützen.",
        "own-network": "Hält nur gegenüber dem eigenen Netz des Betreibers. Der Betreiber könnte all das, auch die Zeiten, heute geschrieben haben.",
        "own-network-stamped": "Hält gegenüber dem eigenen Netz des Betreibers und einem unabhängigen Zeitstempel. Der Betreiber könnte all das, auch die Zeiten, geschrieben haben, aber spätestens 13:10:00.",
        "fails": "Der Nachweis hält nicht. {E_ITEM_HASH} (entry 41). Stützen Sie sich nicht auf diese Datei. Die weiteren Schritte wurden nicht geprüft.",
        "not-authenticated": "In sich stimmig, Herkunft nicht geprüft. Wessen Protokoll das ist, wurde nicht geprüft: Es lag keine eigene Richtlinienkarte vor.",
        "not-checked": "Konnte nicht geprüft werden. {E_VERSION}. Über die Einträge sagt das nichts.",
        "waiting": "Noch nicht verankert. Aufgeschrieben um 14:02:00; das Netz bestätigt meist binnen 10 Minuten, etwa um 14:12.",
    },
}


def checks(check, browser, mock, axe):
    browser.width(1280)
    clean = lambda state: check(f"axe finds nothing: {state}", not browser.axe(axe), browser.axe(axe))
    verdicts(check, browser, mock, clean)
    waiting(check, browser, mock, clean)
    drawing(check, browser)
    clock_changes(check, browser)
    zones(check, browser)
    lines(check, browser, mock, clean)
    evidence(check, browser, clean)
    setting(check, browser, mock, clean)
    many_windows(check, browser, mock)
    troubles(check, browser, mock, clean)
    silence(check, browser, mock, clean)
    first_visit(check, browser, mock)


def told(browser, sentence):
    """The sentence with the words of its finding put in."""
    findings = browser.js("return fetch('/page/findings-' + document.documentElement.lang + '.json').then(a => a.json())")
    return re.sub(r"\{(E_\w+)\}", lambda m: findings[m.group(1)]["sentence"].rstrip("."), sentence)


def verdicts(check, browser, mock, clean):
    """Tests 9 and 10: every sentence whole, in both languages; a spoiled file opens its steps."""
    with tempfile.NamedTemporaryFile(suffix=".evidence") as file:
        file.write(b"make-believe")
        file.flush()
        for language, sentences in SENTENCES.items():
            browser.choose(language)
            for name in ("holds", "notes", "own-network", "own-network-stamped", "fails", "not-authenticated", "not-checked"):
                mock.verdict = name
                browser.open("/check")
                browser.driver.find_element("id", "file").send_keys(file.name)
                browser.driver.find_element("css selector", "form.check button.main").click()
                browser.wait(lambda: browser.count(".verdict"))
                text = browser.text(".verdict .sentence").replace(" ", " ")
                wanted = told(browser, sentences[name])
                check(f"{language}: the verdict {name} in its exact words", text == wanted, f"{text}\n        {wanted}")
                tone = browser.js("return document.querySelector('.verdict').className")
                check(f"{language}: only what holds has the tone of it: {name}", ("holds" in tone.split()) == (name == "holds"), tone)
                is_open = browser.js("return document.querySelector('.verdict .why').open")
                check(f"{language}: steps are open only when something fails: {name}", is_open == (name == "fails"))
                closing = browser.text(".verdict .quiet")
                check(f"{language}: it says who checked and what no check notices: {name}", ("this gateway" in closing and "sensor" in closing) if language == "en" else ("vom Gateway" in closing.replace("Vom", "vom") and "Fühler" in closing), closing)
                browser.js("document.querySelectorAll('details').forEach(d => { d.open = d.id !== 'settings' })")
                clean(f"verdict {name} {language}, all levels open")
    mock.verdict = "own-network"
    browser.choose("en")


def waiting(check, browser, mock, clean):
    mock.evidence_waits = True
    for language in ("en", "de"):
        browser.choose(language)
        browser.open("/points/m1.energy-import")
        browser.driver.find_element("css selector", "#trace button.main").click()
        browser.wait(lambda: browser.count(".verdict"))
        pattern = re.sub(r"\d\d:\d\d(:\d\d)?", "T", SENTENCES[language]["waiting"])
        text = re.sub(r"\d\d:\d\d(:\d\d)?", "T", browser.text("#trace .verdict .sentence"))
        check(f"{language}: what waits says until when", text == pattern, text)
        clean(f"waiting {language}")
    mock.evidence_waits = False
    browser.choose("en")


def drawing(check, browser):
    """Test 6: gaps and estimates as the answer has them."""
    browser.open("/points/m1.power?range=day&day=2026-03-31")
    browser.wait(lambda: browser.count(".chart svg"))
    check("one named gap is one bracket", browser.count(".chart .gap") == 1, browser.count(".chart .gap"))
    check("and the line is broken there", browser.count(".chart path.line") == 2, browser.count(".chart path.line"))
    check("and the sentence names it", "1 gap" in browser.text("#in-words") and "03:12–03:46" in browser.text("#in-words"), browser.text("#in-words"))
    browser.open("/points/room101.co2?range=month&day=2026-03-31")
    browser.wait(lambda: browser.count(".chart svg"))
    check("estimated runs are drawn dashed", browser.count(".chart path.estimated.line") > 0 and browser.js("return getComputedStyle(document.querySelector('.chart path.estimated.line')).strokeDasharray") != "none")
    browser.open("/points/ahu1.fan?range=day&day=2026-03-30")
    browser.wait(lambda: browser.count(".chart svg"))
    check("a state is drawn from every reading, page after page", "1,440 readings" in browser.text("#in-words") and browser.count(".box.notes") == 0, browser.text("#in-words"))
    browser.open("/points/ahu1.filter-dp")
    check("an offline point shows no value and never 0", browser.text(".big") == "no value", browser.text(".big"))
    browser.open("/building/ahu1")
    check("by hand is a word beside its mark", "by hand" in browser.text(".points tbody"), browser.text(".points tbody"))


def lines(check, browser, mock, clean):
    """How the field side fares stands at the end of the record, in words."""
    for language, words in (("en", ("2 of 3 lines are up.", "1 of 4 devices answer.", "another device answers", "function 4: 100–103 refused", "at most 60 registers at once", "never")),
                            ("de", ("2 von 3 Leitungen stehen.", "1 von 4 Geräten antworten.", "ein anderes Gerät antwortet", "Funktion 4: 100–103 abgelehnt", "höchstens 60 Register auf einmal", "nie"))):
        browser.choose(language)
        browser.open("/record")
        browser.wait(lambda: browser.count("section[aria-labelledby=links] tbody tr") == 4)
        text = browser.text("section[aria-labelledby=links]")
        check(f"{language}: every line and device says how it fares", all(word in text for word in words), [word for word in words if word not in text])
        clean(f"lines and devices {language}")
    browser.choose("en")
    mock.empty = True
    browser.open("/record")
    browser.wait(lambda: browser.text("section[aria-labelledby=links]").endswith("No line to the field is configured."))
    check("no line is told in words", True)
    mock.empty = False


def clock_changes(check, browser):
    """Days of 23 and 25 hours."""
    browser.open("/record?from=2026-03-28&to=2026-03-30")
    hours = browser.js("return [...document.querySelectorAll('.strip tbody tr')].map(r => r.querySelectorAll('.hours > li').length)")
    check("29 March has 23 hours, its neighbours 24", hours == [24, 23, 24], hours)
    browser.open("/record?from=2025-10-25&to=2025-10-27")
    hours = browser.js("return [...document.querySelectorAll('.strip tbody tr')].map(r => r.querySelectorAll('.hours > li').length)")
    check("26 October has 25 hours, its neighbours 24", hours == [24, 25, 24], hours)
    for day, change, ticks in (("2026-03-29", "clocks change", []), ("2025-10-26", "clocks change", ["02:00 +02:00", "02:00 +01:00"])):
        browser.open(f"/points/m1.power?range=day&day={day}")
        browser.wait(lambda: browser.count(".chart svg"))
        texts = browser.js("return [...document.querySelectorAll('.chart text')].map(t => t.textContent)")
        check(f"{day}: the chart says that the clocks change and writes a doubled hour twice", change in texts and all(tick in texts for tick in ticks), texts)
        length = browser.text("#in-words").split(",")[0]
        check(f"{day}: its length in hours is true", length.endswith("23 h" if day.startswith("2026") else "25 h"), length)


def zones(check, browser):
    """Test 5: the reader's own zone changes no figure."""
    addresses = ["/points/m1.power?range=day&day=2026-03-29", "/points/m1.power?range=week&day=2026-03-31", "/record?from=2025-10-25&to=2025-10-27"]

    def figures():
        found = []
        for address in addresses:
            browser.open(address)
            if "/points/" in address:
                browser.wait(lambda: browser.count(".chart svg"))
                browser.driver.find_element("css selector", "button[aria-expanded='false']").click()
                browser.wait(lambda: browser.count("table.dense"))
            found.append(browser.text("table.dense, .strip, #in-words, .chart text, .range .when strong"))
        return found

    browser.zone("Europe/Oslo")
    here = figures()
    for zone in ("Pacific/Auckland", "America/St_Johns", "Australia/Lord_Howe"):
        browser.zone(zone)
        check(f"the same figures in a browser in {zone}", figures() == here)
        browser.open("/points/m1.power")
        check(f"and a line that says so ({zone})", "another time zone" in browser.text(".caption"), browser.text(".caption"))
    browser.zone("Europe/Oslo")
    browser.open("/points/m1.power?times=utc")
    check("UTC by choice, named", "Times: UTC" in browser.text(".caption") and browser.text("#zone") == "UTC", browser.text(".caption"))


def evidence(check, browser, clean):
    browser.open("/record")
    browser.driver.find_element("css selector", "form.make button.main").click()
    browser.wait(lambda: "Ready" in browser.text(".result"))
    check("an evidence file is made, named, with its SHA-256 and the command", "plumbline verify bk16-2026-03.evidence" in browser.text(".result pre") and browser.count(".result .hash") == 1, browser.text(".result"))
    check("its id stands in the address", "evidence=e-7c1d" in browser.driver.current_url, browser.driver.current_url)
    browser.driver.find_element("css selector", ".result button.main").click()
    check("the download is compared with the SHA-256 announced", browser.wait(lambda: "SHA-256 is the one above" in browser.text(".result")), browser.text(".result"))
    clean("evidence ready")


def setting(check, browser, mock, clean):
    """A point that can be set: checked first, then set, with both entries of the log; in both languages."""
    browser.open("/points/m1.power")
    check("what cannot be set has no form", browser.count("form.set") == 0)
    for language, done, only in (("en", "the device holds the value", "sets nothing"), ("de", "das Gerät hält den Wert", "setzt nichts")):
        browser.choose(language)
        before = len(mock.commands)
        browser.open("/points/ahu1.fan")
        browser.wait(lambda: browser.count("form.set"))
        clean(f"a form to set {language}")
        browser.driver.find_element("css selector", "form.set [name=value]").send_keys("2")
        browser.driver.find_element("css selector", "form.set [name=reason]").send_keys("filter <b>change</b>")
        browser.driver.find_element("css selector", "form.set button[type=button]").click()
        browser.wait(lambda: browser.count("#set-result .box.holds"))
        check(f"{language}: a check writes nothing", len(mock.commands) == before, mock.commands)
        browser.driver.find_element("css selector", "form.set button.main").click()
        browser.wait(lambda: done in browser.text("#set-result"))
        leaf = mock.commands[-1]["intentLeaf"]
        check(f"{language}: what was set is told with both entries", str(leaf) in browser.text("#set-result").replace(",", "").replace(".", "") and str(leaf + 1) in browser.text("#set-result").replace(",", "").replace(".", ""), browser.text("#set-result"))
        check(f"{language}: and stands in the list, its reason as text", browser.wait(lambda: "<b>change</b>" in browser.text("section[aria-labelledby=setting] table")), browser.text("section[aria-labelledby=setting]"))
        clean(f"after setting {language}")
        mock.role = "auditor"
        browser.open("/points/ahu1.fan")
        check(f"{language}: an auditor reads and sets nothing", browser.wait(lambda: only in browser.text("section[aria-labelledby=setting]")) and browser.count("form.set") == 0)
        mock.role = "facility"
    browser.choose("en")


def many_windows(check, browser, mock):
    """Test 8: a page that gets no stream still loads, says so and reads again."""
    mock.stream = "refused"
    browser.open("/")
    check("a window without a stream loads", "of" in browser.text(".figure"), browser.text(".figure"))
    check("and says that it reads again instead", browser.wait(lambda: browser.js("return document.getElementById('connection').dataset.state") == "polling"), browser.text("#connection"))
    mock.stream = "open"


def troubles(check, browser, mock, clean):
    mock.fail = {"/v1/anchors"}
    browser.open("/")
    check("a refusal is shown where it belongs, the other panels stay", browser.count(".panel .box.fails") == 1 and browser.count(".rows > li") > 0)
    clean("one panel refused")
    mock.fail = set()
    mock.empty = True
    browser.open("/")
    check("an empty building says why and what next", "building file" in browser.text(".panel"), browser.text(".panel"))
    clean("empty")
    browser.open("/record")
    check("an empty record says why", "sealed" in browser.text(".panel"), browser.text(".panel"))
    mock.empty = False
    browser.open("/points/no.such-point")
    check("an unknown point is a clear refusal", "There is no such point" in browser.text("#view"), browser.text("#view"))
    browser.open("/building?find=co2")
    check("the search finds a point by a part of its id", "room101.co2" in browser.text("#view"))
    browser.open("/building?find=nothing-like-it")
    check("and what is not found here is not denied", "outside your access" in browser.text("#view"), browser.text("#view"))


def silence(check, browser, mock, clean):
    """Test 7: a stream that falls silent is told; what stood stays; its return reads again."""
    browser.open("/building/ahu1")
    check("a stream is live", browser.wait(lambda: browser.js("return document.getElementById('connection').dataset.state") == "live"))
    before = browser.text(".points tbody th")
    mock.stream = "silent"
    check("silence for 30 s is told by mark and banner", browser.wait(lambda: browser.js("return document.getElementById('connection').dataset.state") == "offline" and "No connection since" in browser.text("#banner"), 60))
    clean("offline")
    check("old values stay", browser.text(".points tbody th") == before)
    mock.stream = "cut"
    asked = len(mock.requests)
    mock.stream = "open"
    check("the return is live again and the banner gone", browser.wait(lambda: browser.js("return document.getElementById('connection').dataset.state") == "live" and browser.text("#banner") == "", 30))
    check("and what is visible was read again", browser.wait(lambda: any(path.startswith("/v1/points") for path in mock.requests[asked:])))


def first_visit(check, browser, mock):
    browser.cdp("Network.enable")
    browser.cdp("Network.clearBrowserCache")
    mock.requests.clear()
    browser.open("/")
    asked = [path for path in mock.requests if "/v1/events" not in path and "favicon" not in path and "icon.svg" not in path]
    check(f"Today asks at most 9 times, the stream aside ({len(asked)})", len(asked) <= 9, asked)
    check("and nothing of a foreign host", not browser.js("return performance.getEntriesByType('resource').filter(r => new URL(r.name).origin !== location.origin).map(r => r.name)"))
