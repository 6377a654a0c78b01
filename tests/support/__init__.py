"""What tests share: the sandbox, its workspace, and programs that run in it."""
