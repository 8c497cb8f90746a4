"""People who take files away."""

import pytest

from accounts.models import Organization, Role, User
from tests.accounts.factories import make_member


@pytest.fixture
def analyst(organization: Organization) -> User:
    """May export what it sees, and make evidence packs."""
    return make_member(organization, Role.ANALYST, email="analyst@example.org")


@pytest.fixture
def auditor(organization: Organization) -> User:
    """May export the audit trail, and nothing else."""
    return make_member(organization, Role.AUDITOR, email="auditor@example.org")
