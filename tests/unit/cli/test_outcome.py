"""What a deployment prints at its end."""

from pathlib import Path

import pytest

from model_serving.cli.deploy import write_outcome
from model_serving.delivery.deploy import Outcome
from model_serving.review.assess.from_preview import report
from model_serving.review.plan.preview import Preview


def test_an_unwritable_report_hides_no_outcome(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    outcome = Outcome(deployed=True, message="Deployed as reviewed: 1234", report=report(Preview("prod")))
    with pytest.raises(OSError, match="absent"):
        write_outcome(outcome, [tmp_path / "absent" / "deploy.md"], tmp_path)
    assert capsys.readouterr().out.endswith("Deployed as reviewed: 1234\n")
