"""`make accept`: records the golden comments in tests/unit/review/cases/ on the real engine.

Each case is a change to a deployed stack. The engine's events are recorded, without what differs from run to run, and
the comment is rendered from the recording. Read the difference before committing it.
"""

import re
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import chdir, contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from demo.output import step
from model_serving.review.assess.from_preview import report
from model_serving.review.assess.report import Purpose, Report, Stamp
from model_serving.review.assess.stack_cost import declared_pricing
from model_serving.review.plan.events import read_events
from model_serving.review.render.markdown import markdown
from model_serving.spec.files.declarations import declared_in
from model_serving.spec.rollout_variable import PLANNED, VARIABLE
from tests.support.recording import recorded
from tests.support.running_workspace import PROJECT
from tests.support.sandbox import Edit, Sandbox
from tests.support.snapshots import IMMEDIATE, Snapshots

STAMP = Stamp(
    base="4f2a9c1d7e3b5f60718293a4b5c6d7e8f9012345",
    head="9d4c1b7a2e5f80316274859a6b7c8d9e0f123456",
    run="https://github.com/example/models/actions/runs/7",
    source="https://github.com/example/models/blob/9d4c1b7a2e5f80316274859a6b7c8d9e0f123456/",
    workspace="https://prod.cloud.databricks.example",
    tools=("Pulumi 3.220.0", "databricks provider 1.104.0"),
)
"""What a pipeline on GitHub adds to a report."""

CASES = PROJECT / "tests" / "unit" / "review" / "cases"
UP = ("up", "--yes", "--skip-preview")

_BASE, _LOCAL = "stacks/base.yaml", "stacks/Pulumi.local.yaml"
_PINNED = 'champion: {entity: main.ml.fraud, version: "7", workload_size: Small}'
_ALIAS = "champion: {entity: main.ml.fraud@Champion, workload_size: Small}"
_PRICES = "{currency: EUR, per_dbu: 0.065}"
_LOAD = "{requests_per_second: 300, time_per_request: 40ms}"
_SPLIT = "{champion: 95, challenger: 5}"
_TO_CHALLENGER = "{champion: 0, challenger: 100}"
_ROLLOUT = """\
      rollout:
        steps: [5, 25, 50]
        bake: 10m
        gate:
          errors_below: 1%
          p95_below: 80ms
          smoke: true
          compare: {against: champion, p95_at_most: 1.2x}
          command: [./checks/accuracy.sh, fraud-scorer]
"""
_CALLER = "{service_principal: checkout, level: CAN_QUERY}"
_IRIS = '{entity: main.ml.iris, version: "2", workload_size: Small, scale_to_zero: true}'
_IRIS_ENDPOINT = f"""\
    iris-classifier:
      served_entities:
        current: {_IRIS}
      permissions:
        - {{group: ml-engineers, level: CAN_QUERY}}
"""
_SECOND_ENDPOINT = """\
    iris-next:
      served_entities:
        current: {entity: main.ml.iris, version: "2", workload_size: Medium}
      permissions:
        - {group: ml-engineers, level: CAN_MANAGE}
        - {service_principal: checkout, level: CAN_QUERY}
"""
_DELIVERED = """\
oauth_secret: {deliver: {secret_scope: callers, github: {repository: acme/checkout, environment: staging}}}}
  model-serving:secret_scopes:
    callers: {readers: [{group: ml-engineers}, {service_principal: checkout}]}"""
_RECORDED: tuple[Edit, ...] = (
    (
        _BASE,
        "  model-serving:default_tags:\n",
        "  model-serving:predecessor_quiet: 4h\n  model-serving:default_tags:\n",
    ),
    (
        _BASE,
        "      route_optimized: true\n",
        "      route_optimized: false\n      ai_gateway: {inference_table: {catalog_name: main, schema_name: ml}}\n",
    ),
)
"""What a migration to route optimization starts from: an endpoint whose requests are in an inference table."""
_READS_TABLES = {"DATABRICKS_WAREHOUSE_ID": "0123456789abcdef"}
_PREDECESSOR = "{name: fraud-scorer, route_optimized: false}"
_MIGRATE: Edit = (
    _BASE,
    "route_optimized: false",
    f"name: fraud-scorer-2\n      route_optimized: true\n      predecessor: {_PREDECESSOR}",
)
_PAYMENT = {"dataframe_records": [{"amount": 129.9, "country": "NL", "card_age_days": 12}]}
_MANY = 300


def _many(sandbox: Sandbox) -> None:
    """A stack of three hundred endpoints, and a provider that isn't slowed down."""
    file = sandbox.folder / _LOCAL
    settings = [
        line
        for line in file.read_text(encoding="utf-8").splitlines()
        if line.strip().startswith(("databricks:host", "encryptionsalt"))
    ]
    host, salt = settings
    endpoints = [f"    scorer-{n:03}: *scorer" for n in range(1, _MANY)]
    shape = "{served_entities: {current: {entity: main.ml.fraud, version: '7', workload_size: Small}}}"
    lines = ["config:", host, "  databricks:rateLimit: 500", "  model-serving:endpoints:", "    fraud-scorer: null"]
    lines += [f"    scorer-000: &scorer {shape}", *endpoints, salt, ""]
    file.write_text("\n".join(lines), encoding="utf-8")


def _outside(sandbox: Sandbox) -> None:
    """Someone changes a tag and deletes an endpoint in the workspace."""
    sandbox.workspace.patch(
        "/api/2.0/serving-endpoints/fraud-scorer/tags", {"add_tags": [{"key": "team", "value": "growth"}]}
    )
    sandbox.workspace.delete("/api/2.0/serving-endpoints/iris-classifier")


def _move_alias(sandbox: Sandbox) -> None:
    """Someone points the alias that the champion follows to another version."""
    sandbox.workspace.post("/_workspace/seed", {"models": {"main.ml.fraud": {"aliases": {"Champion": 9}}}})


def _agree(sandbox: Sandbox) -> None:
    """The author accepts the outage by writing the id of the endpoint that is replaced."""
    endpoint_id = sandbox.workspace.get("/api/2.0/serving-endpoints/iris-classifier")["id"]
    sandbox.edit(
        _LOCAL,
        "    iris-classifier:\n",
        f"    iris-classifier:\n      replace_id: {endpoint_id}\n      route_optimized: true\n",
    )


def _hand_made(sandbox: Sandbox) -> None:
    """Two endpoints that somebody made by hand, one with settings and stopped, and their entries in the stack file."""
    entity = {"name": "current", "entity_name": "main.ml.iris", "entity_version": "3", "workload_size": "Small"}
    workspace, path = sandbox.workspace, "/api/2.0/serving-endpoints"
    ids = []
    for name in ("churn", "prices"):
        body = {"name": name, "config": {"served_entities": [{**entity, "scale_to_zero_enabled": False}]}}
        ids.append(workspace.post(path, body)["id"])
    entries = {"access_control_list": [{"group_name": "ml-engineers", "permission_level": "CAN_QUERY"}]}
    workspace.patch(f"/api/2.0/permissions/serving-endpoints/{ids[0]}", entries)
    workspace.put(f"{path}/churn/ai-gateway", {"usage_tracking_config": {"enabled": True}})
    workspace.post(f"{path}/prices/config:stop", {})
    served = (
        'default_tags: false, served_entities: {current: {entity: main.ml.iris, version: "3", workload_size: Small}}'
    )
    churn = "ai_gateway: {usage_tracking: true}, permissions: [{group: ml-engineers, level: CAN_QUERY}]"
    declared = [f"churn: {{adopt_id: {ids[0]}, {served}, {churn}}}"]
    declared.append(f"prices: {{adopt_id: {ids[1]}, {served}, permissions: [], stopped: true}}")
    lines = "".join(f"    {each}\n" for each in declared)
    sandbox.edit(_LOCAL, "    iris-classifier:\n", f"{lines}    iris-classifier:\n")


def _failed(sandbox: Sandbox) -> None:
    """The change was merged, and its model version can't be deployed."""
    broken = {"main.ml.fraud": {"versions": {9: {"fails": "pip could not resolve numpy==9"}}}}
    sandbox.workspace.post("/_workspace/seed", {"models": broken})
    sandbox.pulumi(*UP, check=False)


def _lost(sandbox: Sandbox) -> None:
    """The change was merged and applied, but the workspace's response was lost."""
    pattern = "PUT /api/2.0/serving-endpoints/fraud-scorer/config"
    sandbox.workspace.post("/_workspace/faults", {"pattern": pattern, "status": 504, "after_handler": True})
    sandbox.pulumi(*UP, check=False)


def _migrate(sandbox: Sandbox) -> None:
    """The change that begins a migration was merged and deployed."""
    sandbox.edit(*_MIGRATE)
    sandbox.pulumi(*UP)


def _retire(sandbox: Sandbox) -> None:
    """A later change retires the predecessor, which nobody has called."""
    _migrate(sandbox)
    sandbox.edit(_BASE, f"\n      predecessor: {_PREDECESSOR}", "")


def _retire_called(sandbox: Sandbox) -> None:
    """The same while the predecessor is called."""
    _migrate(sandbox)
    for _ in range(3):
        sandbox.workspace.post("/serving-endpoints/fraud-scorer/invocations", _PAYMENT)
    sandbox.edit(_BASE, f"\n      predecessor: {_PREDECESSOR}", "")


def _turn_back(sandbox: Sandbox) -> None:
    """A later change makes the predecessor the endpoint again."""
    _migrate(sandbox)
    back = "predecessor: {name: fraud-scorer-2, route_optimized: true}"
    sandbox.edit(_BASE, _MIGRATE[2], f"route_optimized: false\n      name: fraud-scorer\n      {back}")


def _abandon(sandbox: Sandbox) -> None:
    """The change is reverted."""
    _migrate(sandbox)
    sandbox.edit(_BASE, _MIGRATE[2], _MIGRATE[1])


@dataclass(frozen=True)
class Case:
    """A change as a pull request brings it: `before` is deployed, then `edits` are made."""

    name: str
    edits: tuple[Edit, ...] = ()
    before: tuple[Edit, ...] = ()
    deployed: bool = True
    prepare: Callable[[Sandbox], None] | None = None
    outside: Callable[[Sandbox], None] | None = None
    options: tuple[str, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)


CASES_OF_REVIEW = (
    Case("first-deployment", deployed=False),
    Case("canary-step", ((_BASE, _SPLIT, "{champion: 75, challenger: 25}"),)),
    Case(
        "staged-rollout",
        before=((_BASE, _SPLIT, "{champion: 100, challenger: 0}"),),
        edits=((_BASE, "{champion: 100, challenger: 0}\n", f"{_TO_CHALLENGER}\n{_ROLLOUT}"),),
    ),
    Case(
        "stopped-rollout",
        before=((_BASE, f"{_SPLIT}\n", f"{{champion: 75, challenger: 25}}\n{_ROLLOUT}"),),
        edits=((_BASE, "{champion: 75, challenger: 25}", _TO_CHALLENGER), (_BASE, "bake: 10m", "bake: 30m")),
    ),
    Case(
        "rollback",
        before=((_BASE, _SPLIT, "{champion: 0, challenger: 100}"),),
        edits=((_BASE, "{champion: 0, challenger: 100}", "{champion: 100, challenger: 0}"),),
    ),
    Case("flipped-route-optimization", ((_BASE, "route_optimized: true", "route_optimized: false"),)),
    Case("rename", ((_BASE, "fraud-scorer:", "card-fraud-scorer:"),)),
    Case(
        "permission-widening",
        ((_BASE, _CALLER, f"{_CALLER.replace('QUERY', 'MANAGE')}\n        - {{group: analysts, level: CAN_QUERY}}"),),
    ),
    Case("deleted-endpoint", ((_LOCAL, _IRIS_ENDPOINT, ""),)),
    Case("three-hundred-endpoints", ((_LOCAL, "workload_size: Small", "workload_size: Large"),), prepare=_many),
    Case(
        "failed-preview",
        ((_BASE, _SPLIT, "{champion: 95, challenger: 6}"), (_BASE, "level: CAN_MANAGE", "level: CAN_MANGE")),
    ),
    Case(
        "policy-violation",
        ((_LOCAL, _IRIS, "{external_model: {provider: openai, name: gpt-4o, task: llm/v1/chat}}"),),
    ),
    Case(
        "model-size-and-secrets",
        (
            (
                _BASE,
                'version: "8", workload_size: Small}',
                'version: "9", workload_size: Medium, environment_vars: {MODE: planted-plain-value}}',
            ),
            (_BASE, "tags: {team: risk}", "tags: {team: payments}"),
        ),
    ),
    Case(
        "size-with-prices",
        before=(
            (_BASE, "  model-serving:endpoints:\n", f"  model-serving:prices: {_PRICES}\n  model-serving:endpoints:\n"),
        ),
        edits=(
            (_BASE, _PINNED, _PINNED.replace("Small", "Medium")),
            (_BASE, "      route_optimized: true\n", f"      route_optimized: true\n      expected: {_LOAD}\n"),
        ),
    ),
    Case(
        "changed-outside",
        ((_BASE, _SPLIT, "{champion: 75, challenger: 25}"),),
        outside=_outside,
        options=("--refresh",),
    ),
    Case("failed-update", ((_BASE, 'version: "8"', 'version: "9"'),), outside=_failed),
    Case(
        "lost-answer",
        ((_BASE, _SPLIT, "{champion: 75, challenger: 25}"),),
        outside=_lost,
        options=("--refresh",),
    ),
    Case("field-that-is-dropped", ((_BASE, "description: Scores card payments", "description: Scores payments"),)),
    Case("agreed-replacement", outside=_agree),
    Case("adopted-endpoints", outside=_hand_made),
    Case(
        "removed-protection",
        before=((_LOCAL, "    iris-classifier:\n", "    iris-classifier:\n      protect: true\n"),),
        edits=((_LOCAL, "      protect: true\n", ""),),
    ),
    Case(
        "protected-deletion",
        before=((_LOCAL, "    iris-classifier:\n", "    iris-classifier:\n      protect: true\n"),),
        edits=((_LOCAL, _IRIS_ENDPOINT.replace(":\n", ":\n      protect: true\n", 1), ""),),
    ),
    Case(
        "rotated-secret",
        before=((_BASE, "oauth_secret: true", "oauth_secret: {generation: 2}"),),
        edits=((_BASE, "oauth_secret: {generation: 2}", "oauth_secret: {generation: 3}"),),
    ),
    Case("delivered-secret", ((_BASE, "oauth_secret: true}", _DELIVERED),)),
    Case(
        "moved-delivery",
        before=((_BASE, "oauth_secret: true}", _DELIVERED),),
        edits=(
            (
                _BASE,
                "deliver: {secret_scope: callers, github",
                "generation: 2, deliver: {secret_scope: serving, github",
            ),
            (_BASE, "environment: staging", "environment: prod"),
            (_BASE, "[{group: ml-engineers}, {service_principal: checkout}]", "[{group: ml-engineers}]"),
        ),
    ),
    Case("migration-start", (_MIGRATE,), before=_RECORDED),
    Case("migration-end", before=_RECORDED, outside=_retire, environment=_READS_TABLES),
    Case("migration-refused", before=_RECORDED, outside=_retire_called, environment=_READS_TABLES),
    Case("migration-back", before=_RECORDED, outside=_turn_back),
    Case("migration-abandoned", before=_RECORDED, outside=_abandon, environment=_READS_TABLES),
    Case("new-endpoint", ((_LOCAL, "    iris-classifier:\n", f"{_SECOND_ENDPOINT}    iris-classifier:\n"),)),
    Case(
        "stopped-endpoint",
        ((_LOCAL, "    iris-classifier:\n", "    iris-classifier:\n      stopped: true\n"),),
    ),
    Case("drift-at-night", outside=_outside, options=("--refresh",)),
    Case("moved-alias", before=((_BASE, _PINNED, _ALIAS),), outside=_move_alias),
    Case("no-changes"),
)


def record(case: Case, folder: Path, snapshots: Snapshots) -> None:
    """Run a case in a sandbox, and record the engine's events and the stack files in a folder."""
    with _before(case, snapshots) as sandbox:
        for edit in case.edits:
            sandbox.edit(*edit)
        if case.outside:
            case.outside(sandbox)
        events = sandbox.folder / "events"
        options = ("--policy-pack", "policies", "--event-log", str(events), *case.options)
        environment = {**case.environment, "PULUMI_DEBUG_COMMANDS": "1", VARIABLE: PLANNED}
        sandbox.pulumi("preview", *options, check=False, **environment)
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "events.jsonl").write_text(recorded(events, sandbox.workspace.url), encoding="utf-8")
        _keep_stack_files(sandbox, folder)


@contextmanager
def _before(case: Case, snapshots: Snapshots) -> Iterator[Sandbox]:
    """The sandbox that the case's edits are made in: deployed, unless the case is a first deployment."""
    options = (*IMMEDIATE, "--limit", "changes=10000")
    if case.deployed and not case.prepare:
        with snapshots.deployed(*case.before, options=options) as sandbox:
            yield sandbox
        return
    with snapshots.initialized(*options) as sandbox:
        if case.prepare:
            case.prepare(sandbox)
            sandbox.pulumi(*UP)
        yield sandbox


def _keep_stack_files(sandbox: Sandbox, folder: Path) -> None:
    (folder / "stacks").mkdir(exist_ok=True)
    for file in (_BASE, _LOCAL):
        text = (sandbox.folder / file).read_text(encoding="utf-8")
        text = re.sub(r"\b[0-9a-f]{32}\b", "0" * 32, text.replace(sandbox.workspace.url, "http://127.0.0.1:8787"))
        (folder / file).write_text(text, encoding="utf-8")


@cache
def report_on(folder: Path, stamp: Stamp = STAMP) -> Report:
    """The report on a recorded case, with the locations of the case's own stack files."""
    purpose = Purpose.DRIFT if folder.name.startswith("drift") else Purpose.REVIEW
    with chdir(folder):  # locations are relative to the project's folder
        locations = declared_in("local", Path("stacks"))
        pricing = declared_pricing("local", Path())
        return report(read_events(Path("events.jsonl")), locations, stamp, purpose=purpose, pricing=pricing)


@cache
def comment_on(folder: Path) -> str:
    """The comment on a recorded case."""
    return markdown(report_on(folder))


def main(names: list[str]) -> int:
    with TemporaryDirectory() as shared:
        for case in CASES_OF_REVIEW:
            if names and case.name not in names:
                continue
            step(case.name)
            record(case, CASES / case.name, Snapshots(Path(shared)))
            (CASES / case.name / "comment.md").write_text(comment_on(CASES / case.name), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
