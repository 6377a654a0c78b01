"""Where the workspace differs from the stack files: read without the engine, and without a write.

`read_drift(stacks, whole_workspace=False)` in `read.py` gives the `DriftReport` of `report.py`. In a project's folder,
it reads the files and the states of these stacks, of all that have a file by default, and the workspaces that they
name. With `whole_workspace` it reports endpoints that are in no stack file, too.
"""
