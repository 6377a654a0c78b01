"""Components on Pulumi's mocks."""

import pytest

from tests.support.pulumi_mocks import Recorded, use_mocks


@pytest.fixture
def recorded() -> Recorded:
    mocks = Recorded()
    use_mocks(mocks)
    return mocks
