"""Chromium without a window, through chromedriver (W3C WebDriver, www.w3.org/TR/webdriver2)."""

import base64
import contextlib
import json
import shutil
import subprocess
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

PROGRAMS = ("chromium", "chromedriver")


def is_installed() -> bool:
    return all(shutil.which(program) for program in PROGRAMS)


class Browser:
    """One window.

    Args:
        session: its address at the driver.
    """

    def __init__(self, session: str) -> None:
        self._session = session

    def open(self, url: str) -> None:
        self._ask("url", {"url": url})

    def run(self, script: str) -> Any:
        """What a script in the page returns."""
        return self._ask("execute/sync", {"script": script, "args": []})

    def screenshot(self, path: Path) -> None:
        path.write_bytes(base64.b64decode(_ask("GET", f"{self._session}/screenshot")))

    def _ask(self, what: str, body: dict[str, Any]) -> Any:
        return _ask("POST", f"{self._session}/{what}", body)


@contextlib.contextmanager
def chromium(profile: Path) -> Iterator[Browser]:
    """Chromium with a profile folder of its own."""
    driver = subprocess.Popen(
        ["chromedriver", "--port=0"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    try:
        line = next(line for line in driver.stdout if "started successfully on port" in line)
        port = int(line.rstrip(".\n").rpartition(" ")[2])
        address = f"http://127.0.0.1:{port}"
        options = {
            "args": [
                "--headless=new",
                # Root has no sandbox, containers have a small /dev/shm, and no test needs a GPU.
                "--no-sandbox",
                "--disable-dev-shm-usage",
                "--disable-gpu",
                "--window-size=900,640",
                f"--user-data-dir={profile}",
            ]
        }
        wanted = {"capabilities": {"alwaysMatch": {"goog:chromeOptions": options}}}
        session = _ask("POST", f"{address}/session", wanted)["sessionId"]
        try:
            yield Browser(f"{address}/session/{session}")
        finally:
            _ask("DELETE", f"{address}/session/{session}")
    finally:
        driver.terminate()
        driver.wait(timeout=30)
        driver.stdout.close()


def _ask(method: str, url: str, body: dict[str, Any] | None = None) -> Any:
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data, {"Content-Type": "application/json"}, method=method)
    with urllib.request.urlopen(request, timeout=60) as answer:
        return json.load(answer)["value"]
