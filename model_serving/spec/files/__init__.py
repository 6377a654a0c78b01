"""Stack files: YAML with locations, overlay, and Pulumi's configuration."""
