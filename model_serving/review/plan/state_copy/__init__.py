"""A throwaway copy of a stack's state, brought up to date with the workspace: previews of it change nothing."""
