"""Unity Catalog and the workspace model registry: models, versions, aliases, grants."""
