"""The versions that are said are the versions that are built."""

from __future__ import annotations

import re

import pytest

from toolchain import versions
from toolchain.golang import REQUIRED
from toolchain.recipe import CHECKOUT, MODULES, PROGRAMS, Program


@pytest.mark.parametrize(
    ("module", "requirement"),
    [
        ("pulumi", f"github.com/pulumi/pulumi/pkg/v3 v{versions.PULUMI}"),
        ("pulumi", f"github.com/pulumi/pulumi/sdk/v3 v{versions.PULUMI}"),
        ("language-python", f"github.com/pulumi/pulumi/sdk/v3 v{versions.LANGUAGE_HOST}"),
        ("provider-databricks", f"github.com/databricks/terraform-provider-databricks v{versions.TERRAFORM_PROVIDER}"),
    ],
)
def test_go_modules_require_the_versions(module: str, requirement: str) -> None:
    assert requirement in (MODULES / module / "go.mod").read_text()


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda program: program.name)
def test_go_modules_require_same_go(program: Program) -> None:
    assert f"\ngo {REQUIRED}\n" in (program.folder / "go.mod").read_text()


def test_plugin_and_package_versions_match() -> None:
    assert f'const version = "{versions.PLUGIN}"' in (MODULES / "provider-databricks" / "main.go").read_text()
    assert f"\npulumi-databricks=={versions.PLUGIN} " in (CHECKOUT / "requirements.txt").read_text()


def named(file: str) -> set[str]:
    return set(re.findall(r"\d+\.\d+\.\d+", (CHECKOUT / file).read_text()))


def test_readme_names_the_versions() -> None:
    said = named("toolchain/README.md")
    assert {versions.PULUMI, versions.LANGUAGE_HOST, versions.PLUGIN, versions.TERRAFORM_PROVIDER} <= said
    assert {versions.OLDEST, versions.NEWEST_TESTED} <= said & named("README.md")


def test_project_requires_oldest_tested_engine() -> None:
    assert f'\nrequiredPulumiVersion: ">={versions.OLDEST}"\n' in (CHECKOUT / "Pulumi.yaml").read_text()
