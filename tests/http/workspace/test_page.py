"""The web page: access, content, and rendering in a browser."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.support.browser import Browser, chromium_program

Build = Callable[..., dict[str, Any]]


@pytest.fixture(scope="session")
def chromium() -> str:
    return chromium_program()


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
