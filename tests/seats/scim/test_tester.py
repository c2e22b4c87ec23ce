"""scim2-tester, the protocol's own test suite, over our door."""

import pytest
from django.core.wsgi import get_wsgi_application
from scim2_client.engines.wsgi import WSGISCIMClient
from scim2_tester import Status, check_server

from tests.directory import Directory

pytestmark = pytest.mark.django_db(transaction=True)


def test_every_check_passes(okta: Directory) -> None:
    client = WSGISCIMClient(
        get_wsgi_application(), base_url="http://testserver/scim/v2", headers={"Authorization": f"Bearer {okta.secret}"}
    )

    results = check_server(client)

    failed = [
        f"{result.title} {result.resource_type}: {result.reason}"
        for result in results
        if result.status is not Status.SUCCESS
    ]
    assert failed == []
    # Fewer would mean that something is no longer published, and so no longer checked.
    assert len(results) == 89
