"""The versions to build or to require; toolchain/README.md gives the reasons."""

PULUMI = "3.220.0"
LANGUAGE_HOST = "3.79.0"
PLUGIN = "1.104.0"
TERRAFORM_PROVIDER = "1.126.0"

# The oldest tested version. An older official Pulumi is not used; Pulumi.yaml requires the same.
OLDEST = PULUMI
# The newest tested version, which the pipelines install.
NEWEST_TESTED = "3.260.0"

GO = (1, 26)
# The first Go that can download a newer one.
GO_THAT_SWITCHES = (1, 21)
