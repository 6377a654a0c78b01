"""Why an `up` failed, as people read it in a pull request and in `status`."""

from model_serving.delivery.rollout.failure_reason import failure_reason

ENDPOINT = (
    "urn:pulumi:prod::model-serving::model-serving:index:ServingEndpoint$databricks:index/modelServing:ModelServing"
)
UNSEEN = f"expected resource operations for {ENDPOINT}::fraud but none were seen"
LOGGED = "sdk-v2/provider2.go:571: sdk.helper_schema: cannot update model serving: Busy: provider=databricks@1.104.0"
LISTED = (
    f"1 error occurred:\n\t* updating {ENDPOINT}::fraud: 1 error occurred:\n\t* cannot update model serving: Busy\n\n"
)


def test_a_reason_is_said_once() -> None:
    assert failure_reason([LISTED, UNSEEN, LOGGED]) == "cannot update model serving: Busy"


def test_different_reasons_all_stay() -> None:
    hook = "challenger: DEPLOYMENT_FAILED\n  The build log ends with: no space left"
    expected = (
        "challenger: DEPLOYMENT_FAILED; The build log ends with: no space left; cannot update model serving: Busy"
    )
    assert failure_reason([hook, LOGGED]) == expected


def test_an_unknown_reason_stays_whole() -> None:
    assert failure_reason([UNSEEN]) == UNSEEN
    assert failure_reason([]) == ""
