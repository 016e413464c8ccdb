"""Where a guest may be sent (lifecycle L42 to L44, security H7, T20)."""

from __future__ import annotations

import pytest

from readmit.domain.redirect import InvalidRedirect, parse


@pytest.mark.parametrize(
    ("raw", "url", "host"),
    [
        ("https://myapp.com", "https://myapp.com/", "myapp.com"),
        ("http://MyApp.com:8080/a?b=c#d", "http://myapp.com:8080/a?b=c#d", "myapp.com"),
        ("https://bücher.example/x", "https://xn--bcher-kva.example/x", "xn--bcher-kva.example"),
        ("http://[::1]:9000/x", "http://[::1]:9000/x", "::1"),
        ("https://myapps.microsoft.com?tenantId=", "https://myapps.microsoft.com/?tenantId=", "myapps.microsoft.com"),
    ],
)
def test_L42_urls_are_normalised(raw: str, url: str, host: str) -> None:
    to = parse(raw)
    assert (to.url, to.host) == (url, host)


@pytest.mark.parametrize(
    "raw",
    [
        *("", "//evil.example", "https:evil.example", "https:/evil.example", "javascript:alert(1)", "ftp://x.example"),
        *("https://a@evil.example", "https://a:b@evil.example/", "https://evil.example\\@good.example", "/relative"),
        *("https://evil\t.example", "https://evil.example/\n", " https://x.example", "https://x.example:99999/"),
        *("https://", "https://[::1", "https://x y.example", "https://x..example/", "data:text/html,x", "https://%00/"),
        *("https://xn--\u00ff.example/", f"https://x.example/{'a' * 2048}", "\u0000https://x.example"),
    ],
)
def test_T20_what_could_lead_elsewhere_is_refused(raw: str) -> None:
    with pytest.raises(InvalidRedirect):
        parse(raw)


@pytest.mark.parametrize(
    ("raw", "hint"),
    [
        ("https://myapps.microsoft.com", None),
        ("https://myapps.microsoft.com?tenantId=", None),
        ("https://myapps.microsoft.com?TENANTID=contoso.com", "contoso.com"),
        ("http://myapplications.microsoft.com/?x=1&tenantId=abc", "abc"),
    ],
)
def test_L43_my_apps_hosts_and_their_tenant(raw: str, hint: str | None) -> None:
    to = parse(raw)
    assert to.my_apps
    assert to.tenant_hint == hint


def test_loopback_and_the_unicode_form() -> None:
    assert parse("http://localhost:9000/x").loopback
    assert not parse("https://localhost.example/").loopback
    assert parse("https://xn--bcher-kva.example/").host_unicode == "bücher.example"
    assert parse("https://a_b.example/").host_unicode == "a_b.example"
