"""The web page: access, content, and rendering in a browser."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

Build = Callable[..., dict[str, Any]]
NAMES = ("chromium", "chromium-browser", "google-chrome")
QUIET = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--remote-debugging-pipe",
    "--window-size=1440,1000",
)
# the browser expects the pipes as descriptors 3 and 4; copies with high numbers avoid overwriting one of them
START = """
import fcntl, os, sys
ends = [fcntl.fcntl(int(end), fcntl.F_DUPFD, 100) for end in sys.argv[1:3]]
os.dup2(ends[0], 3)
os.dup2(ends[1], 4)
os.execv(sys.argv[3], sys.argv[3:])
"""


class Browser:
    """A headless Chromium, controlled over its debugging pipe."""

    def __init__(self, program: str, profile: Path) -> None:
        to_read, self.to_browser = os.pipe()
        self.from_browser, to_write = os.pipe()
        arguments = [program, *QUIET, f"--user-data-dir={profile}", "about:blank"]
        self.process = subprocess.Popen(
            [sys.executable, "-c", START, str(to_read), str(to_write), *arguments],
            pass_fds=(to_read, to_write),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        os.close(to_read)
        os.close(to_write)
        self.number, self.session, self.rest = 0, "", b""
        target = self.send("Target.createTarget", url="about:blank")["targetId"]
        self.session = self.send("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]

    def send(self, method: str, **parameters: Any) -> dict[str, Any]:
        self.number += 1
        message: dict[str, Any] = {"id": self.number, "method": method, "params": parameters}
        if self.session:
            message["sessionId"] = self.session
        os.write(self.to_browser, json.dumps(message).encode() + b"\0")
        while True:
            answer = self._next()
            if answer.get("id") == self.number:
                assert "error" not in answer, answer
                return dict(answer["result"])

    def value(self, script: str) -> Any:
        """The value of an expression; a promise is awaited."""
        result = self.send("Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True)
        assert "exceptionDetails" not in result, result
        return result["result"].get("value")

    def until(self, condition: str) -> None:
        """Returns once the expression is true on the page, and fails after 30 seconds."""
        repeat = "const timer = setInterval(look, 20); setTimeout(() => fail('timeout'), 30000)"
        look = f"const look = () => {{ if ({condition}) {{ clearInterval(timer); done(true) }} }}"
        self.value(f"new Promise((done, fail) => {{ {look}; {repeat} }})")

    def _next(self) -> dict[str, Any]:
        while b"\0" not in self.rest:
            chunk = os.read(self.from_browser, 65536)
            assert chunk, "The browser ended"
            self.rest += chunk
        message, _, self.rest = self.rest.partition(b"\0")
        return dict(json.loads(message))

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        os.close(self.to_browser)
        os.close(self.from_browser)


@pytest.fixture(scope="session")
def chromium() -> str:
    """The browser's program, which root installs with apt."""
    if not (program := next(filter(None, map(shutil.which, NAMES)), None)):
        assert os.geteuid() == 0, f"This test needs one of {', '.join(NAMES)}: install it, or run it as root"
        assert shutil.which("apt-get"), f"This test needs one of {', '.join(NAMES)}, and there is no apt-get here"
        subprocess.run(["apt-get", "update", "-q"], check=True)
        subprocess.run(["apt-get", "install", "-y", "-q", "--no-install-recommends", "chromium"], check=True)
        program = shutil.which("chromium")
    assert program, "The package chromium has no program of that name"
    return program


@pytest.fixture
def browser(chromium: str, tmp_path: Path) -> Iterator[Browser]:
    opened = Browser(chromium, tmp_path / "profile")
    yield opened
    opened.close()


@pytest.fixture
def busy(workspace: Any, http: httpx.Client, endpoint: Build, entity: Build) -> None:
    """Creates two endpoints, one with a traffic split, a permission and a failed update."""
    split = [entity(name="champion"), entity(name="challenger", entity_version="8")]
    routes = [
        {"served_entity_name": name, "traffic_percentage": share}
        for name, share in (("champion", 95), ("challenger", 5))
    ]
    made = endpoint(
        "fraud",
        route_optimized=True,
        description="Scores <b>payments</b>",
        tags=[{"key": "team", "value": "risk"}],
        config={"served_entities": split, "traffic_config": {"routes": routes}},
    )
    entry = {"group_name": "ml-engineers", "permission_level": "CAN_QUERY"}
    http.patch(f"/api/2.0/permissions/serving-endpoints/{made['id']}", json={"access_control_list": [entry]})
    http.put("/api/2.0/serving-endpoints/fraud/config", json={"served_entities": [entity(entity_version="99")]})
    workspace.deploy()
    endpoint("iris", config={"served_entities": [entity(entity_name="main.ml.iris", entity_version="2")]})


@pytest.mark.usefixtures("busy")
def test_overview_describes_endpoints(workspace: Any, http: httpx.Client) -> None:
    http.post("/serving-endpoints/iris/invocations", json={"inputs": [1]})
    found = httpx.get(f"{workspace.origin}/_workspace/overview").json()
    assert (found["total"], found["ready"], found["updating"]) == (2, 2, 0)
    fraud, iris = found["endpoints"]
    assert (fraud["ready"], fraud["config_update"], iris["config_update"]) == ("READY", "UPDATE_FAILED", "NOT_UPDATING")
    assert [(each["name"], each["percentage"]) for each in fraud["entities"]] == [
        ("champion", 95),
        ("challenger", 5),
        ("fraud-99", 100),
    ]
    assert fraud["entities"][2]["pending"] is True
    assert fraud["entities"][2]["message"] == "Model version '99' of registered model 'main.ml.fraud' does not exist."
    assert {"who": "ml-engineers", "level": "CAN_QUERY"} in fraud["permissions"]
    assert found["requests"][0]["path"] == "/serving-endpoints/iris/invocations"
    assert found["requests"][0]["status"] == 400


@pytest.mark.usefixtures("busy")
def test_page_has_no_secrets(workspace: Any, http: httpx.Client) -> None:
    http.post("/api/2.0/secrets/put", json={"scope": "serving", "key": "k", "string_value": "planted"})
    http.delete("/_workspace/journal")
    text = httpx.get(f"{workspace.origin}/_workspace/overview").text
    for secret in ("planted", workspace.credentials.token, workspace.credentials.client_secret):
        assert secret not in text
    httpx.get(workspace.origin)
    assert [entry["method"] for entry in http.get("/_workspace/journal").json()["requests"]] == ["DELETE"]


@pytest.mark.parametrize("path", ["/", "/_workspace/overview", "/_workspace/page/page.js"])
def test_page_rejects_other_host_names(workspace: Any, path: str) -> None:
    """A site's name may resolve to this machine; the browser then sends that name."""
    refused = httpx.get(workspace.origin + path, headers={"Host": "evil.example:80"})
    assert (refused.status_code, refused.json()["error_code"]) == (403, "PERMISSION_DENIED")
    assert httpx.get(workspace.origin + path).status_code == 200


@pytest.mark.parametrize("part", ["nothing.js", "..%2Foverview.py", "%2Fetc%2Fpasswd"])
def test_only_page_files_are_served(workspace: Any, part: str) -> None:
    assert httpx.get(f"{workspace.origin}/_workspace/page/{part}").status_code == 404


@pytest.mark.usefixtures("busy")
def test_browser_renders_page(workspace: Any, browser: Browser) -> None:
    browser.send("Page.navigate", url=workspace.origin)
    browser.until("document.querySelectorAll('.card').length === 2")
    text = browser.value("document.body.innerText")
    for words in ("Route optimized", "Update failed", "challenger", "95 %", "ml-engineers CAN_QUERY", "team: risk"):
        assert words in text
    assert "Scores <b>payments</b>" in text
    widths = (
        "[...document.querySelectorAll('.card:first-child .bar i')].map(part => part.getBoundingClientRect().width)"
    )
    wide, narrow = browser.value(widths)
    assert 18 < wide / narrow < 20
    assert browser.value("document.documentElement.scrollWidth <= innerWidth")
    right, left = (
        browser.value(f"document.querySelector('{part}').getBoundingClientRect().{side}")
        for part, side in ((".card", "right"), ("#requests", "left"))
    )
    assert right < left
    assert browser.value(
        "[...document.querySelectorAll('.card td')].every(cell => cell.getBoundingClientRect().right <="
        " cell.closest('.card').getBoundingClientRect().right)"
    )


def test_page_follows_changes(workspace: Any, browser: Browser, endpoint: Build) -> None:
    browser.send("Page.navigate", url=workspace.origin)
    browser.until("document.body.innerText.includes('No serving endpoints yet')")
    endpoint("later")
    browser.until("document.querySelector('.card h3')?.textContent === 'later'")
    assert browser.value("document.getElementById('pulse').textContent") == "Live"
