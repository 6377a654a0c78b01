"""More endpoints in one run than the SDK has threads for their registrations."""

import subprocess

from tests.support.sandbox import Sandbox

MANY = 12
WITHIN_SECONDS = 120


def test_preview_of_many_updates_ends(project: Sandbox) -> None:
    file = project.folder / "stacks" / "Pulumi.local.yaml"
    shape = "{served_entities: {current: {entity: main.ml.fraud, version: '7', workload_size: Small}}}"
    endpoints = "".join(f"    scorer-{n}: {shape}\n" for n in range(MANY))
    heading = "  model-serving:endpoints:\n"
    file.write_text(file.read_text(encoding="utf-8").replace(heading, heading + endpoints), encoding="utf-8")
    project.pulumi("up", "--yes", "--skip-preview")
    file.write_text(file.read_text(encoding="utf-8").replace("version: '7'", "version: '8'"), encoding="utf-8")
    # The SDK has four threads for each resource that the engine works on at once.
    command = ["pulumi", "preview", "--parallel", "1", "--non-interactive", "--color", "never"]
    run = subprocess.run(
        command,
        cwd=project.folder,
        env=project.environment,
        capture_output=True,
        text=True,
        timeout=WITHIN_SECONDS,
        check=False,
    )
    assert run.returncode == 0, run.stdout + run.stderr
    assert f"~ {MANY} to update" in run.stdout
