"""A browser without a screen, driven over the WebDriver protocol: as much of it as the tests need."""

from __future__ import annotations

import base64
import contextlib
import json
import shutil
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

FLAGS = [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync", "--window-size=1400,1000",
]  # fmt: skip


def programs() -> tuple[str, str] | None:
    """Chromium and its driver, if they are installed."""
    browser = shutil.which("chromium") or shutil.which("chromium-browser")
    driver = shutil.which("chromedriver")
    return None if browser is None or driver is None else (browser, driver)


def free_port() -> int:
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return int(s.getsockname()[1])


def request(url: str, content: Any = None, method: str | None = None) -> Any:
    data = None if content is None else json.dumps(content).encode()
    asked = urllib.request.Request(url, data, {"Content-Type": "application/json"}, method=method)
    with urllib.request.urlopen(asked, timeout=60) as answer:
        return json.load(answer)


def until(condition: Any, seconds: float = 60, what: str = "") -> Any:
    """The first true value of a condition that is asked again and again."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            value = condition()
            if value:
                return value
        except (urllib.error.URLError, ConnectionError, json.JSONDecodeError):
            pass
        assert time.monotonic() < deadline, f"not within {seconds} s: {what}"
        time.sleep(0.2)


class Page:
    """A page in a browser."""

    def __init__(self, session: str) -> None:
        self.session = session

    def go(self, url: str) -> None:
        request(f"{self.session}/url", {"url": url})

    def run(self, script: str) -> Any:
        """What a script returns."""
        return request(f"{self.session}/execute/sync", {"script": script, "args": []})["value"]

    def text(self) -> str:
        """All texts, those within components of the page too."""
        return self.run(
            "const text = root => [...root.querySelectorAll('*')].map(e => e.shadowRoot ? text(e.shadowRoot) : '')"
            ".join(' ') + ' ' + (root.body ? root.body.innerText : root.textContent); return text(document)"
        )

    def screenshot(self, path: Path) -> bytes:
        data = base64.b64decode(request(f"{self.session}/screenshot")["value"])
        path.write_bytes(data)
        return data


@contextlib.contextmanager
def browser(profile: Path) -> Iterator[Page]:
    found = programs()
    assert found is not None
    port = free_port()
    driver = subprocess.Popen([found[1], f"--port={port}"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        url = f"http://127.0.0.1:{port}"
        until(lambda: request(f"{url}/status")["value"]["ready"], what="chromedriver")
        options = {"binary": found[0], "args": [*FLAGS, f"--user-data-dir={profile}"]}
        wanted = {"capabilities": {"alwaysMatch": {"goog:chromeOptions": options}}}
        session = f"{url}/session/{request(f'{url}/session', wanted)['value']['sessionId']}"
        try:
            yield Page(session)
        finally:
            request(session, method="DELETE")
    finally:
        driver.terminate()
        driver.wait(20)
