"""Fault injection: rules that make selected requests fail, for tests of clients.

`POST /_workspace/faults` takes a rule as a JSON object:

    pattern        the requests: "METHOD /path", where `*` matches any text, including slashes
    status         the status of the response, default 500
    error_code     default INTERNAL_ERROR
    message        default "Injected fault"
    times          the number of requests to fail, default 1; -1: until the rule is deleted
    skip           the number of matching requests to pass first, default 0
    body           a plain-text body, as from a proxy, instead of JSON with error_code and message
    retry_after    seconds, in a Retry-After header, as for 429 and 503; default none
    reset          true: reset the connection instead of responding (status 0 in the journal), default false
    after_handler  true: the request takes effect and only its response is lost, default false
    delay_seconds  the delay before the request takes effect, default 0; with after_handler, before the response; a
                   rule with a delay and no status, body or reset only delays
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
    """A rule for failing requests; `status` is None if it only delays them."""

    id: str
    pattern: str
    status: int | None
    error_code: str = "INTERNAL_ERROR"
    message: str = "Injected fault"
    body: str | None = None
    retry_after: int | None = None
    reset: bool = False
    times: int = 1
    skip: int = 0
    after_handler: bool = False
    delay_seconds: float = 0.0

    def payload(self) -> Json | str:
        """The body of the response: plain text, or an API error as JSON."""
        return error_body(self.error_code, self.message) if self.body is None else self.body


@accepts(requests.AddFault)
def add(call: Call) -> Json:
    require_admin(call.access, "inject faults")
    allowed = requests.AddFault.model_fields.keys()
    members = {name: value for name, value in call.body.items() if name in allowed and value is not None}
    if " /" not in str(members.get("pattern", "")):
        raise InvalidParameter('pattern must be "METHOD /path", where * matches any text')
    if "status" not in members:
        only_delays = members.get("delay_seconds") and not (members.get("reset") or "body" in members)
        members["status"] = None if only_delays else 500
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


def match_fault(store: Store, method: str, path: str) -> Fault | None:
    """Counts the request against the rules, and returns the first that applies to it, or None."""
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
