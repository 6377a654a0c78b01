"""GitHub and GitLab: comments, issues, pull requests and their approvals."""
