"""Goal: the page and the API of a running gateway are one: what a reader sees is what the API answers, exactly.
Method: a gateway fed by mosquitto_pub, Chromium by WebDriver under the gateway's own headers; files that the page
downloads are verified by `plumbline`; the gateway is stopped and started under the open page."""

import hashlib
import json
import pathlib
import re
import subprocess
import sys
import tempfile
import threading
import time

from harness import ROOT, Broker, Gateway, Steps, programs, wait_for

sys.path.insert(0, str(ROOT / "Tests" / "Page"))
from browser import Browser
from story import SENTENCES, told

TOPIC = "application/1/device/{}/event/up"
BUILDING = """\
building: test-house
label: Test House
timezone: Europe/Oslo
entities:
  house: {type: Building, label: Test House}
  floor1: {type: Level, in: house, label: First floor}
  room1: {type: Room, in: floor1, label: Room 1}
  room2: {type: Room, in: floor1, label: Room 2}
  attic: {type: Room, in: house, label: Attic}
devices:
  fast: {profile: chirpstack-milesight-am308, mqtt: application/1/device/fast/event/up, every: 1s}
  slow: {profile: chirpstack-milesight-am308, mqtt: application/1/device/slow/event/up, every: 10m}
  mute: {profile: chirpstack-milesight-am308, mqtt: application/1/device/mute/event/up, every: 2s}
points:
  room1.co2: {from: fast#co2}
  room1.temperature: {from: fast#temperature}
  room2.co2: {from: slow#co2, privacy: indirect, tenant: t3}
  room2.temperature: {from: slow#temperature, privacy: indirect, tenant: t3}
  attic.humidity: {from: mute#humidity}
"""


class Feeder:
    """One uplink of the fast sensor each second; the others speak once."""

    def __init__(self, broker):
        self.broker, self.ended = broker, threading.Event()
        broker.publish(TOPIC.format("slow"), {"object": {"co2": 1612, "temperature": -0.5}})
        broker.publish(TOPIC.format("mute"), {"object": {"humidity": 40.25}})
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()

    def _run(self):
        count = 0
        while not self.ended.is_set():
            count += 1
            self.broker.publish(TOPIC.format("fast"), {"object": {"co2": 600 + count, "temperature": round(20 + count / 100, 2)}})
            self.ended.wait(1)

    def stop(self):
        self.ended.set()
        self.thread.join(25)


class Page:
    """The browser with what every step below needs."""

    def __init__(self, gateway, folder):
        self.gateway, self.folder = gateway, pathlib.Path(folder)
        self.browser = Browser(f"http://127.0.0.1:{gateway.api_port}", gateway.token)
        self.browser.cdp("Browser.setDownloadBehavior", behavior="allow", downloadPath=str(self.folder))
        self.browser.width(1280)

    def state(self):
        return self.browser.js("return document.getElementById('connection').dataset.state")

    def click(self, selector):
        self.browser.driver.find_element("css selector", selector).click()

    def sentence(self, place=""):
        self.browser.wait(lambda: self.browser.count(f"{place} .verdict .sentence"), 30)
        return self.browser.text(f"{place} .verdict .sentence").replace("\u202f", " ")

    def soon(self, claim, seconds):
        """Whether the claim comes true in time, asked once a second; a click may be among what it does."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if claim():
                return True
            time.sleep(1)
        return False

    def downloaded(self, pattern):
        """The newest whole file of that name."""
        found = self.browser.wait(lambda: [p for p in self.folder.glob(pattern) if not list(self.folder.glob("*.crdownload"))], 20)
        return max(found, key=lambda path: path.stat().st_mtime) if found else None


def number(value):
    """A number as the English page writes it."""
    whole, _, rest = f"{abs(value):,}".partition(".")
    return ("-" if value < 0 else "") + whole + ("." + rest if rest.strip("0") else "")


def first_visit(steps, page):
    browser = page.browser
    browser.open("/sign-in")
    browser.driver.find_element("id", "token").send_keys("not-a-token-of-this-gateway")
    page.click("form.sign-in button.main")
    steps.check(browser.wait(lambda: "not known here" in browser.text(".result")), "a wrong token is refused in words")
    browser.driver.delete_all_cookies()
    browser.sign_in()
    steps.check(browser.driver.get_cookies()[0]["httpOnly"], "the token signs in; its cookie is out of reach of scripts")
    browser.cdp("Network.enable")
    browser.cdp("Network.clearBrowserCache")
    browser.open("/")
    sizes = browser.js("return [...performance.getEntriesByType('navigation'), ...performance.getEntriesByType('resource')].filter(e => !e.name.includes('/v1/events')).map(e => [new URL(e.name).pathname, e.transferSize])")
    print(f"      first visit: {len(sizes)} requests, {sum(size for _, size in sizes)} bytes transferred", flush=True)
    steps.check(len(sizes) <= 10, f"the first visit to Today asks {len(sizes)} times")


def today(steps, page):
    browser, gateway = page.browser, page.gateway
    about = gateway.get("/v1")
    steps.check(browser.wait(lambda: page.state() == "live", 10), f"Today is live ({page.state()})")
    browser.open("/")
    steps.check(browser.wait(lambda: page.state() == "live", 5), "and live again at once after the next page: the stream left is given back")
    steps.check(browser.wait(lambda: "2 of 3 answering · 1 silent" in browser.text(".figure"), 30), f"devices: {browser.text('.figure')}")
    silent = browser.text(".rows > li")
    steps.check("attic.humidity" in silent and browser.count(".rows > li") == 1, f"the silent one needs you, nothing else does: {silent}")
    lines = browser.text(".lines > li")
    steps.check("No gaps today" in lines and "Sealed at" in lines and "Last fixed on the network" in lines, f"the record's lines: {lines}")
    steps.check(("own network" in browser.text(".box.unknown")) == about["selfNetwork"], "the operator's own network is named")


def numbers(steps, page):
    browser, gateway = page.browser, page.gateway
    browser.open("/building/room2")
    wanted = {p["id"]: p["last"] for p in gateway.all("/v1/points?entity=room2")}
    shown = browser.js("return [...document.querySelectorAll('.points tbody tr')].map(r => [r.querySelector('a').getAttribute('href'), r.querySelector('.value').textContent, r.querySelector('.at time').getAttribute('datetime'), r.querySelector('.how').textContent.trim()])")
    units = {"room2.co2": "ppm", "room2.temperature": "°C"}
    same = len(shown) == len(wanted) == 2
    for href, value, at, quality in shown:
        name = href.split("/points/")[1].split("?")[0]
        same &= value == number(wanted[name]["value"]) + "\u202f" + units[name] and at == wanted[name]["at"] and quality == wanted[name]["quality"]
    steps.check(same, f"value, unit, time and quality are those of the API: {shown}")
    steps.check("First floor" in browser.text(".tree") and "Attic" in browser.text(".tree"), "the tree has floors and rooms")
    browser.open("/building/room1")
    steps.check(browser.wait(lambda: page.state() == "live", 5), "the view of a room is live")
    before = browser.text(".points .value")
    steps.check(browser.wait(lambda: browser.text(".points .value") != before, 5), f"values move by themselves: {before} → {browser.text('.points .value')}")


def point(steps, page, plumbline, card):
    browser, gateway = page.browser, page.gateway
    browser.open("/points/room1.co2?range=hour")
    browser.wait(lambda: browser.count(".chart svg path.line"))
    steps.check(browser.count(".chart .gap") == 1 and "before the record began" in browser.text("#in-words"), f"the hour's chart has its line and what lies before the record: {browser.text('#in-words')}")
    steps.check("fast" in browser.text("#trace") and "chirpstack-milesight-am308" in browser.text("#trace"), "where the value comes from: device, profile, register")
    page.click("button[aria-expanded='false']")
    browser.wait(lambda: browser.count("table.dense tbody tr"))
    csv = browser.driver.find_element("css selector", "a[download]").get_attribute("href")
    _, _, body = gateway.request("GET", csv.split(str(gateway.api_port))[1])
    rows = body.decode().split("\r\n")
    steps.check(rows[0].startswith("at_utc,at_local,utc_offset,point,value") and rows[1].split(",")[4] == "601", f"the CSV begins with the first reading: {rows[1]}")
    page.click("#trace button.main")
    waiting = re.sub(r"\d\d:\d\d(:\d\d)?", "T", page.sentence("#trace"))
    steps.check(re.fullmatch(r"Not fixed yet\. Written down at T; (it waits for the network|the network usually confirms within (a minute|\d+ minutes), about T)\.", waiting), f"the newest value waits, and says until when: {waiting}")

    def fixed():
        if "Not fixed" in browser.text("#trace .sentence"):
            page.click("#trace .result button")
        return browser.text("#trace .sentence") == SENTENCES["en"]["own-network"]

    steps.check(page.soon(fixed, 40), f"a little later it is fixed, in the exact words: {browser.text('#trace .result')[:200]}")
    steps.check(browser.wait(lambda: "fixed" in browser.text("#proof"), 20), f"and the state beside it follows: {browser.text('#proof')}")
    browser.js("document.querySelectorAll('#trace .why').forEach(d => { d.open = true })")
    steps.check(browser.count("table.dense tbody tr") > 0, "the table that was opened is still open")
    steps.check(browser.count("#trace .why li p.holds") >= 4, f"each step holds: {browser.count('#trace .why li p.holds')}")
    page.click("#trace .actions button:not(.main)")
    file = page.downloaded("room1.co2-*.evidence")
    verified = file and subprocess.run([plumbline, "verify", str(file), "--policy", str(card)], capture_output=True, text=True, timeout=60)
    steps.check(verified and verified.returncode == 0 and "Holds only against" in verified.stdout, f"plumbline verifies the downloaded file of this value: {file and file.name}")


def record(steps, page, plumbline):
    """The period file and the card, both through the page."""
    browser, gateway = page.browser, page.gateway
    browser.open("/record")
    rows = gateway.get("/v1/completeness?limit=1000")["items"]
    steps.check(browser.count(".strip tbody tr") == 1 and browser.count(".strip .cell.gap") == 0, "the strip begins with the day the record began, and has no gap")
    anchors = gateway.anchored()
    steps.check(browser.text("#anchors ~ div tbody tr td:first-child").split(" | ")[0] in {str(a["seq"]) for a in gateway.all("/v1/anchors?limit=1000")}, f"the anchors are listed, {len(anchors)} fixed")
    steps.check({row["name"] for row in rows} == {"fast/none", "slow/t3/indirect", "mute/none"} and "fast" in browser.text(".choices"), f"streams have names: {browser.text('.choices label')}")
    page.click("form.make button:not(.main)")
    card = page.downloaded("*.card")
    steps.check(card and "plumbline-card/v1" in card.read_text(), f"the policy card is downloaded: {card and card.name}")
    began, ended = anchors[0]["milestone"]["at"], anchors[-1]["milestone"]["at"]
    browser.js("document.querySelector('form.make [name=from]').value = '2026-01-01T10:00'; document.querySelector('form.make [name=to]').value = '2026-01-01T11:00'")
    page.click("form.make button.main")
    steps.check(browser.wait(lambda: re.search(r"Evidence can begin at (\d+ \w+ ?\d*, )?\d\d:\d\d:\d\d, when", browser.text(".result")), 20), f"a period before the first anchor is refused with the first that is not: {browser.text('.result')}")
    # A period between two anchors; the page's fields hold minutes, so the file is asked for as the page asks.
    job = browser.driver.execute_async_script("""
        const done = arguments[2];
        fetch('/v1/evidence', { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify({ kind: 'period', from: arguments[0], to: arguments[1] }) }).then(a => a.json()).then(a => done(a.id));""",
        began[:17] + "%02d" % (int(began[17:19])) + ".000Z", ended)
    browser.open("/record?evidence=" + job)
    steps.check(browser.wait(lambda: "Ready" in browser.text(".result"), 60), f"an evidence file is made: {browser.text('.result')[:80]}")
    page.click(".result button.main")
    steps.check(browser.wait(lambda: "SHA-256 is the one above" in browser.text(".result")), "its download is compared with the digest announced")
    file = page.downloaded("test-house-*.evidence")
    verified = subprocess.run([plumbline, "verify", str(file), "--policy", str(card)], capture_output=True, text=True, timeout=60)
    steps.check(verified.returncode == 0 and "Holds only against the operator's own network" in verified.stdout, f"plumbline verifies it: {verified.stdout.splitlines()[:1]}")
    return file, card


def check_view(steps, page, file, card):
    browser = page.browser
    damaged = page.folder / "damaged.evidence"
    data = bytearray(file.read_bytes())
    data[len(data) // 2] ^= 1
    damaged.write_bytes(data)
    for language in ("en", "de"):
        browser.choose(language)
        for name, given, with_card in (("not-authenticated", file, None), ("own-network", file, card), ("fails", damaged, card)):
            browser.open("/check")
            browser.driver.find_element("id", "file").send_keys(str(given))
            if with_card:
                browser.driver.find_element("id", "card").send_keys(str(with_card))
            page.click("form.check button.main")
            text = page.sentence()
            if name == "fails":
                head = SENTENCES[language]["fails"].split(" {")[0]
                steps.check(text.startswith(head) and browser.js("return document.querySelector('.verdict .why').open"), f"{language}: a damaged copy: {text}")
            else:
                steps.check(text == told(browser, SENTENCES[language][name]), f"{language}: {name} in its exact words: {text}")
            digest = browser.js("return document.querySelector('.verdict .hash code').textContent.replaceAll('\\u2009', '')")
            steps.check(digest == hashlib.sha256(given.read_bytes()).hexdigest(), f"{language}: the SHA-256 is that of the file")
    browser.choose("en")


def restart(steps, page):
    browser, gateway = page.browser, page.gateway
    browser.open("/building/room1")
    browser.wait(lambda: page.state() == "live", 5)
    messages = len(browser.collect())
    gateway.stop()
    steps.check(browser.wait(lambda: page.state() != "live", 10), f"a gateway that ends is told: {browser.text('#connection')}")
    before = browser.text(".points .value")
    steps.check("ppm" in before, "what stood stays")
    gateway.start()
    steps.check(browser.wait(lambda: page.state() == "live", 30), "the page is live again by itself")
    steps.check(browser.wait(lambda: browser.text(".points .value") != before, 10), "and its values move again")
    del browser.collect()[messages:]
    browser.open("/record")
    wanted = gateway.get("/v1/completeness?limit=1")["items"][0]["gaps"]
    about = gateway.get("/v1")
    real = [gap for gap in wanted if gap["to"] > about["recordedSince"]]
    steps.check(browser.text("#complete ~ div .figure").startswith("No gaps" if not real else f"{len(real)} gap"), f"the time without a gateway stands in the record: {browser.text('#complete ~ div .figure')}")


def main():
    arguments = programs()
    steps = Steps("page live")
    folder = tempfile.mkdtemp(prefix="plumbline-page.")
    broker = Broker(folder)
    gateway = Gateway(arguments.plumblined, BUILDING, broker.port, folder=folder)
    feeder = page = None
    try:
        gateway.init()
        gateway.start()
        feeder = Feeder(broker)
        wait_for("two anchors", 60, lambda: len(gateway.anchored()) >= 2)
        files = pathlib.Path(folder, "downloads")
        files.mkdir()
        page = Page(gateway, files)
        first_visit(steps, page)
        today(steps, page)
        numbers(steps, page)
        file, card = record(steps, page, arguments.plumbline)
        point(steps, page, arguments.plumbline, card)
        check_view(steps, page, file, card)
        restart(steps, page)
        # The refused sign-in and the evidence that had to wait are answers, shown on the page; the browser logs them too.
        messages = [line for line in page.browser.collect() if "401 (" not in line and "409 (" not in line and "ERR_INCOMPLETE" not in line]
        steps.check(not messages, f"no console message and no report of the policy {messages[:5]}")
    finally:
        if page:
            page.browser.close()
        if feeder:
            feeder.stop()
        gateway.stop()
        broker.stop()
    gateway.remove()
    steps.finish()


if __name__ == "__main__":
    main()
