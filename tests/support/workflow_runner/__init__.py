"""A small interpreter of GitHub workflows: jobs, steps, expressions, environments and tokens, for tests of ours.

It runs the `run:` steps for real, in bash, and replaces third-party actions by stand-ins. It knows what our workflows
use and refuses everything else, so that no key of a workflow is ignored. Where GitHub promises nothing, such as the
order of a matrix, it takes the order that is worse for us.
"""
