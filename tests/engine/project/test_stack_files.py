"""What only the real engine can show of stack files: secrets that it decrypts, and the file that it read."""

from tests.support.sandbox import Sandbox

UP = ("up", "--yes", "--skip-preview")
IRIS = "model-serving:endpoints.iris-classifier"
KEY = f"{IRIS}.served_entities.current.environment_vars.API_KEY"
SECRET = "correct horse battery staple"


def test_secret_is_sent_and_never_shown(project: Sandbox) -> None:
    for path in (KEY, f"{IRIS}.description", f"{IRIS}.tags.note", f"{IRIS}.email_notifications.on_update_failure[0]"):
        project.pulumi("config", "set", "--secret", "--path", path, SECRET)
    file = (project.folder / "stacks/Pulumi.local.yaml").read_text(encoding="utf-8")
    printed = [project.pulumi("preview", "--diff").text, project.pulumi(*UP, "--diff").text]
    state = project.pulumi("stack", "export").text
    assert [text for text in (file, state, *printed) if SECRET in text] == []
    endpoint = project.workspace.get("/api/2.0/serving-endpoints/iris-classifier")
    assert endpoint["config"]["served_entities"][0]["environment_vars"] == {"API_KEY": SECRET}
    assert endpoint["description"] == SECRET
    assert {"key": "note", "value": SECRET} in endpoint["tags"]
    assert endpoint["email_notifications"]["on_update_failure"] == [SECRET]
    before = project.workspace.writes()
    project.pulumi(*UP, "--expect-no-changes")
    assert project.workspace.writes() == before


def test_error_in_a_secret_hides_it(project: Sandbox) -> None:
    project.pulumi("config", "set", "--secret", "--path", KEY, f"{{{{{SECRET}")
    refused = project.pulumi("preview", check=False)
    assert refused.refused, refused.text
    assert 'API_KEY: "[secret]" is not a valid secret reference' in refused.text
    assert "correct horse" not in refused.text


def test_values_of_pulumi_config_set_apply(project: Sandbox) -> None:
    project.pulumi("config", "set", "name_prefix", "ann-")
    project.pulumi("config", "set", "--path", "model-serving:endpoints.fraud-scorer.traffic.champion", "90")
    project.pulumi("config", "set", "--path", "model-serving:endpoints.fraud-scorer.traffic.challenger", "10")
    project.pulumi(*UP)
    routes = project.workspace.get("/api/2.0/serving-endpoints/ann-fraud-scorer")["config"]["traffic_config"]["routes"]
    assert [route["traffic_percentage"] for route in routes] == [90, 10]


def test_different_config_file_is_refused(project: Sandbox) -> None:
    written = (project.folder / "stacks/Pulumi.local.yaml").read_text(encoding="utf-8")
    other = project.folder / "other.yaml"
    other.write_text(written, encoding="utf-8")
    project.pulumi("preview", "--config-file", str(other))
    other.write_text(written.replace('version: "2"', 'version: "3"'), encoding="utf-8")
    refused = project.pulumi("preview", "--config-file", str(other), check=False)
    assert refused.refused, refused.text
    assert (
        "stacks/Pulumi.local.yaml:8:41 endpoints.iris-classifier.served_entities.current.version: Pulumi's value"
        " differs from this file, which alone declares what is deployed" in refused.text
    )
    assert "Run without --config-file" in refused.text
    assert "Traceback" not in refused.text


def test_several_errors_are_reported_together(project: Sandbox) -> None:
    project.edit("stacks/base.yaml", "route_optimized: true", "route_optimised: true")
    project.edit("stacks/base.yaml", "{champion: 95, challenger: 5}", "{champion: 95, challenger: 6}")
    project.edit("stacks/Pulumi.local.yaml", "level: CAN_QUERY}\n    user", "level: CAN_ASK}\n    user")
    refused = project.pulumi("preview", check=False)
    assert refused.refused, refused.text
    assert "3 errors in the stack files; nothing was changed" in refused.text
    assert "Traceback" not in refused.text
    assert project.workspace.writes() == []
