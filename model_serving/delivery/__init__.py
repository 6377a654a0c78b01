"""From a pull request to a deployment: changed stacks, comments, deploy, promote."""
