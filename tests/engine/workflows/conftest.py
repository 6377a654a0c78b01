"""The project's pipeline on a fake GitHub, with two deployed stacks and an identity for each kind of job."""

import os
import subprocess
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import httpx
import pytest

from tests.support.id_tokens import ISSUER, Issuer
from tests.support.running_workspace import RunningWorkspace, running_workspace
from tests.support.sandbox import modules
from tests.support.snapshots import IMMEDIATE, record_packages
from tests.support.workflow_runner.actions import provide_tools
from tests.support.workflow_runner.pipeline import CODE, PIPELINE, Pipeline, environments, pipeline
from tests.support.workflow_runner.repository import commit, git
from toolchain.environment import PASSPHRASE, pulumi_environment

AUDIENCE = "an-audience"
STACKS = ("staging", "prod")
Identity = Mapping[str, str]
"""The client id of a service principal; the one that deploys by hand has a secret, too."""


@dataclass
class Deployed:
    """A pipeline whose stacks are deployed, and their workspace."""

    pipeline: Pipeline
    workspace: RunningWorkspace

    def edit(self, file: str, old: str, new: str) -> None:
        """Replace a text that occurs once in a file of the clone."""
        path = self.pipeline.clone / file
        text = path.read_text(encoding="utf-8")
        assert text.count(old) == 1, f"{old!r} occurs {text.count(old)} times in {file}"
        path.write_text(text.replace(old, new), encoding="utf-8")

    def traffic(self, endpoint: str) -> dict[str, int]:
        """The live traffic of an endpoint."""
        found = self.workspace.get(f"/api/2.0/serving-endpoints/{endpoint}")
        routes = found["config"]["traffic_config"]["routes"]
        return {each["served_model_name"]: each["traffic_percentage"] for each in routes}


@pytest.fixture(scope="module")
def deployed(engine: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployed]:  # noqa: ARG001  it must be there
    root = tmp_path_factory.mktemp("github")
    with running_workspace(root / "workspace.db", *IMMEDIATE) as workspace:
        # Another spelling of this machine: the pipeline leaves out stacks on 127.0.0.1.
        host = workspace.url.replace("127.0.0.1", "0.0.0.0")  # noqa: S104  an address to connect to
        deployer, reviewer = workspace.client, _reader(workspace)
        pulumi = pulumi_environment(root / "pulumi", os.environ)
        pulumi["no_proxy"] = pulumi["NO_PROXY"] = f"{pulumi.get('no_proxy', '127.0.0.1,localhost')},0.0.0.0"
        state = {name: pulumi.pop(name) for name in ("PULUMI_BACKEND_URL", "PULUMI_CONFIG_PASSPHRASE")}
        # As in the other sandboxes: `pip list` is answered from a recorded list.
        record_packages(root)
        pulumi["PYTHONPATH"] = str(modules(root))
        machine = {name: value for name, value in pulumi.items() if name != "PULUMI_HOME"}
        with pipeline(root / "repository", (*PIPELINE, *CODE), machine) as made:
            _set_up(made, workspace, host, state, deployer, reviewer)
            deployed = Deployed(made, workspace)
            _deploy(deployed, {**pulumi, **state, "DATABRICKS_HOST": host, **deployer}, host, reviewer)
            yield deployed


def _set_up(
    made: Pipeline,
    workspace: RunningWorkspace,
    host: str,
    state: Mapping[str, str],
    deployer: Identity,
    reviewer: Identity,
) -> None:
    """What docs/pipelines.md sets up."""
    repository = made.repository
    repository.variables["PULUMI_BACKEND_URL"] = state["PULUMI_BACKEND_URL"]
    repository.environments = environments(
        STACKS, dict.fromkeys(STACKS, host), {"PULUMI_CONFIG_PASSPHRASE": PASSPHRASE}
    )
    issuer, subjects = Issuer(), {}
    for stack in STACKS:
        for name, identity in ((stack, deployer), (f"{stack}-review", reviewer)):
            subject = f"repo:{repository.name}:environment:{name}"
            _federate(workspace, identity, subject, issuer)
            environment = repository.environments[name]
            client = {"DATABRICKS_CLIENT_ID": identity["DATABRICKS_CLIENT_ID"], "DATABRICKS_TOKEN_AUDIENCE": AUDIENCE}
            environment.variables = {**environment.variables, **client}
        review = repository.environments[f"{stack}-review"]
        review.secrets = {"MODEL_SERVING_REVIEW_KEY": review.secrets["MODEL_SERVING_REVIEW_KEY"]}

    def sign_in(subject: str, _variables: Mapping[str, str]) -> Mapping[str, str]:
        """What GitHub gives a job that may ask for a token of this subject."""
        subjects[f"ask-for-{subject}"] = subject
        url = f"{made.forge.url}/id-token?api-version=2.0"
        return {"ACTIONS_ID_TOKEN_REQUEST_URL": url, "ACTIONS_ID_TOKEN_REQUEST_TOKEN": f"ask-for-{subject}"}

    made.runner.sign_in = sign_in
    made.forge.id_token = lambda asking, audience: issuer.token(subjects[asking], audience, time.time())


def _federate(workspace: RunningWorkspace, identity: Identity, subject: str, issuer: Issuer) -> None:
    """Let a job of that environment sign in as a service principal."""
    principals = workspace.get("/api/2.0/preview/scim/v2/ServicePrincipals")["Resources"]
    application = identity["DATABRICKS_CLIENT_ID"]
    (owner,) = (each["id"] for each in principals if each["applicationId"] == application)
    policy = {"issuer": ISSUER, "subject": subject, "audiences": [AUDIENCE], "jwks_json": issuer.keys}
    path = f"/api/2.0/accounts/an-account/servicePrincipals/{owner}/federationPolicies"
    workspace.post(path, {"oidc_policy": policy})


def _deploy(deployed: Deployed, environment: Mapping[str, str], host: str, reviewer: Identity) -> None:
    """Deploy both stacks from the clone, and commit their files with the salts."""
    clone = deployed.pipeline.clone
    provide_tools(clone)
    entry = f"- {{service_principal: {reviewer['DATABRICKS_CLIENT_ID']}, level: CAN_VIEW}}"
    managers = "- {group: ml-engineers, level: CAN_MANAGE}"
    deployed.edit("stacks/base.yaml", managers, f"{managers}\n        {entry}")
    for stack in STACKS:
        deployed.edit(
            f"stacks/Pulumi.{stack}.yaml",
            f"databricks:host: https://{stack}.cloud.databricks.example",
            f"databricks:host: {host}\n  model-serving:name_prefix: {stack}-",
        )
    for stack in STACKS:
        for command in (["stack", "init", stack], ["up", "--yes", "--skip-preview", "--stack", stack]):
            ran = subprocess.run(
                ["pulumi", *command, "--non-interactive"],
                cwd=clone,
                env=dict(environment),
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                check=False,
            )
            assert not ran.returncode, ran.stdout
    commit(clone, "Two stacks")
    git(clone, "push", "--quiet", "origin", "main")


def _reader(workspace: RunningWorkspace) -> Identity:
    """A service principal that may use the models, and see the endpoints that grant it that."""
    made = workspace.post("/api/2.0/preview/scim/v2/ServicePrincipals", {"displayName": "reviewer"})
    change = {"principal": made["applicationId"], "add": ["USE_CATALOG", "USE_SCHEMA", "EXECUTE"]}
    httpx.patch(
        f"{workspace.url}/api/2.1/unity-catalog/permissions/catalog/main",
        json={"changes": [change]},
        headers={"Authorization": f"Bearer {workspace.token}"},
    ).raise_for_status()
    return {"DATABRICKS_CLIENT_ID": made["applicationId"]}
