#!/usr/bin/env python3
"""Checks of the page in a real browser.

    run.py --url URL --token TOKEN     against a gateway: what holds for any building
    run.py --mock                      against the make-believe gateway beside this file: everything

One line per check, exit 0 or 1. Needs chromium, chromium-driver and selenium; fetches axe-core out of its wheel.
"""

import argparse
import json
import sys
import urllib.request

import files
from browser import Browser, axe_source

VIEWS = ("today", "building", "entity", "point", "record", "check", "sign-in")
passed, failed = 0, 0


def check(claim, holds, detail=None):
    global passed, failed
    passed, failed = passed + bool(holds), failed + (not holds)
    print(("passed  " if holds else "FAILED  ") + claim + ("" if holds or not detail else f"\n        {detail}"), flush=True)


def places(url, token):
    """One address for each view, with ids the gateway really has."""
    request = urllib.request.Request(url + "/v1/points?limit=1000", headers={"Authorization": "Bearer " + token})
    with urllib.request.urlopen(request, timeout=20) as answer:
        points = json.load(answer)["items"]
    point = next((p for p in points if p["quality"] == "good" and p["nature"] == "gauge"), points[0])
    return {"today": "/", "building": "/building", "entity": "/building/" + point["entity"], "point": "/points/" + point["id"], "record": "/record", "check": "/check", "sign-in": "/sign-in"}


def axe_everywhere(browser, addresses, axe):
    """Tests 1, 2 and 3: no violation, no sideways scroll, no message."""
    for language in ("en", "de"):
        for theme in ("light", "dark"):
            browser.choose(language, theme)
            for view in VIEWS:
                browser.width(1280)
                browser.open(addresses[view])
                found, wide = [], []
                for width in (320, 768, 1280):
                    browser.width(width)
                    found += [f"{width}: {violation}" for violation in browser.axe(axe)]
                    if browser.js("return document.documentElement.scrollWidth") > width:
                        wide.append(width)
                check(f"axe finds nothing: {view} {language} {theme} 320, 768, 1280", not found, found)
                check(f"no sideways scroll: {view} {language} {theme}", not wide, wide)
    browser.choose("de", "light")
    for view in VIEWS:
        browser.width(1280)
        browser.open(addresses[view])
        browser.js("document.documentElement.style.fontSize = '200%'")
        browser.width(1280)
        check(f"text at 200 %: {view}", browser.js("return document.documentElement.scrollWidth <= 1280"))
    browser.choose("en", "light")


def keyboard(browser, addresses):
    """Test 4: every view by Tab alone, the focus visible and never under the bars."""
    from selenium.webdriver.common.action_chains import ActionChains
    from selenium.webdriver.common.keys import Keys

    for view in VIEWS:
        for width in (360, 1280):
            browser.width(width)
            browser.open(addresses[view])
            browser.js("document.activeElement.blur(); window.scrollTo(0, 0)")
            seen, hidden, plain, order = 0, [], [], []
            for _ in range(400):
                ActionChains(browser.driver, duration=0).send_keys(Keys.TAB).perform()
                at = browser.js("""
                    const e = document.activeElement;
                    if (!e || e === document.body || e === document.documentElement) return null;
                    if (e.dataset.walked) return 'again';
                    e.dataset.walked = '1';
                    const box = e.getBoundingClientRect(), style = getComputedStyle(e);
                    const x = box.left + Math.min(box.width, innerWidth) / 2, y = box.top + Math.min(box.height / 2, 20);
                    const top = document.elementFromPoint(Math.max(0, Math.min(innerWidth - 1, x)), Math.max(0, Math.min(innerHeight - 1, y)));
                    return { name: e.tagName + ' ' + (e.id || e.textContent.trim().slice(0, 20)), outline: style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2,
                             covered: Boolean(top && !e.contains(top) && !top.contains(e) && top.closest('.views, .top') && !e.closest('.views, .top')), skip: e.className === 'skip' };""")
                if at is None or at == "again":
                    break
                seen += 1
                order.append(at["name"])
                if not at["outline"]:
                    plain.append(at["name"])
                if at["covered"]:
                    hidden.append(at["name"])
                if seen == 1 and not at["skip"]:
                    plain.append("the skip link is not first: " + at["name"])
            else:
                hidden.append("the walk does not end")
            check(f"Tab walks {view} at {width} px, focus visible and uncovered ({seen} stops)", seen > 3 and not hidden and not plain, hidden + plain)
    browser.width(1280)
    browser.open(addresses["point"])
    chart = browser.wait(lambda: browser.driver.find_element("css selector", ".chart"))
    browser.wait(lambda: browser.count(".chart svg"))
    chart.send_keys(Keys.HOME)
    first = browser.text(".readout")
    chart.send_keys(Keys.ARROW_RIGHT)
    second = browser.text(".readout")
    check("arrow keys read the chart value by value", first and second and first != second, (first, second))
    chart.send_keys(Keys.END, Keys.ENTER)
    check("Enter leads to where the value comes from", browser.wait(lambda: browser.js("return document.activeElement.id === 'trace'") or browser.text("#said"), 5))
    button = browser.driver.find_element("css selector", "#settings summary")
    button.send_keys(Keys.ENTER)
    browser.driver.find_element("css selector", "#settings select").send_keys(Keys.ESCAPE)
    check("Escape closes the menu and gives the focus back", browser.js("return !document.getElementById('settings').open && document.activeElement.closest('summary') !== null"))


def script_off(browser, addresses):
    """Test 18: a sentence and two links."""
    browser.cdp("Emulation.setScriptExecutionDisabled", value=True)
    browser.driver.get(browser.url + addresses["today"])
    source = browser.driver.page_source
    browser.cdp("Emulation.setScriptExecutionDisabled", value=False)
    check("without script the page says so and links to the data", "<noscript>" in source and 'href="/v1/points"' in source and 'href="/v1/completeness"' in source)


def headers(url):
    with urllib.request.urlopen(url + "/sign-in", timeout=20) as answer:
        policy, kind = answer.headers["Content-Security-Policy"], answer.headers["Content-Type"]
        text = answer.read().decode()
    check("the document carries the policy of section 8", policy is not None and "default-src 'none'" in policy and "require-trusted-types-for 'script'" in policy and "unsafe" not in policy, policy)
    check("and names its language at first paint", 'lang="en"' in text and kind.startswith("text/html"))


def main():
    asked = argparse.ArgumentParser()
    asked.add_argument("--url")
    asked.add_argument("--token")
    asked.add_argument("--mock", action="store_true")
    asked = asked.parse_args()
    if not asked.mock and not (asked.url and asked.token):
        raise SystemExit("run.py: give --mock, or --url and --token")
    files.checks(check)
    mock = None
    url, token = asked.url, asked.token
    if asked.mock:
        from mock import TOKEN, Mock

        mock = Mock()
        url, token = mock.start(), TOKEN
    url = url.rstrip("/")
    browser = Browser(url, token)
    try:
        headers(url)
        browser.sign_in()
        check("a pasted token signs in", True)
        addresses = places(url, token)
        axe = axe_source()
        axe_everywhere(browser, addresses, axe)
        keyboard(browser, addresses)
        script_off(browser, addresses)
        if mock:
            import story

            story.checks(check, browser, mock, axe)
        # The make-believe gateway refuses on purpose; a real one has no reason to, not even a stream to the next page.
        meant = ("404 (", "429 (", "503 (", "409 (", "ERR_INCOMPLETE") if mock else ("ERR_INCOMPLETE",)
        messages = [line for line in browser.collect() if not any(word in line for word in meant)]
        check("no console message and no report of the policy", not messages, messages[:5])
    finally:
        browser.close()
        if mock:
            mock.stop()
    print(f"{passed} passed, {failed} failed")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
