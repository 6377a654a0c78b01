"""The routes of GitHub's REST API that the project uses, for tests/support/fake_forge.py."""

from typing import Any, Final

from tests.support.fake_environments import GITHUB_ENVIRONMENTS
from tests.support.fake_forge import Answer, Comment, Issue, PullRequest, Request, Review, Routes, now

_REPOSITORY: Final = r"/repos/shop/models"


def _user(request: Request, name: str) -> dict[str, str]:
    user = request.forge.users[name]
    return {"login": user.name, "type": user.type}


def _own_user(request: Request) -> Answer:
    if request.user.type == "Bot":
        return Answer(403, {"message": "Resource not accessible by integration"})
    return Answer(200, _user(request, request.user.name))


def _comment(request: Request, comment: Comment) -> dict[str, Any]:
    return {
        "id": comment.number,
        "user": _user(request, comment.author),
        "body": comment.text,
        "created_at": f"{comment.created:%Y-%m-%dT%H:%M:%SZ}",
        "updated_at": f"{comment.updated:%Y-%m-%dT%H:%M:%SZ}",
    }


def _comments(request: Request, number: str) -> Answer:
    comments = request.forge.pull_requests[int(number)].comments
    return request.forge.paged(request, [_comment(request, each) for each in comments])


def _new_comment(request: Request, number: str) -> Answer:
    comment = request.forge.comment(int(number), request.user.name, request.body["body"])
    return Answer(201, _comment(request, comment))


def _edit_comment(request: Request, number: str) -> Answer:
    every = [each for pull in request.forge.pull_requests.values() for each in pull.comments]
    comment = next(each for each in every if each.number == int(number))
    if request.user.name != comment.author and request.user.permission not in {"admin", "write"}:
        return Answer(403, {"message": "Must have write access"})
    comment.text, comment.updated = request.body["body"], now()
    return Answer(200, _comment(request, comment))


def _issue(request: Request, issue: Issue) -> dict[str, Any]:
    state = "open" if issue.open else "closed"
    author, updated = _user(request, issue.author), f"{issue.updated:%Y-%m-%dT%H:%M:%SZ}"
    found = {"number": issue.number, "user": author, "title": issue.title, "body": issue.text}
    return {**found, "state": state, "updated_at": updated}


def _issues(request: Request) -> Answer:
    return request.forge.paged(request, [_issue(request, each) for each in request.forge.issues if each.open])


def _new_issue(request: Request) -> Answer:
    issue = request.forge.new_issue(request.user.name, request.body["title"], request.body["body"])
    return Answer(201, _issue(request, issue))


def _edit_issue(request: Request, number: str) -> Answer:
    issue = next(each for each in request.forge.issues if each.number == int(number))
    issue.text = request.body.get("body", issue.text)
    issue.open = request.body.get("state", "open") == "open"
    issue.updated = now()
    return Answer(200, _issue(request, issue))


def _pull(request: Request, pull: PullRequest) -> dict[str, Any]:
    return {
        "number": pull.number,
        "user": _user(request, pull.author),
        "head": {"sha": pull.head},
        "base": {"ref": pull.base},
        "state": "closed" if pull.merged else "open",
        "merged_at": f"{pull.merged:%Y-%m-%dT%H:%M:%SZ}" if pull.merged else None,
        "merge_commit_sha": pull.merge_commit or None,
    }


def _pull_request(request: Request, number: str) -> Answer:
    pull = request.forge.pull_requests.get(int(number))
    return Answer(200, _pull(request, pull)) if pull else Answer(404, {"message": "Not Found"})


def _pulls_of_commit(request: Request, commit: str) -> Answer:
    found = [each for each in request.forge.pull_requests.values() if commit in {each.head, *each.brought}]
    return request.forge.paged(request, [_pull(request, each) for each in found])


def _review(request: Request, review: Review) -> dict[str, Any]:
    at = f"{review.at:%Y-%m-%dT%H:%M:%SZ}"
    return {
        "user": _user(request, review.by),
        "state": review.state,
        "commit_id": review.commit,
        "submitted_at": at,
    }


def _reviews(request: Request, number: str) -> Answer:
    reviews = request.forge.pull_requests[int(number)].reviews
    return request.forge.paged(request, [_review(request, each) for each in reviews])


def _permission(request: Request, name: str) -> Answer:
    user = request.forge.users.get(name)
    return Answer(200, {"permission": user.permission}) if user else Answer(404, {"message": "Not Found"})


def _branch(request: Request, name: str) -> Answer:
    found = request.forge.heads.get(name)
    return Answer(200, {"object": {"sha": found}}) if found else Answer(404, {"message": "Not Found"})


def _status(request: Request, commit: str) -> Answer:
    request.forge.statuses[commit] = (request.body["state"], request.body["description"])
    return Answer(201, dict(request.body))


def _environment(request: Request, name: str) -> Answer:
    found = request.forge.protection.get(name)
    return Answer(404, {"message": "Not Found"}) if found is None else Answer(200, {"protection_rules": found})


GITHUB: Routes = {
    ("GET", "/user"): _own_user,
    ("GET", rf"{_REPOSITORY}/issues/(?P<number>\d+)/comments"): _comments,
    ("POST", rf"{_REPOSITORY}/issues/(?P<number>\d+)/comments"): _new_comment,
    ("PATCH", rf"{_REPOSITORY}/issues/comments/(?P<number>\d+)"): _edit_comment,
    ("GET", rf"{_REPOSITORY}/issues"): _issues,
    ("POST", rf"{_REPOSITORY}/issues"): _new_issue,
    ("PATCH", rf"{_REPOSITORY}/issues/(?P<number>\d+)"): _edit_issue,
    ("GET", rf"{_REPOSITORY}/pulls/(?P<number>\d+)"): _pull_request,
    ("GET", rf"{_REPOSITORY}/pulls/(?P<number>\d+)/reviews"): _reviews,
    ("GET", rf"{_REPOSITORY}/commits/(?P<commit>\w+)/pulls"): _pulls_of_commit,
    ("GET", rf"{_REPOSITORY}/git/ref/heads/(?P<name>[^?]+)"): _branch,
    ("POST", rf"{_REPOSITORY}/statuses/(?P<commit>\w+)"): _status,
    ("GET", rf"{_REPOSITORY}/environments/(?P<name>[^/]+)"): _environment,
    ("GET", rf"{_REPOSITORY}/collaborators/(?P<name>[^/]+)/permission"): _permission,
    **GITHUB_ENVIRONMENTS,
}
