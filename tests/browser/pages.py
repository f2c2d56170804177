#!/usr/bin/env python3
"""Pages as people see them: every *.html below a directory, in a headless Chromium.

    pages.py DIRECTORY [--pictures DIRECTORY]

On a phone (360 px), a desk (1280 px), in the dark, and printed on A4: nothing but the page itself is
loaded and nothing in it runs, it is nowhere wider than the screen, each text has a contrast of 4.5
and more, headings go down one step at a time, tables say what their cells are, the Tab key goes
through it in its order, and what is folded up on the screen is on paper. Exit status 1: it says what
is not so; 77: there is no Chromium.

It speaks to Chromium over two pipes (--remote-debugging-pipe), so that it needs nothing but Python.
"""
import argparse
import base64
import fcntl
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

PHONE, DESK = 360, 1280
CONTRAST = 4.5
TABS_MAX = 40

# Runs in the page, with all that is folded up opened.
LOOK = r"""
(() => {
  const faults = [], say = text => { if (faults.length < 20) faults.push(text); };
  const text = node => node.textContent.trim().replace(/\s+/g, ' ').slice(0, 60);
  for (const details of document.querySelectorAll('details')) details.open = true;

  const root = document.documentElement;
  if (root.lang !== 'en') say('no language');
  if (document.scripts.length) say('a script');
  if (!document.querySelector('meta[name=viewport]')) say('no viewport');
  const policy = document.querySelector('meta[http-equiv=Content-Security-Policy]');
  if (!policy || !policy.content.startsWith("default-src 'none'")) say('no Content-Security-Policy');
  for (const node of document.querySelectorAll('*'))
    for (const attribute of node.attributes) {
      if (/^on/i.test(attribute.name)) say('a handler: ' + attribute.name);
      if (/^(src|srcset|action|data|poster|background)$/i.test(attribute.name)) say('it loads: ' + attribute.name);
      if (/^(href|xlink:href)$/.test(attribute.name) && /^[a-z]+:|^\/\//i.test(attribute.value)) say('a link that leads away: ' + attribute.value);
    }

  if (root.scrollWidth > root.clientWidth) {
    say(`wider than the screen: ${root.scrollWidth} of ${root.clientWidth}`);
    for (const node of document.querySelectorAll('main *'))
      if (node.getBoundingClientRect().right > root.clientWidth + 1) say('  by ' + node.tagName + ' ' + text(node));
  }

  const headings = [...document.querySelectorAll('h1,h2,h3,h4,h5,h6')];
  if (headings.filter(h => h.tagName === 'H1').length !== 1) say('not one h1');
  let level = 0;
  for (const heading of headings) {
    const now = Number(heading.tagName[1]);
    if (now > level + 1) say('a heading skips a level: ' + text(heading));
    if (!text(heading)) say('an empty heading');
    level = now;
  }
  if (document.querySelectorAll('main').length !== 1) say('not one main');

  for (const table of document.querySelectorAll('table')) {
    if (!table.caption || !text(table.caption)) say('a table without a caption');
    for (const th of table.querySelectorAll('th')) if (!/^(col|row)$/.test(th.scope)) say('a th without a scope: ' + text(th));
    if (!table.querySelector('th[scope=col]')) say('a table without headers');
  }

  const parse = color => {
    const parts = color.match(/[\d.]+/g).map(Number);
    return { rgb: parts.slice(0, 3), alpha: parts.length > 3 ? parts[3] : 1 };
  };
  const ground = node => {
    let under = [];
    for (let at = node; at; at = at.parentElement) {
      const color = parse(getComputedStyle(at).backgroundColor);
      if (color.alpha > 0) under.push(color);
      if (color.alpha === 1) break;
    }
    return under.reverse().reduce((low, high) => low.map((c, i) => c * (1 - high.alpha) + high.rgb[i] * high.alpha), [255, 255, 255]);
  };
  const light = rgb => {
    const [r, g, b] = rgb.map(c => (c /= 255) <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const seen = new Map();
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  let smallest = 21;
  for (let node; (node = walker.nextNode());) {
    if (!node.nodeValue.trim()) continue;
    const parent = node.parentElement, style = getComputedStyle(parent);
    const key = style.color + ground(parent);
    if (seen.has(key)) continue;
    const [a, b] = [light(parse(style.color).rgb), light(ground(parent))].sort((x, y) => y - x);
    const ratio = (a + 0.05) / (b + 0.05);
    seen.set(key, ratio);
    smallest = Math.min(smallest, ratio);
    if (ratio < CONTRAST) say(`a contrast of ${ratio.toFixed(2)}: ${text(parent)}`);
  }
  if (!seen.size) say('no text at all');

  const stops = [...document.querySelectorAll('a[href],summary,[tabindex]')];
  if (document.querySelector('[tabindex]:not([tabindex="0"])')) say('an order of its own for the Tab key');
  for (const stop of stops) if (!text(stop)) say('a link without a text');
  return { faults, smallest, stops: stops.length, folded: document.querySelectorAll('details').length,
    height: root.scrollHeight, title: document.title,
    last: [...document.querySelectorAll('details tr:last-child td:last-child')].map(text) };
})()
""".replace("CONTRAST", str(CONTRAST))

STOP = r"""
(() => { const stops = [...document.querySelectorAll('a[href],summary,[tabindex]')];
  return stops.indexOf(document.activeElement); })()
"""


class Browser:
    def __init__(self, program, home):
        to_read, self.to = os.pipe()
        self.came, to_write = os.pipe()
        # They must be the numbers 3 and 4 there, which they may have here the other way round.
        low = to_read, to_write
        to_read, to_write = (fcntl.fcntl(end, fcntl.F_DUPFD, 10) for end in low)
        for end in low:
            os.close(end)
        command = [
            "bash", "-c", f'exec "$@" 3<&{to_read} 4>&{to_write}', "chromium",
            program, "--headless=new", "--remote-debugging-pipe", f"--user-data-dir={home}", "--no-first-run",
            "--disable-gpu", "--disable-dev-shm-usage", "--disable-background-networking", "--disable-component-update",
            "--disable-sync", "--hide-scrollbars", "--force-device-scale-factor=1", "--proxy-server=127.0.0.1:9",
        ]
        if os.geteuid() == 0:
            command.append("--no-sandbox")
        self.errors = open(os.path.join(home, "errors"), "wb")
        self.process = subprocess.Popen(command, pass_fds=(to_read, to_write), stdout=subprocess.DEVNULL, stderr=self.errors)
        os.close(to_read)
        os.close(to_write)
        self.gathered = b""
        self.events = []
        self.count = 0
        self.session = None

    def receive(self):
        while b"\0" not in self.gathered:
            more = os.read(self.came, 1 << 20)
            if not more:
                raise SystemExit("Chromium has ended: " + pathlib.Path(self.errors.name).read_text(errors="replace")[-2000:])
            self.gathered += more
        message, self.gathered = self.gathered.split(b"\0", 1)
        return json.loads(message)

    def ask(self, method, **parameters):
        self.count += 1
        message = {"id": self.count, "method": method, "params": parameters}
        if self.session:
            message["sessionId"] = self.session
        os.write(self.to, json.dumps(message).encode() + b"\0")
        while True:
            answer = self.receive()
            if answer.get("id") != self.count:
                self.events.append(answer)
            elif "error" in answer:
                raise SystemExit(f"{method}: {answer['error']}")
            else:
                return answer["result"]

    def await_event(self, method):
        while True:
            for i, event in enumerate(self.events):
                if event.get("method") == method:
                    return self.events.pop(i)
            self.events.append(self.receive())

    def evaluate(self, script):
        result = self.ask("Runtime.evaluate", expression=script, returnByValue=True)
        if "exceptionDetails" in result:
            raise SystemExit(json.dumps(result["exceptionDetails"]))
        return result["result"]["value"]

    def close(self):
        os.close(self.to)
        self.process.wait()
        os.close(self.came)
        self.errors.close()


class Page:
    def __init__(self, browser, path, pictures):
        self.browser, self.path, self.pictures = browser, path, pictures
        self.faults = []

    def fault(self, where, what):
        self.faults.append(f"{self.path.name}, {where}: {what}")

    def picture(self, name, height):
        if not self.pictures:
            return
        answer = self.browser.ask("Page.captureScreenshot", format="png", captureBeyondViewport=True,
                                  clip={"x": 0, "y": 0, "width": self.width, "height": min(height, 6000), "scale": 1})
        (self.pictures / f"{self.path.stem}.{name}.png").write_bytes(base64.b64decode(answer["data"]))

    def load(self, width, scheme):
        browser = self.browser
        self.width = width
        browser.events.clear()
        browser.ask("Emulation.setDeviceMetricsOverride", width=width, height=800, deviceScaleFactor=1, mobile=width == PHONE)
        browser.ask("Emulation.setEmulatedMedia", media="", features=[{"name": "prefers-color-scheme", "value": scheme}])
        browser.ask("Page.navigate", url=self.path.resolve().as_uri())
        browser.await_event("Page.loadEventFired")

    def loaded(self, where):
        """What it has asked for, and what the browser has to say of it."""
        for event in self.browser.events:
            parameters = event.get("params", {})
            if event.get("method") == "Network.requestWillBeSent":
                url = parameters["request"]["url"]
                if url != self.path.resolve().as_uri():
                    self.fault(where, f"it asks for {url}")
            elif event.get("method") == "Log.entryAdded":
                self.fault(where, f"the browser says: {parameters['entry']['text']}")

    def tabs(self, where, stops):
        browser = self.browser
        browser.evaluate("document.activeElement.blur(), window.scrollTo(0, 0)")
        for wanted in range(min(stops, TABS_MAX)):
            for kind in "rawKeyDown", "keyUp":
                browser.ask("Input.dispatchKeyEvent", type=kind, key="Tab", code="Tab", windowsVirtualKeyCode=9)
            if (found := browser.evaluate(STOP)) != wanted:
                return self.fault(where, f"the Tab key goes to stop {found}, not to {wanted}")
        return None

    def look(self, where, width, scheme, has_tabs=False):
        self.load(width, scheme)
        self.picture(where, self.browser.evaluate("document.documentElement.scrollHeight"))
        found = self.browser.evaluate(LOOK)
        for fault in found["faults"]:
            self.fault(where, fault)
        if has_tabs:
            self.tabs(where, found["stops"])
        self.loaded(where)
        return found

    def print(self, found, work):
        self.load(DESK, "dark")
        answer = self.browser.ask("Page.printToPDF", preferCSSPageSize=True, printBackground=True, transferMode="ReturnAsBase64")
        pdf = (self.pictures or work) / f"{self.path.stem}.pdf"
        pdf.write_bytes(base64.b64decode(answer["data"]))
        if not shutil.which("pdftotext"):
            return
        info = subprocess.run(["pdfinfo", pdf], capture_output=True, text=True, check=True).stdout
        size = re.search(r"Page size:\s+([\d.]+) x ([\d.]+)", info)
        if not (abs(float(size[1]) - 595) < 2 and abs(float(size[2]) - 842) < 2):
            self.fault("on paper", f"it is not A4: {size[0]}")
        text = subprocess.run(["pdftotext", pdf, "-"], capture_output=True, text=True, check=True).stdout
        plain = re.sub(r"\s+", "", text)
        for last in found["last"]:
            if last and re.sub(r"\s+", "", last)[:25] not in plain:
                self.fault("on paper", f"what is folded up is not there: {last}")
        if self.pictures:
            subprocess.run(["pdftoppm", "-r", "60", "-png", "-l", "3", pdf, pdf.with_suffix("")], check=True)

    def check(self, work):
        self.look("phone", PHONE, "light")
        found = self.look("desk", DESK, "light", has_tabs=True)
        self.look("phone-dark", PHONE, "dark")
        self.look("desk-dark", DESK, "dark")
        self.print(found, work)
        print(f"{self.path.name}: {found['height']} px high, contrast {found['smallest']:.1f}, "
              f"{found['stops']} stops, {found['folded']} folded up: " + ("not as it should be" if self.faults else "well"))
        return self.faults


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("directory", type=pathlib.Path)
    arguments.add_argument("--pictures", type=pathlib.Path)
    options = arguments.parse_args()
    program = shutil.which("chromium") or shutil.which("chromium-browser")
    if not program:
        print("there is no Chromium")
        return 77
    pages = sorted(options.directory.rglob("*.html"))
    if not pages:
        print(f"there are no pages in {options.directory}")
        return 1
    if options.pictures:
        options.pictures.mkdir(parents=True, exist_ok=True)
    faults = []
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as home:
        browser = Browser(program, home)
        target = browser.ask("Target.createTarget", url="about:blank")["targetId"]
        browser.session = browser.ask("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in "Page", "Network", "Log", "Runtime":
            browser.ask(f"{domain}.enable")
        for path in pages:
            faults += Page(browser, path, options.pictures).check(pathlib.Path(home))
        browser.close()
    print("\n".join(faults))
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
