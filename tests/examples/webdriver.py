"""Chromium, spoken to by the WebDriver protocol."""

import base64
import json
import subprocess
import time
import urllib.error
import urllib.request


class Browser:
    """A session of Chromium, spoken to by the WebDriver protocol (https://www.w3.org/TR/webdriver2)."""

    def __init__(self, folder):
        log = open(folder / "chromedriver.log", "w+")
        self.driver = subprocess.Popen(["chromedriver", "--port=0"], stdout=log, stderr=subprocess.STDOUT)
        self.url = f"http://127.0.0.1:{self.port_in(log)}/session"
        options = {
            "args": ["--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars",
                     f"--user-data-dir={folder / 'profile'}"]
        }
        made = self.post("", {"capabilities": {"alwaysMatch": {
            "goog:chromeOptions": options, "goog:loggingPrefs": {"browser": "ALL", "performance": "ALL"}}}})
        self.url += "/" + made["sessionId"]

    def port_in(self, log):
        for _ in range(300):
            log.seek(0)
            for line in log:
                if "started successfully on port" in line:
                    return int(line.rstrip(".\n").split()[-1])
            time.sleep(0.1)
        raise AssertionError("chromedriver did not start")

    def post(self, path, body):
        request = urllib.request.Request(self.url + path, json.dumps(body).encode(), {"Content-Type": "application/json"})
        try:
            return json.load(urllib.request.urlopen(request, timeout=60))["value"]
        except urllib.error.HTTPError as error:
            raise AssertionError(f"{path}: {error.read().decode()[:1000]}") from None

    def run(self, script, *arguments):
        return self.post("/execute/sync", {"script": script, "args": list(arguments)})

    def resize(self, size):
        self.post("/window/rect", {"width": size[0], "height": size[1]})
        # Chart.js follows in the frames after.
        time.sleep(0.3)

    def hover(self, x, y):
        self.post("/actions", {"actions": [{"type": "pointer", "id": "mouse", "actions": [
            {"type": "pointerMove", "x": round(x) + step, "y": round(y), "duration": 50} for step in (3, 0)]}]})

    def logged(self, kind):
        return self.post("/se/log", {"type": kind})

    def picture(self, file):
        file.write_bytes(base64.b64decode(self.post("/goog/cdp/execute", {
            "cmd": "Page.captureScreenshot", "params": {"captureBeyondViewport": True}})["data"]))

    def print(self):
        return base64.b64decode(self.post("/goog/cdp/execute", {"cmd": "Page.printToPDF", "params": {}})["data"])

    def close(self):
        try:
            urllib.request.urlopen(urllib.request.Request(self.url, method="DELETE"), timeout=30)
        finally:
            self.driver.terminate()
            self.driver.wait(30)
