"""Records that are no directory objects: one of them as a whole answer, and lists that are always empty."""

from __future__ import annotations

from readmit.web.call import Call, Reply
from readmit.web.graph import lists
from readmit.web.graph.paging import conditions
from readmit.web.graph.render import Item, collection, entity, frame_of, graph_reply


def one(call: Call, set_name: str, item: Item) -> Reply:
    """The record with what `$select` leaves of it. `set_name`: the fragment of its context URL without `/$entity`."""
    options = lists.options_of(call, item.kind, shape="single")
    context = lists.context(set_name, options.select, single=True)
    return graph_reply(call, 200, entity(frame_of(call), context, lists.selected(item, options.select)))


def none(call: Call, kind: str, set_name: str) -> Reply:
    """A list of what nobody has here; its options are read all the same (graph G3)."""
    options = lists.options_of(call, kind)
    conditions(options, kind, {})
    return graph_reply(call, 200, collection(frame_of(call), lists.context(set_name, options.select), []))
