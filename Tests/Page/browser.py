"""Headless Chromium by WebDriver, and what every check needs of it."""

import pathlib
import subprocess
import sys
import tempfile
import time
import zipfile

from selenium import webdriver
from selenium.webdriver.chrome.options import Options
from selenium.webdriver.chrome.service import Service


def axe_source():
    """axe-core out of the wheel that carries it; downloaded at test time, never committed."""
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([sys.executable, "-m", "pip", "download", "-q", "--no-deps", "-d", folder, "axe-playwright-python==0.1.8"], check=True)
        wheel = next(pathlib.Path(folder).glob("*.whl"))
        with zipfile.ZipFile(wheel) as files:
            name = next(n for n in files.namelist() if n.endswith("axe.min.js"))
            return files.read(name).decode()


class Browser:
    def __init__(self, url, token):
        options = Options()
        options.binary_location = "/usr/bin/chromium"
        for argument in ("--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu", "--accept-lang=en"):
            options.add_argument(argument)
        options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
        self.driver = webdriver.Chrome(options=options, service=Service("/usr/bin/chromedriver"))
        self.url, self.token, self.log = url, token, []

    def close(self):
        self.driver.quit()

    def js(self, script, *values):
        return self.driver.execute_script(script, *values)

    def cdp(self, command, **values):
        return self.driver.execute_cdp_cmd(command, values)

    def wait(self, claim, seconds=20):
        """Whether the claim comes true before the time is over; asked often, never slept through."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            try:
                found = claim()
                if found:
                    return found
            except Exception:
                pass
            time.sleep(0.05)
        return False

    def width(self, pixels, height=900):
        self.cdp("Emulation.setDeviceMetricsOverride", width=pixels, height=height, deviceScaleFactor=1, mobile=False)
        # The chart is drawn anew for its new width; two frames later everything stands.
        self.driver.execute_async_script("const done = arguments[0]; requestAnimationFrame(() => requestAnimationFrame(() => done(1)))")

    def zone(self, name):
        self.cdp("Emulation.setTimezoneOverride", timezoneId=name)

    def choose(self, language="en", theme="light"):
        for name, value in (("lang", language), ("theme", theme)):
            self.driver.add_cookie({"name": name, "value": value, "path": "/"})

    def open(self, path):
        self.driver.get(self.url + path)
        self.settle()

    def settle(self, seconds=20):
        still = "const m = document.getElementById('view'); return document.readyState === 'complete' && m && m.childElementCount > 0 && !document.querySelector('.wait')"
        self.wait(lambda: self.js(still), seconds)
        self.collect()

    def sign_in(self):
        self.open("/sign-in")
        self.driver.find_element("id", "token").send_keys(self.token)
        self.driver.find_element("css selector", "form.sign-in button.main").click()
        if not self.wait(lambda: "/sign-in" not in self.driver.current_url):
            raise SystemExit("sign-in did not lead away from /sign-in")
        self.settle()

    def collect(self):
        self.log += [f"{entry['level']} {entry['message']}" for entry in self.driver.get_log("browser")]
        return self.log

    def text(self, selector):
        return self.js("return [...document.querySelectorAll(arguments[0])].map(e => e.textContent.trim()).join(' | ')", selector)

    def count(self, selector):
        return self.js("return document.querySelectorAll(arguments[0]).length", selector)

    def axe(self, source):
        if not self.js("return Boolean(window.axe)"):
            self.js(source)
        found = self.driver.execute_async_script("const done = arguments[0]; axe.run(document, { resultTypes: ['violations'] }).then(r => done(r.violations.map(v => v.id + ': ' + v.nodes.map(n => n.target.join(' ')).slice(0, 3).join(', '))))")
        return found
