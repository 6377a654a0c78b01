"""`model-serving smoke`: a deployment passes when its declared requests are answered."""

import json
import re
from typing import Any

REQUEST = "{request: {dataframe_records: [{amount: 12.5}]}"


def test_answered_requests_pass(deployed: Any) -> None:
    deployed.declare(f"        - {REQUEST}}}\n        - {REQUEST}, entity: second}}\n")
    tried = deployed.run("smoke")
    assert tried.status == 0, tried.out + tried.err
    first, second, others, summary = tried.out.splitlines()
    assert re.fullmatch(r"passed  plain  smoke\[0\]  current  \d+ ms", first)
    assert re.fullmatch(r"passed  plain  smoke\[1\]  second   \d+ ms", second)
    assert others.startswith("not called, since they declare no smoke request: ")
    assert {"fraud-scorer", "closed"} <= set(others.rpartition(": ")[2].split(", "))
    assert summary == "2 passed, 0 failed"


def test_an_unexpected_answer_fails_the_run(deployed: Any) -> None:
    deployed.declare(f"        - {REQUEST}, expect: {{predictions: [5, 6]}}}}\n")
    tried = deployed.run("smoke", "--json")
    assert tried.status == 1
    (result,) = json.loads(tried.out)
    assert result | {"milliseconds": 0, "faults": []} == {
        "endpoint": "plain",
        "request": "smoke[0]",
        "served_by": "current",
        "milliseconds": 0,
        "faults": [],
    }
    assert re.fullmatch(r"predictions\[0\]: expected 5, found 0\.\d+", result["faults"][0])
    assert result["faults"][1] == "predictions[1]: expected 6, found nothing"


def test_a_refused_request_fails_the_run(deployed: Any) -> None:
    deployed.declare("        - {request: {rows: []}}\n")
    tried = deployed.run("smoke")
    assert tried.status == 1
    assert "FAILED  plain  smoke[0]" in tried.out
    assert '"plain" refused the request (400: Invalid input.' in tried.out
    assert tried.out.endswith("0 passed, 1 failed\n")


def test_requests_can_be_in_a_file(deployed: Any) -> None:
    rows = {"inputs": [1]}
    (deployed.folder / "stacks" / "two.json").write_text(json.dumps([rows, rows]))
    deployed.declare("        - {file: two.json}\n        - {file: none.json}\n")
    tried = deployed.run("smoke")
    assert (tried.status, tried.out.count("passed  plain  two.json")) == (1, 2)
    assert "stacks/none.json can't be read: No such file or directory" in tried.out


def test_an_agent_is_asked_with_messages(deployed: Any) -> None:
    question = '{messages: [{role: user, content: "What is the limit?"}]}'
    for answer, status in (("The limit is 500 a day.", 0), ("There is no limit.", 1)):
        expected = f'{{choices: [{{message: {{content: "{answer}"}}}}]}}'
        deployed.declare(agent_smoke=f"        - {{request: {question}, expect: {expected}}}\n")
        tried = deployed.run("smoke")
        assert tried.status == status, tried.out
    assert "choices[0].message.content: expected 'There is no limit.', found 'The limit is 500 a day.'" in tried.out


def test_a_link_to_another_file_is_not_sent(deployed: Any) -> None:
    outside = deployed.folder / "credentials.json"
    outside.write_text('{"inputs": [1]}')
    (deployed.folder / "stacks" / "link.json").symlink_to(outside)
    deployed.declare("        - {file: link.json}\n")
    tried = deployed.run("smoke")
    assert tried.status == 1
    assert "stacks/link.json is outside of the folder stacks/: it is not sent" in tried.out


def test_an_unknown_caller_fails_the_run(deployed: Any) -> None:
    deployed.declare(f"        - {REQUEST}}}\n")
    tried = deployed.run("smoke", "--as", "billing")
    assert tried.status == 1
    assert 'has no service principal "billing" with an OAuth secret' in tried.out


def test_a_stack_without_smoke_requests_passes(deployed: Any) -> None:
    tried = deployed.run("smoke")
    assert tried.status == 0
    assert tried.out == "No endpoint of this stack declares a smoke request: write some under its `smoke`\n"


def test_endpoint_that_is_declared_stopped_is_not_called(deployed: Any) -> None:
    deployed.declare(f"        - {REQUEST}}}\n      stopped: true\n")
    tried = deployed.run("smoke")
    assert (tried.status, tried.out) == (0, "not called, since the stack file declares them stopped: plain\n")
