"""What is built or asked for, in which version; toolchain/README.md says why these."""

PULUMI = "3.220.0"
LANGUAGE_HOST = "3.79.0"
PLUGIN = "1.104.0"
TERRAFORM_PROVIDER = "1.126.0"

GO = (1, 26)
# The first Go that can fetch a newer one by itself.
GO_THAT_SWITCHES = (1, 21)
