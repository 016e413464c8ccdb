"""Health checks say what the server can do now (reliability HS1, HS2)."""

from __future__ import annotations

import pytest
from front import Site, site

from readmit.web import health

__all__ = ["site"]


def test_HS2_ready_names_its_checks(site: Site) -> None:
    answer = site.ask("GET", "/health/ready")
    assert answer.status_code == 200
    checks = [{"name": name, "status": "UP"} for name in ("database", "signingKey", "diskSpace")]
    assert answer.json() == {"status": "UP", "checks": checks}


def test_HS2_without_space_to_write_the_server_lives_and_is_not_ready(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(health, "NEEDED_BYTES", 10**30)
    answer = site.ask("GET", "/health/ready")
    assert answer.status_code == 503
    assert answer.json()["status"] == "DOWN"
    assert answer.json()["checks"][2] == {"name": "diskSpace", "status": "DOWN"}
    assert site.ask("GET", "/health/live").status_code == 200
