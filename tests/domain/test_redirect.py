"""Where a guest may be sent (lifecycle L42 to L44, security H7, T20)."""

from __future__ import annotations

import pytest

from readmit.domain.redirect import InvalidRedirect, matches, parse, usable


@pytest.mark.parametrize(
    ("raw", "url", "host"),
    [
        ("https://myapp.com", "https://myapp.com/", "myapp.com"),
        ("http://MyApp.com:8080/a?b=c#d", "http://myapp.com:8080/a?b=c#d", "myapp.com"),
        ("https://bücher.example/x", "https://xn--bcher-kva.example/x", "xn--bcher-kva.example"),
        ("https://myapp.com/ä/中?q=é#ü", "https://myapp.com/%C3%A4/%E4%B8%AD?q=%C3%A9#%C3%BC", "myapp.com"),
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


@pytest.mark.parametrize(
    ("given", "fits"),
    [
        ("http://localhost:9000/x", True),
        ("http://localhost:9001/x", True),
        ("http://localhost/x", True),
        ("http://localhost:70000/x", False),
        ("http://localhost:x/x", False),
        ("http://localhost:9000/y", False),
        ("http://127.0.0.1:9000/x", False),
        ("https://localhost:9000/x", False),
    ],
)
def test_on_loopback_the_port_alone_is_free(given: str, fits: bool) -> None:
    """RFC 8252 7.3."""
    assert matches("http://localhost:9000/x", given) is fits


def test_loopback_and_the_unicode_form() -> None:
    assert parse("http://localhost:9000/x").loopback
    assert not parse("https://localhost.example/").loopback
    assert parse("https://xn--bcher-kva.example/").host_unicode == "bücher.example"
    assert parse("https://a_b.example/").host_unicode == "a_b.example"


@pytest.mark.parametrize(
    "uri",
    [
        *(
            "https://app.example/cb",
            "https://app.example",
            "https://app.example:8443/cb?a=b;c=(d)",
            "http://[::1]:9000/x",
        ),
        *("http://localhost/callback", "https://xn--bcher-kva.example/", "https://a_b.example/%C3%A4"),
        *(
            "com.example.app:/callback",
            "com.example.app://auth/cb",
            "msauth.com.example://auth",
            "urn:ietf:wg:oauth:2.0:oob",
        ),
    ],
)
def test_security_O1_what_an_application_may_register(uri: str) -> None:
    assert usable(uri)


@pytest.mark.parametrize(
    "uri",
    [
        *(
            "",
            "/cb",
            "//app.example/cb",
            "https:app.example",
            "https:/app.example",
            "https://",
            "https://app.example/#x",
        ),
        *(
            "https://app.example/\r\nset-cookie: a=b",
            "https://app.exa\tmple/",
            "https://app.example/a b",
            "\x01http://localhost/",
        ),
        *("https://app.example/ä", "https://bücher.example/", "https://a:b@app.example/", "https://a@app.example/"),
        *("https://app.example\\@evil.example/", "https://app.example:port/", "https://[::1", 'https://app.example/"'),
        *("https://e;script-src 'unsafe-inline'/cb", "https://e;script-src/", "https://e,f/", "https://*/cb"),
        *(
            "javascript:alert(1)",
            "JavaScript:alert(1)",
            "data:text/html,x",
            "vbscript:x",
            "blob:https://a/b",
            "file:///etc/x",
        ),
        *("app://a;script-src/", f"https://app.example/{'a' * 2048}"),
    ],
)
def test_T21_what_could_become_another_header_policy_or_script_is_no_redirect_uri(uri: str) -> None:
    assert not usable(uri)
