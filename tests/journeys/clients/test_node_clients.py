"""Node clients, unmodified: @azure/identity, @azure/msal-node, @microsoft/microsoft-graph-client (graph G84)."""

from __future__ import annotations

import foreign
import stories
from house_of_guests import House

NODE = foreign.BIN / "node"
PROGRAMS = foreign.HERE / "node"


def test_G84_the_graph_client_of_javascript_plays_the_story_of_a_guest(house: House, environ: dict[str, str]) -> None:
    """Secret credential of @azure/identity, PageIterator, `@odata.count`; errors carry the request's id and date."""
    facts = stories.play(house, [NODE, PROGRAMS / "graph.js"], environ)
    stories.holds(facts)
    assert facts["traced"]
    assert "crowd" in facts


def test_G84_msal_node_signs_in_an_application_and_a_person(house: House, environ: dict[str, str]) -> None:
    """`knownAuthorities` with the port, cache, code with PKCE, refresh; a wrong secret is told with its number (TE2)."""
    environ |= {"PERSON": "ulla@contoso.com"}
    facts = foreign.run([NODE, PROGRAMS / "msal.js"], environ, {"sign in": stories.signing_in(house)})
    assert facts["daemon"]["type"] == "Bearer"
    assert facts["daemon"]["cached"] == [False, True]
    assert 3500 < facts["daemon"]["seconds"] <= 3600
    name = "ulla@contoso.com"
    assert facts["person"] == {"name": name, "me": name, "renewed": name}
    assert facts["refused"]["code"] == "invalid_client"
    assert facts["refused"]["number"] == 7000215
    assert "AADSTS7000215: Invalid client secret provided." in facts["refused"]["text"]
