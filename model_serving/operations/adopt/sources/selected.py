"""What the options of a command select of another tool: the endpoints of a bundle or of a Terraform state."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from model_serving.errors import UsageError
from model_serving.operations.adopt.entry import Adoption
from model_serving.operations.adopt.sources.bundle import BundleEndpoints, read_bundle, release_bundle
from model_serving.operations.adopt.sources.source import source_differences
from model_serving.operations.adopt.sources.terraform import TerraformEndpoints, read_terraform, release_terraform


@dataclass(frozen=True)
class SourceOptions:
    """The options that name a source. `user` is who deploys the bundle."""

    bundle: Path | None = None
    target: str | None = None
    variables: Sequence[str] = ()
    terraform_state: Path | None = None
    user: str | None = None

    def read(self) -> BundleEndpoints | TerraformEndpoints | None:
        """The endpoints of the source; None without one. Raises UserError."""
        if self.bundle and self.terraform_state:
            raise UsageError("Choose one of --bundle and --terraform-state")
        if (self.target or self.variables) and not self.bundle:
            raise UsageError("--target and --var are for --bundle")
        if self.bundle:
            file = self.bundle / "databricks.yml" if self.bundle.is_dir() else self.bundle
            return read_bundle(file, self.target, self.variables, self.user)
        return read_terraform(self.terraform_state) if self.terraform_state else None


@dataclass(frozen=True)
class Handover:
    """What is said of the other tool: where it differs from what is live, and how to let go there."""

    differences: tuple[str, ...] = ()
    release: str = ""

    def lines(self) -> Iterator[str]:
        """The text for the terminal."""
        if self.differences:
            yield "The entries have what is live. The other tool declares otherwise:"
            yield from (f"  {each}" for each in self.differences)
        yield from [self.release] if self.release else []


def handover(
    source: BundleEndpoints | TerraformEndpoints, adoption: Adoption, default_tags: Mapping[str, str]
) -> Handover:
    """The handover of the adopted endpoints of a source."""
    entries = {each.name: each for each in adoption.entries}
    adopted = frozenset(entries)
    differences = [
        line
        for managed in source.endpoints
        if managed.name in entries
        for line in source_differences(managed, _with_defaults(entries[managed.name].fields, default_tags))
    ]
    if isinstance(source, BundleEndpoints):
        return Handover(tuple(differences), release_bundle(source, adopted))
    return Handover(tuple(differences), release_terraform(source, adopted))


def _with_defaults(fields: Mapping[str, Any], default_tags: Mapping[str, str]) -> dict[str, Any]:
    """The fields with the tags of the whole stack, unless the endpoint has none of them."""
    tags = {**(default_tags if fields.get("default_tags", True) else {}), **(fields.get("tags") or {})}
    entities: Mapping[str, Any] = fields.get("served_entities") or {}
    sole = dict.fromkeys(entities, 100) if len(entities) == 1 else {}
    return {**fields, "tags": tags, "traffic": fields.get("traffic") or sole}
