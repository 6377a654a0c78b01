"""Faults on purpose: rules that make chosen requests fail, for tests of those who call the workspace.

A rule is posted to `/_workspace/faults` as a JSON object:

    pattern        which requests: "METHOD /path", where `*` stands for anything, slashes too
    status         the status to answer with, default 500
    error_code     default INTERNAL_ERROR
    message        default "Injected fault"
    times          how many requests it hits before it is spent, default 1; -1: until it is deleted
    skip           how many matching requests pass before the first hit, default 0
    body           a plain-text body instead of the JSON one that error_code and message make, as a proxy answers
    reset          true: the connection is reset instead of answered (status 0 in the journal), default false
    after_handler  true: the request takes effect and only its answer is lost, default false
    delay_seconds  how long the request is held back, default 0; with after_handler it takes effect at once and its
                   answer is held back; a rule with a delay and no status, body or reset only delays
"""

import uuid
from dataclasses import asdict, dataclass
from fnmatch import fnmatchcase

from model_serving.workspace.admin import requests
from model_serving.workspace.http.auth import require_admin
from model_serving.workspace.http.call import Call
from model_serving.workspace.http.errors import InvalidParameter, error_body
from model_serving.workspace.http.request_model import accepts
from model_serving.workspace.store.database import Json, Store


@dataclass(frozen=True)
class Fault:
    """What is to happen to one request; `status` is None for one that is only late."""

    id: str
    pattern: str
    status: int | None
    error_code: str = "INTERNAL_ERROR"
    message: str = "Injected fault"
    body: str | None = None
    reset: bool = False
    times: int = 1
    skip: int = 0
    after_handler: bool = False
    delay_seconds: float = 0.0

    def payload(self) -> Json | str:
        """The body of the answer: plain text, or the API's error as JSON."""
        return error_body(self.error_code, self.message) if self.body is None else self.body


@accepts(requests.AddFault)
def add(call: Call) -> Json:
    require_admin(call.access, "inject faults")
    allowed = requests.AddFault.model_fields.keys()
    members = {name: value for name, value in call.body.items() if name in allowed and value is not None}
    if " /" not in str(members.get("pattern", "")):
        raise InvalidParameter('pattern must read "METHOD /path", with * for anything')
    if "status" not in members:
        only_late = members.get("delay_seconds") and not (members.get("reset") or "body" in members)
        members["status"] = None if only_late else 500
    rule = asdict(Fault(id=uuid.uuid4().hex, **members))
    return call.store.put("fault", rule["id"], rule)


def list_all(call: Call) -> Json:
    require_admin(call.access, "read faults")
    return {"faults": call.store.all("fault")}


def clear(call: Call) -> Json:
    require_admin(call.access, "delete faults")
    for rule in call.store.all("fault"):
        call.store.delete("fault", rule["id"])
    return {}


def struck(store: Store, method: str, path: str) -> Fault | None:
    """The first rule that hits this request, counted; None for a request that may pass."""
    for record in store.all("fault"):
        rule = Fault(**record)
        if not fnmatchcase(f"{method} {path}", rule.pattern):
            continue
        if rule.skip > 0:
            store.put("fault", rule.id, record | {"skip": rule.skip - 1})
            continue
        if rule.times == 1:
            store.delete("fault", rule.id)
        elif rule.times > 1:
            store.put("fault", rule.id, record | {"times": rule.times - 1})
        return rule
    return None
