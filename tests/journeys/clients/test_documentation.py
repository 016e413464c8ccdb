"""docs/clients.md: each snippet of the page is run as it stands there, against a server."""

from __future__ import annotations

import json
import os
import re
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import foreign
import httpx2
import pytest
import street
from house_of_guests import House
from town import Town, readmit

PAGE: Final = (foreign.ROOT / "docs" / "clients.md").read_text(encoding="utf-8")
_BLOCK: Final = re.compile(
    r"(?:<!-- journey: (?P<name>\S+) -->\n)?^```(?P<language>\w+)\n(?P<text>.*?)^```$", re.M | re.S
)
SNIPPETS: Final = {block["name"]: (block["language"], block["text"]) for block in _BLOCK.finditer(PAGE)}
RESETS: Final = ("msgraph-sdk", "msal", "graph-client", "msal-node", "curl")
PARTIES: Final = {"authlib": 9100, "openid-client": 9101}


def _command(name: str, folder: Path) -> list[str | Path]:
    """The snippet as a file of this folder, and the program that runs it; Node finds its modules beside the file."""
    language, text = SNIPPETS[name]
    program, suffix = {"python": ("python", "py"), "js": ("node", "mjs"), "sh": ("bash", "sh")}[language]
    (folder / f"snippet.{suffix}").write_text(text, encoding="utf-8")
    (folder / "node_modules").symlink_to(foreign.MODULES)
    return [program if language == "sh" else foreign.BIN / program, folder / f"snippet.{suffix}"]


def _output(command: list[str | Path], environ: dict[str, str]) -> str:
    done = subprocess.run(command, check=False, env=environ, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_every_snippet_of_the_page_is_run() -> None:
    assert set(SNIPPETS) == {"before", "issuer", "proxy", "cli-microsoft365", "provider", *RESETS, *PARTIES}


def test_the_lines_before_lead_every_client_to_the_ca(house: House) -> None:
    ca = str(house.data / "ca.pem")
    here = {"PATH": f"{foreign.ROOT}/.venv/bin:/usr/bin:/bin", "PYTHONPATH": f"{foreign.ROOT}/src"}
    environ = {**here, "READMIT_DATA": str(house.data), "AUTOMATION_SECRET": street.SECRET}
    said = _output(["bash", "-euc", f"{SNIPPETS['before'][1]}\nenv"], environ)
    told = dict(line.partition("=")[::2] for line in said.splitlines())
    names = ("CURL_CA_BUNDLE", "SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "NODE_EXTRA_CA_CERTS")
    assert [told[name] for name in names] == [ca] * 4
    assert told["CLIENT_SECRET"] == street.SECRET


@pytest.mark.parametrize("name", RESETS)
def test_a_snippet_resets_a_guest(house: House, environ: dict[str, str], tmp_path: Path, name: str) -> None:
    local = house.someone()
    guest = house.guest(f"{local}@fabrikam.com")
    said = _output(_command(name, tmp_path), environ | {"OLD": guest["mail"], "NEW": f"{local}@post.example"})
    whole = f"{guest['id']} {guest['userPrincipalName']} PendingAcceptance"
    assert said == ("PendingAcceptance" if name == "curl" else whole)
    now = house.graph.user(guest["id"])
    assert (now["externalUserState"], now["mail"]) == ("PendingAcceptance", f"{local}@post.example")


def test_the_cli_of_microsoft_365_resets_a_guest_through_the_proxy(
    house: House, environ: dict[str, str], tmp_path: Path
) -> None:
    local = house.someone()
    guest = house.guest(f"{local}@fabrikam.com")
    listening = "until (exec 3<>/dev/tcp/127.0.0.1/3128) 2>&-; do kill -0 %1; done"
    script = "\n".join((SNIPPETS["proxy"][1], "trap 'kill %1' EXIT", listening, SNIPPETS["cli-microsoft365"][1]))
    readmit = {
        "PATH": f"{foreign.ROOT}/.venv/bin:{environ['PATH']}:{foreign.MODULES}/.bin",
        "READMIT_DATA": str(house.data),
    }
    addresses = {"OLD": guest["mail"], "NEW": f"{local}@post.example"}
    home = {"HOME": str(tmp_path), "PYTHONPATH": f"{foreign.ROOT}/src"}
    said = _output(["bash", "-euc", script], environ | readmit | addresses | home)
    assert said.startswith('"PendingAcceptance"')
    assert json.loads(said.partition("\n")[2])[0].keys() == {"id", "mail", "externalUserState"}
    assert house.graph.user(guest["id"])["externalUserState"] == "PendingAcceptance"


@pytest.mark.parametrize("name", PARTIES)
def test_a_snippet_signs_a_guest_in(house: House, environ: dict[str, str], tmp_path: Path, name: str) -> None:
    """Discovery, Basic authentication, PKCE, nonce, state, keys, userinfo with the same `sub`."""
    issuer = _output(["bash", "-euc", f"{SNIPPETS['issuer'][1]}\necho $ISSUER"], environ)
    assert urlsplit(issuer).netloc == urlsplit(house.base).netloc
    address = f"{house.someone()}@fabrikam.com"
    party = f"http://localhost:{PARTIES[name]}"
    told = {"ISSUER": issuer, "APP_ID": street.PORTAL, "APP_SECRET": street.SECRET}
    with _listening(_command(name, tmp_path), environ | told, party), httpx2.Client() as browser:
        start = browser.get(f"{party}/login")
        walker = house.browser()
        walker.open(start.headers["location"])
        arrived = house.prove(walker, address).url
        assert arrived.startswith(f"{party}/callback?code=")
        person = json.loads(browser.get(arrived).text)
        assert person["name"] == address
        assert len(set(person["sub"])) == 1
        altered = re.sub("state=[^&]*", "state=another", arrived)
        assert _refused(browser, altered), "the party refuses what it did not ask for"


def test_the_snippet_registers_a_provider_whose_authority_the_server_was_told(town: Town, tmp_path: Path) -> None:
    """Litware speaks OpenID Connect as well, under an issuer that nobody has registered yet."""
    (tmp_path / "wingtip.secret").write_text("a-secret-of-litware")
    script = SNIPPETS["provider"][1].replace("wingtip.example", "documented.example")
    here = {"PATH": f"{foreign.ROOT}/.venv/bin:/usr/bin:/bin", "PYTHONPATH": f"{foreign.ROOT}/src"}
    told = {"READMIT_DATA": str(town.house.data), "PROVIDER": town.litware.issuer, "PROVIDER_CLIENT": "readmit"}
    said = _output(["bash", "-euc", f"cd {tmp_path}; {script.replace('Wingtip', 'Documented')}"], here | told)
    found = next(one for one in readmit(town.house, "idp", "list") if one["displayName"] == "Documented")
    assert found["redirectUri"] in said


@contextmanager
def _listening(command: list[str | Path], environ: dict[str, str], base: str) -> Iterator[None]:
    """A relying party in a process of its own, until the block ends."""
    process = foreign.start(command, environ, Path(os.devnull))
    try:
        for _ in range(600):
            assert process.poll() is None, "the relying party ended"
            try:
                httpx2.get(f"{base}/login")
                break
            except httpx2.HTTPError:
                time.sleep(0.05)
        yield
    finally:
        foreign.stop(process)


def _refused(browser: Any, url: str) -> bool:
    try:
        return bool(browser.get(url).status_code >= 400)
    except httpx2.HTTPError:
        return True
