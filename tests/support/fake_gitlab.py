"""The routes of GitLab's REST API that the project uses, for tests/support/fake_forge.py."""

from typing import Any, Final

from tests.support.fake_environments import GITLAB_VARIABLES
from tests.support.fake_forge import Answer, Comment, Issue, PullRequest, Request, Routes, now

_PROJECT: Final = r"/api/v4/projects/42"
_MERGE_REQUEST: Final = rf"{_PROJECT}/merge_requests/(?P<number>\d+)"
_FORBIDDEN: Final = Answer(403, {"message": "403 Forbidden"})


def _own_user(request: Request) -> Answer:
    return Answer(200, {"username": request.user.name})


def _note(comment: Comment) -> dict[str, Any]:
    return {
        "id": comment.number,
        "author": {"username": comment.author},
        "body": comment.text,
        "system": comment.system,
        "created_at": comment.created.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "updated_at": comment.updated.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
    }


def _notes(request: Request, number: str) -> Answer:
    pull = request.forge.pull_requests[int(number)]
    approved = [
        Comment(0, each.by, "approved this merge request", each.at, each.at, system=True)
        for each in pull.reviews
        if each.state == "APPROVED"
    ]
    return request.forge.paged(request, [_note(each) for each in [*pull.comments, *approved]])


def _new_note(request: Request, number: str) -> Answer:
    return Answer(201, _note(request.forge.comment(int(number), request.user.name, request.body["body"])))


def _edit_note(request: Request, number: str, note: str) -> Answer:
    comments = request.forge.pull_requests[int(number)].comments
    comment = next(each for each in comments if each.number == int(note))
    if request.user.name != comment.author and request.user.permission != "admin":
        return _FORBIDDEN
    comment.text, comment.updated = request.body["body"], now()
    return Answer(200, _note(comment))


def _issue(issue: Issue) -> dict[str, Any]:
    state = "opened" if issue.open else "closed"
    found = {"iid": issue.number, "title": issue.title, "description": issue.text, "state": state}
    return {**found, "author": {"username": issue.author}, "updated_at": issue.updated.isoformat()}


def _issues(request: Request) -> Answer:
    return request.forge.paged(request, [_issue(each) for each in request.forge.issues if each.open])


def _new_issue(request: Request) -> Answer:
    issue = request.forge.new_issue(request.user.name, request.body["title"], request.body["description"])
    return Answer(201, _issue(issue))


def _edit_issue(request: Request, number: str) -> Answer:
    issue = next(each for each in request.forge.issues if each.number == int(number))
    issue.text = request.body.get("description", issue.text)
    issue.open = request.body.get("state_event") != "close"
    issue.updated = now()
    return Answer(200, _issue(issue))


def _merge_request(pull: PullRequest) -> dict[str, Any]:
    return {
        "iid": pull.number,
        "author": {"username": pull.author},
        "sha": pull.head,
        "target_branch": pull.base,
        "state": "merged" if pull.merged else "opened",
        "merged_at": pull.merged.isoformat() if pull.merged else None,
        "merge_commit_sha": pull.merge_commit or None,
        "squash_commit_sha": None,
    }


def _one_merge_request(request: Request, number: str) -> Answer:
    pull = request.forge.pull_requests.get(int(number))
    return Answer(200, _merge_request(pull)) if pull else Answer(404, {"message": "404 Not found"})


def _merge_requests_of_commit(request: Request, commit: str) -> Answer:
    found = [each for each in request.forge.pull_requests.values() if commit in {each.head, *each.brought}]
    return request.forge.paged(request, [_merge_request(each) for each in found])


def _approvals(request: Request, number: str) -> Answer:
    """A withdrawn approval is not listed."""
    last = {each.by: each for each in request.forge.pull_requests[int(number)].reviews}
    listed = [
        {"user": {"username": each.by}}
        | ({"approved_at": each.at.isoformat()} if request.forge.with_approval_times else {})
        for each in last.values()
        if each.state == "APPROVED"
    ]
    return Answer(200, {"approved": True, "approved_by": listed})


GITLAB: Routes = {
    ("GET", "/api/v4/user"): _own_user,
    ("GET", rf"{_MERGE_REQUEST}/notes"): _notes,
    ("POST", rf"{_MERGE_REQUEST}/notes"): _new_note,
    ("PUT", rf"{_MERGE_REQUEST}/notes/(?P<note>\d+)"): _edit_note,
    ("GET", rf"{_PROJECT}/issues"): _issues,
    ("POST", rf"{_PROJECT}/issues"): _new_issue,
    ("PUT", rf"{_PROJECT}/issues/(?P<number>\d+)"): _edit_issue,
    ("GET", _MERGE_REQUEST): _one_merge_request,
    ("GET", rf"{_MERGE_REQUEST}/approvals"): _approvals,
    ("GET", rf"{_PROJECT}/repository/commits/(?P<commit>\w+)/merge_requests"): _merge_requests_of_commit,
    **GITLAB_VARIABLES,
}
