"""The pages from outside: links burn nothing, forms are ours, steps have their order (security sections 2, 4)."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from house_of_guests import House

from readmit.cli.walker import Walker


def invite(house: House, address: str, **more: Any) -> dict[str, Any]:
    body = {"invitedUserEmailAddress": address, "inviteRedirectUrl": "https://myapps.microsoft.com", **more}
    return house.graph.invite(body)


def fresh(house: House) -> str:
    return f"new-{next(house.strangers)}@post.example"


def test_T14_opening_a_link_fifty_times_writes_nothing_and_the_guest_still_redeems(house: House) -> None:
    address = fresh(house)
    link = invite(house, address)["inviteRedeemUrl"]
    before = house.contents()
    for _ in range(25):
        house.browser().open(link)
        assert house.http.head(link).status_code == 303
    assert house.contents() == before
    assert house.redeem(house.browser(), link, address).url.endswith("/myapps")


@pytest.mark.parametrize("change", ["first", "middle", "last", "empty", "long"])
def test_T3_a_forged_link_is_the_same_404_whatever_was_changed(house: House, change: str) -> None:
    link = invite(house, fresh(house))["inviteRedeemUrl"]
    ticket = re.search(r"ticket%3D([A-Za-z0-9_-]+)", link)[1]  # type: ignore[index]
    flip = {"A": "B"}
    forged = {
        "first": flip.get(ticket[0], "A") + ticket[1:],
        "middle": ticket[:20] + flip.get(ticket[20], "A") + ticket[21:],
        "last": ticket[:-1] + flip.get(ticket[-1], "A"),
        "empty": "",
        "long": "A" * 5000,
    }[change]
    page = house.browser().open(link.replace(ticket, forged))
    assert page.status == 404
    assert "not valid" in page.text


def test_T24_a_form_without_its_token_or_from_another_origin_is_403_and_changes_nothing(house: House) -> None:
    walker = house.browser()
    walker.open(invite(house, fresh(house))["inviteRedeemUrl"])
    before = house.contents()
    assert walker.page.form is not None
    url = walker.page.url
    client = walker._client
    assert client.post(url, data={}).status_code == 403
    data = {"csrf": walker.page.form.fields["csrf"]}
    assert client.post(url, data=data, headers={"origin": "https://evil.example"}).status_code == 403
    assert client.post(url, data=data, headers={"sec-fetch-site": "cross-site"}).status_code == 403
    assert house.contents() == before


def test_T25_a_flow_of_one_browser_does_not_exist_in_another(house: House) -> None:
    address = fresh(house)
    walker = house.browser()
    walker.open(invite(house, address)["inviteRedeemUrl"])
    walker.submit()
    other = house.browser()
    assert other.open(walker.page.url).status == 410


def test_T42_no_order_of_empty_or_foreign_posts_binds_anything(house: House) -> None:
    address = fresh(house)
    answer = invite(house, address)
    walker = house.browser()
    walker.open(answer["inviteRedeemUrl"])
    walker.submit()
    for values in ({"decision": "accept"}, {"code": ""}, {"use": "this"}, {"password": "x"}, {"address": address}):
        walker.submit(values)
        if walker.page.form is None:
            walker.open(walker.page.url)
    user = house.graph.user(answer["invitedUser"]["id"])
    assert user["externalUserState"] == "PendingAcceptance"


def test_T27_the_session_id_changes_at_every_proof(house: House) -> None:
    local = house.someone()
    address = f"{local}@post.example"
    walker = house.browser()
    house.redeem(walker, invite(house, address)["inviteRedeemUrl"], address)
    first = walker._client.cookies["__Host-readmit"]
    walker.open("/myapps?tenantId=northwind.onmicrosoft.com")
    house.prove(walker, f"{local}@northwind.example")
    assert walker._client.cookies["__Host-readmit"] != first


def test_T41_a_used_link_leads_to_sign_in_and_never_binds_again(house: House) -> None:
    address = fresh(house)
    answer = invite(house, address)
    house.redeem(house.browser(), answer["inviteRedeemUrl"], address)
    page = house.browser().open(answer["inviteRedeemUrl"])
    assert "accepted this invitation already" in page.text
    assert len(house.graph.redemptions(answer["invitedUser"]["id"])) == 1


@pytest.mark.parametrize("header", ["x-forwarded-host", "forwarded", "x-forwarded-proto"])
def test_T16_no_header_steers_the_link(house: House, header: str) -> None:
    value = {"x-forwarded-host": "evil.example", "forwarded": "host=evil.example", "x-forwarded-proto": "http"}[header]
    body = {"invitedUserEmailAddress": fresh(house), "inviteRedirectUrl": "https://myapps.microsoft.com"}
    answer = house.graph.call("POST", "/v1.0/invitations", body, {header: value})
    assert answer["inviteRedeemUrl"].startswith(f"{house.base}/redeem?rd=")


def test_H1_an_unknown_host_is_421(house: House) -> None:
    assert house.http.get(f"{house.base}/myapps", headers={"host": "evil.example"}).status_code == 421


def test_H4_every_page_forbids_frames_scripts_and_caches(house: House) -> None:
    """T26, security H4: redemption and sign-in run without any script."""
    walker = house.browser()
    link = invite(house, fresh(house))["inviteRedeemUrl"]
    walker.open(link)
    for url in (walker.page.url, f"{house.base}/", f"{house.base}/redeem?rd=x", f"{house.base}/nothing"):
        answer = walker._client.get(url, follow_redirects=True)
        policy = answer.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "script-src" not in policy
        assert "frame-ancestors 'none'" in policy
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["referrer-policy"] == "same-origin"
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert "<script" not in answer.text


def test_V7_known_and_unknown_addresses_see_the_same_pages(house: House) -> None:
    """T28: what an address is here shows in nothing but the mail that comes or does not."""
    known = fresh(house)
    house.redeem(house.browser(), invite(house, known)["inviteRedeemUrl"], known)
    pages = []
    for address in (known, f"nobody-{known}"):
        walker = house.browser()
        walker.open("/myapps?tenantId=contoso.com")
        walker.submit({"address": address})
        first = walker.page.text.replace(address, "X")
        walker.submit()
        second = walker.page.text.replace(address, "X")
        walker.submit({"code": "00000000"})
        pages.append((first, second, walker.page.status, walker.page.text.replace(address, "X")))
    assert pages[0] == pages[1]


def test_T11_after_five_wrong_codes_the_right_one_is_refused(house: House) -> None:
    address = fresh(house)
    walker = house.browser()
    walker.open(invite(house, address)["inviteRedeemUrl"])
    walker.submit()
    walker.submit()
    code = re.search(r"\b\d{8}\b", house.mailed(address, "passcode"))[0]  # type: ignore[index]
    wrong = "00000000" if code != "00000000" else "11111111"
    for _ in range(5):
        assert walker.submit({"code": wrong}).status == 400
    assert walker.submit({"code": code}).status == 400, "security C3"


def test_a_new_code_kills_the_old_one_of_its_flow(house: House) -> None:
    """Security C1; the code field takes spaces, hyphens and full-width digits (WCAG 3.3.8)."""
    address = fresh(house)
    walker = house.browser()
    walker.open(invite(house, address)["inviteRedeemUrl"])
    walker.submit()
    walker.submit()
    first = re.search(r"\b\d{8}\b", house.mailed(address, "passcode"))[0]  # type: ignore[index]
    walker.submit({"use": "resend"})
    second = re.search(r"\b\d{8}\b", house.mailed(address, "passcode"))[0]  # type: ignore[index]
    assert walker.submit({"code": first}).status == 400
    spoken = f"{second[:4]} - {second[4:]}".translate({48 + digit: 0xFF10 + digit for digit in range(10)})
    assert "Share your details" in walker.submit({"code": spoken}).text


def test_P6_another_account_is_told_so_and_may_prove_the_mailbox_instead(house: House) -> None:
    local = house.someone()
    address = f"next-{local}@fabrikam.com"
    answer = invite(house, address)
    walker = house.browser()
    walker.open("/myapps?tenantId=fabrikam.onmicrosoft.com")
    house.prove(walker, f"{local}@fabrikam.com")
    walker.open(answer["inviteRedeemUrl"])
    walker.submit()
    walker.submit({"use": "other"})
    walker.submit({"address": f"{local}@fabrikam.com"})
    page = walker.submit({"use": "this"})
    assert page.status == 403
    assert "this invitation is for" in page.text
    code = next(form for form in page.forms if any(button.get("value") == "code" for button in form.buttons))
    walker.submit({"use": "code"}, form=code)
    house.prove(walker, address)
    assert walker.submit({"decision": "accept"}).url.endswith("/myapps")


def test_P12_cancel_shares_nothing_and_the_link_still_works(house: House) -> None:
    address = fresh(house)
    answer = invite(house, address)
    walker = house.browser()
    walker.open(answer["inviteRedeemUrl"])
    house.prove(walker, address)
    page = walker.submit({"decision": "cancel"})
    assert page.status == 200
    assert "Nothing was shared" in page.text
    assert house.redeem(house.browser(), answer["inviteRedeemUrl"], address).url.endswith("/myapps")


def test_P10_a_disabled_guest_is_blocked(house: House) -> None:
    address = fresh(house)
    answer = invite(house, address)
    house.graph.call("PATCH", f"/v1.0/users/{answer['invitedUser']['id']}", {"accountEnabled": False})
    page = house.browser().open(answer["inviteRedeemUrl"])
    assert page.status == 403
    assert "blocked" in page.text


def test_L44_an_unknown_host_is_named_before_the_guest_goes_there(house: House) -> None:
    address = fresh(house)
    answer = invite(house, address, inviteRedirectUrl="https://partner.example/start")
    page = house.redeem(house.browser(), answer["inviteRedeemUrl"], address)
    assert page.url.startswith(f"{house.base}/leaving?")
    assert "partner.example" in page.text
    forged = house.http.get(f"{house.base}/leaving", params={"url": "https://evil.example/", "check": "x"})
    assert forged.status_code == 400, "the page is no open redirect (T20)"


def test_L28_the_direct_sign_in_of_a_pending_guest_redeems(house: House) -> None:
    address = fresh(house)
    answer = invite(house, address)
    tokens = house.sign_in_accepting(house.browser(), address)
    assert tokens.name == address
    assert house.graph.user(answer["invitedUser"]["id"])["externalUserState"] == "Accepted"


def test_two_tabs_are_two_flows_of_one_browser(house: House) -> None:
    """Security L3."""
    one, two = fresh(house), fresh(house)
    walker = house.browser()
    second = Walker(walker._client, house.base)
    walker.open(invite(house, one)["inviteRedeemUrl"])
    second.open(invite(house, two)["inviteRedeemUrl"])
    house.prove(walker, one)
    house.prove(second, two)
    assert walker.submit({"decision": "accept"}).url.endswith("/myapps")
    assert second.submit({"decision": "accept"}).url.endswith("/myapps")


def test_the_language_follows_the_choice_on_the_page(house: House) -> None:
    """Experience LA1."""
    walker = house.browser()
    walker.open(invite(house, fresh(house), invitedUserMessageInfo={"messageLanguage": "ja"})["inviteRedeemUrl"])
    assert "招待" in walker.page.text
    walker.open(f"{walker.page.url}?lang=de")
    assert "Sie sind eingeladen" in walker.page.text
    walker.submit()
    assert "Adresse bestätigen" in walker.page.text


def test_OV1_many_connections_at_once_are_served(house: House) -> None:
    with ThreadPoolExecutor(64) as pool:
        answers = pool.map(lambda _: house.http.get(f"{house.base}/health/live").status_code, range(128))
        assert set(answers) == {200}
