"""What is built or asked for, in which version; toolchain/README.md says why these."""

PULUMI = "3.220.0"
LANGUAGE_HOST = "3.79.0"
PLUGIN = "1.104.0"
TERRAFORM_PROVIDER = "1.126.0"

# An official Pulumi that is older is not used; Pulumi.yaml demands the same. It is the oldest that the tests run on.
OLDEST = PULUMI
# The newest that the tests run on; the pipelines install it.
NEWEST_TESTED = "3.260.0"

GO = (1, 26)
# The first Go that can fetch a newer one by itself.
GO_THAT_SWITCHES = (1, 21)
