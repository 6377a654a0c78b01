"""After random changes by hand, `--adopt` declares them: nothing differs any more but what it has named."""

import os
from pathlib import Path
from random import Random

import pytest
import yaml

from model_serving.databricks.client import connect
from model_serving.delivery.drift.adopt import plan_adoption
from model_serving.operations.drift.reads import Reader
from model_serving.operations.drift.report import WorkspaceDrift
from model_serving.operations.drift.sources import Source
from model_serving.operations.drift.workspace import Comparison
from model_serving.spec import load_stack
from tests.http.conftest import FrozenWorkspace
from tests.http.operations.drift.hands import ALIAS, SEED, STACK, Hands, connection
from tests.support.declared_workspace import deploy

ROUNDS = int(os.environ.get("ADOPTION_ROUNDS", "20"))
SEEDS = range(2)
COMMENT = "# who changes this asks the team\n"


@pytest.mark.parametrize("seed", SEEDS)
def test_random_changes_are_adopted_or_named(frozen: FrozenWorkspace, seed: int, tmp_path: Path) -> None:
    file = tmp_path / "stacks" / "Pulumi.dev.yaml"
    file.parent.mkdir()
    settings = {f"model-serving:{name}": value for name, value in STACK.items()}
    text = COMMENT + yaml.safe_dump({"config": settings}, sort_keys=False)
    file.write_text(text, encoding="utf-8")
    with connection(frozen) as call:
        call("POST", "/_workspace/seed", SEED)
        state = deploy(call, "dev", load_stack("dev", file.parent), {ALIAS: "7"}, lambda: frozen.clock.advance(60))
        workspace, hands = connect(frozen.settings()), Hands(call, frozen.clock.advance, Random(seed))  # noqa: S311

        def compared() -> WorkspaceDrift:
            source = Source("dev", frozen.settings(), load_stack("dev", file.parent), state)
            return Comparison(Reader(workspace), [source], list, whole=False).run()

        adopted = 0
        for number in range(ROUNDS // len(SEEDS)):
            file.write_text(text, encoding="utf-8")
            done = [hands.change() for _ in range(hands.random.randint(1, 3))]
            drifted = [each for each in compared().resources if each.condition.is_drift]
            adoption = plan_adoption("dev", tmp_path, drifted)
            adoption.write()
            left = {each.what for each in adoption.left}
            for each in compared().resources:
                names = {each.key, *(f"{each.key}.{field.name}" for field in each.fields)}
                is_named = not each.condition.is_drift or each.key in left or names - {each.key} <= left
                assert is_named, f"round {number} of seed {seed}, after {done}: {each}, left {left}\n{adoption.patch}"
            assert file.read_text(encoding="utf-8").startswith(COMMENT)
            adopted += sum(map(len, adoption.declared.values()))
        assert adopted > ROUNDS // len(SEEDS)
