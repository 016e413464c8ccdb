"""Bodies before any rule sees them (graph G12, G13, M1 to M7)."""

from __future__ import annotations

import gzip
from typing import Any

import pytest

from readmit.domain.errors import InvalidValue, Malformed, MissingValue, UnknownProperty, WrongMediaType, WrongType
from readmit.web.call import Call
from readmit.web.graph.body import Properties, object_of, optional_object_of
from readmit.web.graph.references import reference, reference_ids

ID = "33ad69f9-da99-4bed-acd0-3f24235cb296"


def call(body: bytes, **headers: str) -> Call:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Call("POST", "/v1.0/users", "", named, body, "https://localhost:8443", "127.0.0.1", "r")


@pytest.mark.parametrize(
    "media_type",
    [
        "",
        "application/json",
        "application/json; charset=utf-8",
        "application/scim+json",
        "application/x-www-form-urlencoded",
    ],
)
def test_g12_a_json_object_passes_under_these_types(media_type: str) -> None:
    assert object_of(call(b'\xef\xbb\xbf{"a":1}', content_type=media_type)) == {"a": 1}


@pytest.mark.parametrize("media_type", ["text/plain", "multipart/form-data", "application/xml"])
def test_m2_other_types_are_refused(media_type: str) -> None:
    with pytest.raises(WrongMediaType):
        object_of(call(b'{"a":1}', content_type=media_type))


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"null",
        b"[]",
        b'"x"',
        b"{",
        b'{"a":NaN}',
        b'{"a":1}x',
        b'{"a":1,"a":2}',
        b'{"mail":1,"Mail":2}',
        b'{"a":{"b":1,"B":2}}',
        b'{"a":"\xff"}',
        b'{"a":"\\ud800"}',
        b'{"\\udfff":1}',
        b'{"a":"\x01"}',
        b'{"a":' + b"9" * 5000 + b"}",
        b'{"a":' + b"[" * 33 + b"]" * 33 + b"}",
        b'{"a":' * 5000 + b"1" + b"}" * 5000,
        b"a=b&c=d",
    ],
)
def test_m1_what_is_no_clean_json_object_is_refused(body: bytes) -> None:
    with pytest.raises(Malformed):
        object_of(call(body))


def test_annotations_are_ignored_but_references_and_binds() -> None:
    body = b'{"@odata.type":"x","a@odata.type":"y","@odata.id":"z","b@odata.bind":[],"c":{"@odata.etag":"q","d":1}}'
    assert object_of(call(body)) == {"@odata.id": "z", "b@odata.bind": [], "c": {"d": 1}}


def test_gzip_is_unpacked_within_the_limit() -> None:
    assert object_of(call(gzip.compress(b'{"a":1}'), content_encoding="gzip")) == {"a": 1}
    bomb = gzip.compress(b'{"a":"' + b"x" * (1024 * 1024) + b'"}')
    for body, encoding in ((bomb, "gzip"), (b"{}", "gzip"), (b"{}", "br"), (gzip.compress(b"{}")[:-1], "gzip")):
        with pytest.raises(Malformed):
            object_of(call(body, content_encoding=encoding))


def test_no_body_at_all_is_an_empty_object_where_that_is_allowed() -> None:
    assert optional_object_of(call(b"")) == {}


def test_g12_properties_have_their_canonical_names_in_any_case() -> None:
    body = Properties({"DISPLAYNAME": "x", "accountenabled": True}, ("displayName", "accountEnabled", "mail"))
    assert list(body) == ["displayName", "accountEnabled"]
    assert (body.text("displayName"), body.flag("accountEnabled"), body.text("mail")) == ("x", True, None)


@pytest.mark.parametrize(
    ("members", "read", "error", "name"),
    [
        ({"b": 1}, lambda body: None, UnknownProperty, "b"),
        ({"a": 1}, lambda body: body.text("a"), WrongType, "a"),
        ({"a": None}, lambda body: body.text("a", nullable=False), WrongType, "a"),
        ({"a": "x\n"}, lambda body: body.text("a"), InvalidValue, "a"),
        ({"a": "x\x00"}, lambda body: body.text("a", multiline=True), InvalidValue, "a"),
        ({"a": "xyz"}, lambda body: body.text("a", limit=2), InvalidValue, "a"),
        ({"a": ""}, lambda body: body.needed_text("a"), MissingValue, "a"),
        ({}, lambda body: body.needed_text("a"), MissingValue, "a"),
        ({"a": 0}, lambda body: body.flag("a"), WrongType, "a"),
        ({"a": "x"}, lambda body: body.texts("a"), WrongType, "a"),
        ({"a": [1]}, lambda body: body.texts("a"), WrongType, "a"),
        ({"a": {"c": 1}}, lambda body: body.inner("a", ("c",)).text("c"), WrongType, "a.c"),
        ({"a": {"d": 1}}, lambda body: body.inner("a", ("c",)), UnknownProperty, "a.d"),
        ({"a": [{"c": 1}, 2]}, lambda body: body.each("a", ("c",)), WrongType, "a"),
    ],
)
def test_every_refusal_names_the_property(members: dict[str, Any], read: Any, error: type, name: str) -> None:
    with pytest.raises(error) as refused:
        read(Properties(members, ("a",)))
    assert refused.value.name == name


@pytest.mark.parametrize(
    "text",
    [
        f"https://graph.microsoft.com/v1.0/directoryObjects/{ID}",
        f"https://localhost:8443/beta/users/{ID.upper()}",
        f"https://graph.microsoft.com/v2/contoso.com/directoryObjects/{ID}/Microsoft.DirectoryServices.User",
        f"/groups/{ID}",
        f"users('{ID}')",
        f"https://x.example/v1.0/servicePrincipals/{ID}/",
    ],
)
def test_g12_only_kind_and_id_of_a_reference_count(text: str) -> None:
    assert reference(text) == ID


@pytest.mark.parametrize("text", ["", ID, f"devices/{ID}", "users/ada@contoso.com", f"https://x/users/{ID}?a=b"])
def test_other_references_are_refused(text: str) -> None:
    with pytest.raises(InvalidValue):
        reference(text)


def test_G12_references_come_as_a_bind_as_odata_ids_or_as_objects_with_an_id() -> None:
    """`New-MgInvitation -InvitedUserSponsors @{Id = …}` and the SDKs' models send the last."""
    forms = [f"/users/{ID}", {"@odata.id": f"/users/{ID}"}, {"Id": ID.upper(), "displayName": "x"}]
    assert reference_ids("invitedUserSponsors", forms) == (ID,)
    for wrong in ({}, {"id": 7}, 7, {"@odata.id": None, "id": ID}):
        with pytest.raises(WrongType):
            reference_ids("invitedUserSponsors", [wrong])
    with pytest.raises(InvalidValue):
        reference_ids("invitedUserSponsors", [{"id": "nobody"}])
