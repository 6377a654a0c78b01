"""A deployment that is started again after its branch has moved on is refused: it would replace newer ones."""

import pytest

from model_serving.cli.main import main
from tests.support.fake_forge import fake_forge

RUN = {"GITHUB_REF_NAME": "main", "GITHUB_SHA": "0a1b2c3d4e5f0a1b", "GITHUB_RUN_ATTEMPT": "2"}


@pytest.mark.parametrize(
    ("newest", "attempt", "status"), [("0a1b2c3d4e5f0a1b", "2", 0), ("ffff", "2", 1), ("ffff", "1", 0), ("", "3", 1)]
)
def test_an_old_run_may_not_deploy_again(
    newest: str, attempt: str, status: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with fake_forge("github") as forge:
        forge.heads = {"main": newest} if newest else {}
        for name, value in {**forge.environment(), **RUN, "GITHUB_RUN_ATTEMPT": attempt}.items():
            monkeypatch.setenv(name, value)
        assert main(["ci", "newest"]) == status
    refusal = (
        "This run is of commit 0a1b2c3d4e5f and was started again, but main is at ffff now: nothing was deployed. "
    )
    assert capsys.readouterr().err.startswith(refusal) is (newest == "ffff" and attempt == "2")
