"""`--extra-ca-certs`: authorities that are trusted beside the system's (experience F2, security I1)."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from readmit import app, certificates
from readmit.domain.errors import OperatorError
from readmit.settings import effective, load


def authority(folder: Path) -> Path:
    made = certificates.ensure(folder, (), datetime.now(UTC), lambda path, body: path.write_bytes(body) and None)
    return made.ca


def test_the_file_is_read_from_option_environment_and_configuration(tmp_path: Path) -> None:
    ca = authority(tmp_path)
    config = tmp_path / "readmit.toml"
    config.write_text(f'extra_ca_certs = "{ca}"\n')
    for settings in (
        load({"extra_ca_certs": ca}, {}),
        load({}, {"READMIT_EXTRA_CA_CERTS": str(ca)}),
        load({}, {}, config),
    ):
        assert settings.extra_ca_certs == ca
        assert effective(settings)["extra_ca_certs"] == str(ca)
    assert load({}, {}).extra_ca_certs is None


def test_what_asks_providers_and_receivers_trusts_it(tmp_path: Path) -> None:
    settings = load({"extra_ca_certs": authority(tmp_path), "data": tmp_path / "data"}, {})
    with app.opened(settings) as world:
        for fetcher in (world.relying_party._fetcher, world.webhooks._fetcher):
            assert fetcher._trust().cert_store_stats()["x509_ca"] > 1


@pytest.mark.parametrize(("content", "says"), [(None, "No such file"), (b"nothing", "no certificate in PEM form")])
def test_a_file_without_authorities_is_refused_at_the_start(tmp_path: Path, content: bytes | None, says: str) -> None:
    path = tmp_path / "ca.pem"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(OperatorError, match=says) as error:
        load({"extra_ca_certs": path}, {})
    assert error.value.exit_code == 2
