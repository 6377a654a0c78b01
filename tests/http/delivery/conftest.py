"""A fake forge with a pull request, the comment of its review, and the question which digest is approved."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from model_serving.cli.main import main
from model_serving.review.render.markers import digest_marker, marker
from tests.support.fake_forge import FakeForge, Kind, fake_forge
from tests.support.reviewed import HEAD, KEY, ONE, SECTIONS, Approved, Report


@pytest.fixture(params=["github", "gitlab"])
def forge(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeForge]:
    kind: Kind = request.param
    with fake_forge(kind) as found:
        for name in ("GITHUB_REPOSITORY", "CI_PROJECT_ID", "MODEL_SERVING_COMMENT_AUTHOR"):
            monkeypatch.delenv(name, raising=False)
        for name, value in {**found.environment(), "MODEL_SERVING_REVIEW_KEY": KEY}.items():
            monkeypatch.setenv(name, value)
        found.open(7, head=HEAD)
        yield found


@pytest.fixture
def report(tmp_path: Path) -> Report:
    """Writes the comment of a review, as the pipeline does."""

    def write(digest: str = ONE, *, stack: str = "prod", number: int = 7, head: str = HEAD, text: str = "text") -> int:
        hidden = f"{marker(stack)}\n{digest_marker(digest, SECTIONS)}\n" if digest else f"{marker(stack)}\n"
        file = tmp_path / "review.md"
        file.write_text(f"{hidden}\n## {text}\n", encoding="utf-8")
        return main(
            ["ci", "comment", "--stack", stack, "--pull-request", str(number), "--head", head, "--file", str(file)]
        )

    return write


@pytest.fixture
def approved(capsys: pytest.CaptureFixture[str]) -> Approved:
    """The exit status of `ci approved-digest` and what it printed: the digest, or one sentence."""

    def ask(*options: str, stack: str = "prod", number: int = 7) -> tuple[int, str]:
        capsys.readouterr()
        status = main(["ci", "approved-digest", "--stack", stack, "--pull-request", str(number), *options])
        printed = capsys.readouterr()
        assert (printed.out == "") is (status != 0)
        assert KEY not in printed.err
        return status, (printed.out or printed.err).strip()

    return ask
