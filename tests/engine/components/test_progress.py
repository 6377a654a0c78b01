"""What the terminal shows while `pulumi up` waits for deployments, and after one that fails."""

import re

from tests.support.snapshots import Snapshots

DEPLOY = ("up", "--yes", "--skip-preview")
BROKEN = {"models": {"main.ml.fraud": {"versions": {9: {"fails": "pip could not resolve numpy"}}}}}
VERSION = 'challenger: {entity: main.ml.fraud, version: "8"'


def test_up_shows_what_it_waits_for(snapshots: Snapshots) -> None:
    with snapshots.initialized("--ready-after", "6") as project:
        created = project.pulumi(*DEPLOY, MODEL_SERVING_PROGRESS_SECONDS="1").text
        several = re.search(r"Deploying 3 endpoints for up to \d+ s: [^\n]*", created)
        assert several
        for part in ("fraud-scorer (champion creating, challenger creating)", "iris-classifier (current creating)"):
            assert part in several[0]

        project.workspace.post("/_workspace/seed", BROKEN)
        project.edit("stacks/base.yaml", VERSION, VERSION.replace('"8"', '"9"'))
        failed = project.pulumi(*DEPLOY, MODEL_SERVING_PROGRESS_SECONDS="1", check=False)
        assert failed.refused
        lines = re.findall(r'Deploying endpoint "fraud-scorer" for \d+ s: [^\n]*', failed.text)
        assert '"challenger" (main.ml.fraud v9) creating' in lines[0]
        assert any('build log: "' in line for line in lines)
        after = failed.text[failed.text.index('The last update of endpoint "fraud-scorer" failed:') :]
        assert '"challenger" (main.ml.fraud v9) DEPLOYMENT_FAILED: pip could not resolve numpy' in after
        assert "ERROR: pip could not resolve numpy" in after
        assert "It still serves:" in after
        assert "Deploying" not in after[after.index("It still serves:") :]
