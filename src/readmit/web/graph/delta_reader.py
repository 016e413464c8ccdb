"""Reads pages of delta queries: on the first way every object, later what the log of changes names (graph G58)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from readmit.domain.errors import TokenExpired
from readmit.storage import changes, queries, queries_people
from readmit.storage.changes import Change, Membership
from readmit.web.graph.render import Item
from readmit.web.graph.shapes import item_maker
from readmit.web.graph.viewer import Viewer

PAGE: Final = 100
MEMBERS: Final = 1000
"""Members told on one page of the first way; a larger group goes on with the next."""
_TOLD: Final[dict[str, dict[str, tuple[str, ...]]]] = {
    "user": {
        "upn": ("userPrincipalName",),
        "mail": ("mail", "proxyAddresses"),
        "other_mails": ("otherMails",),
        "mail_nickname": ("mailNickname",),
        "display_name": ("displayName",),
        "given_name": ("givenName",),
        "surname": ("surname",),
        "user_type": ("userType",),
        "creation_type": ("creationType",),
        "account_enabled": ("accountEnabled",),
        "preferred_language": ("preferredLanguage",),
        "external_state": ("externalUserState",),
        "external_state_changed_at": ("externalUserStateChangeDateTime",),
        "binding": ("identities",),
        "sessions_valid_from": ("signInSessionsValidFromDateTime", "refreshTokensValidFromDateTime"),
        "password_changed_at": ("lastPasswordChangeDateTime",),
        "deleted_at": ("deletedDateTime",),
    },
    "group": {
        "display_name": ("displayName",),
        "description": ("description",),
        "mail": ("mail", "proxyAddresses"),
        "mail_nickname": ("mailNickname",),
        "visibility": ("visibility",),
        "classification": ("classification",),
        "group_types": ("groupTypes",),
        "mail_enabled": ("mailEnabled",),
        "security_enabled": ("securityEnabled",),
        "is_assignable_to_role": ("isAssignableToRole",),
        "unique_name": ("uniqueName",),
        "properties": ("preferredLanguage", "theme"),
        "deleted_at": ("deletedDateTime",),
    },
}
"""Properties by the column that the log names; `profile` of users holds all that stand nowhere here.

Rows of today's triggers name the property in it, `profile:jobTitle`; older ones the column alone.
"""
_NAMED: Final = frozenset(name for names in _TOLD["user"].values() for name in names) | {"id", "createdDateTime"}


@dataclass(frozen=True, slots=True)
class State:
    """Where a reader stands, and what he asked for at first."""

    seq: int
    on_first_way: bool = True
    id: str = ""
    member: str = ""
    """On the first way: behind which object, and behind which of its members."""
    select: tuple[str, ...] | None = None
    ids: tuple[str, ...] = ()

    def position(self) -> list[str | int]:
        """As a token holds it."""
        select = "\n".join(self.select) if self.select is not None else "*"
        return [self.seq, int(self.on_first_way), self.id, self.member, select, "\n".join(self.ids)]

    @staticmethod
    def of(position: Sequence[Any]) -> State:
        seq, first, id, member, select, ids = position
        chosen = None if select == "*" else tuple(select.split("\n")) if select else ()
        return State(seq, bool(first), id, member, chosen, tuple(ids.split("\n")) if ids else ())


@dataclass(frozen=True, slots=True)
class Page:
    """Items of the answer and where the reader stands behind them; `more`: at once, else when something changes."""

    items: list[dict[str, Any]]
    state: State
    more: bool


@dataclass(frozen=True, slots=True)
class Reader:
    """Reads pages of one kind for one viewer."""

    kind: str
    seen: Viewer
    version: str
    anew: str
    """Where whoever has to begins again."""
    minimal: bool

    def latest(self, tx: Any, state: State) -> Page:
        """Nothing now; whatever changes from here on later."""
        return Page([], replace(state, seq=changes.head(tx)), more=False)

    def page(self, tx: Any, state: State) -> Page:
        """The next page from where the reader stands."""
        if not state.on_first_way:
            return self._changed(tx, state)
        return self._everything(tx, state if state.seq >= 0 else replace(state, seq=changes.head(tx)))

    # ---------------------------------------------------------- the first way

    def _everything(self, tx: Any, state: State) -> Page:
        found = self._objects(tx, state.ids, behind=state.id, again=bool(state.member), limit=PAGE + 1)
        make = item_maker(self.kind, self.seen, self.version, state.select)
        items: list[dict[str, Any]] = []
        left, here = MEMBERS, state
        page = [make(one) for one in found[:PAGE]]
        managers = self._managers(tx, state, [item.id for item in page])
        for item in page:
            body = _known(item) | _managed(managers.get(item.id))
            goes_on = here.member if item.id == state.id else ""
            if self._tells_members(state):
                if not left:
                    return Page(items, here, more=True)
                members = changes.members(tx, item.id, goes_on, left + 1)
                told = members[:left]
                left -= len(told)
                body |= {"members@delta": [_added(member) for member in told]} if told else {}
                if len(members) > len(told):
                    at = replace(here, id=item.id, member=told[-1].member_id)
                    return Page([*items, body], at, more=True)
            items.append(body)
            here = replace(here, id=item.id, member="")
        if len(found) > PAGE:
            return Page(items, here, more=True)
        return Page(items, replace(here, on_first_way=False, id="", member=""), more=False)

    def _managers(self, tx: Any, state: State, ids: Sequence[str]) -> dict[str, str]:
        """Ids of live managers by the user's id, where they are told."""
        wanted = self.kind == "user" and (state.select is None or "manager" in state.select)
        return queries_people.managers_of(tx, ids) if wanted else {}

    def _tells_members(self, state: State) -> bool:
        return self.kind == "group" and (state.select is None or "members" in state.select)

    def _objects(self, tx: Any, ids: Sequence[str], *, behind: str, again: bool, limit: int) -> list[Any]:
        """Live objects in the order of their ids; `again`: the one that the last page ended in is told on."""
        parameters: dict[str, Any] = {"behind": behind}
        where = "id >= :behind" if again else "id > :behind"
        if ids:
            names = {f"i{number}": id for number, id in enumerate(ids)}
            parameters |= names
            where += f" AND id IN ({', '.join(f':{name}' for name in names)})"
        search = queries.Search(self.kind, where=where, parameters=parameters)
        return queries.search(tx, self.seen.tenant.id, search, limit)

    # ------------------------------------------------------------ what changed

    def _changed(self, tx: Any, state: State) -> Page:
        if not changes.holds(tx, state.seq):
            raise TokenExpired(self.anew)
        limit = PAGE
        found = changes.since(tx, self.seen.tenant.id, self.kind, state.seq, ids=state.ids, limit=limit + 1)
        page = found[:limit]
        objects = list(dict.fromkeys(change.object_id for change in page))
        live = {}
        if objects:
            make = item_maker(self.kind, self.seen, self.version, state.select)
            for one in self._objects(tx, objects, behind="", again=False, limit=len(objects)):
                item = make(one)
                live[item.id] = item
        managers = self._managers(tx, state, list(live))
        gone = changes.deleted(tx, self.kind, [id for id in objects if id not in live])
        items = []
        for id in objects:
            mine = [change for change in page if change.object_id == id]
            if id not in live:
                items.append({"id": id, "@removed": {"reason": "changed" if id in gone else "deleted"}})
                continue
            body = self._told(state, live[id], mine) | self._moved_manager(state, managers.get(id), mine)
            if self._tells_members(state):
                body |= self._members(tx, id, mine)
            if len(body) > 1 or not self.minimal:
                items.append(body)
        seq = page[-1].seq if page else max(state.seq, 0)
        return Page(items, replace(state, seq=seq), more=len(found) > limit)

    def _told(self, state: State, item: Item, mine: Sequence[Change]) -> dict[str, Any]:
        """What changed, also where it is null now; without `minimal` what else is set as well."""
        about = [change for change in mine if change.member_id is None]
        # Whoever was told of a removal has forgotten the object: a restored one is told whole, also with `minimal`.
        whole = any(not change.columns or "deleted_at" in change.columns for change in about)
        columns = {column for change in about for column in change.columns}
        changed = {name for column in columns for name in _names(self.kind, column)}
        body: dict[str, Any] = {"id": item.id}
        for name, value in item.body.items():
            hit = name in changed or ("profile" in columns and name not in _NAMED)
            if name != "id" and (hit or (_is_set(value) and (whole or not self.minimal))):
                body[name] = value
        return body

    def _moved_manager(self, state: State, manager: str | None, mine: Sequence[Change]) -> dict[str, Any]:
        """Who is the manager now and who no longer is, if that changed or the user is told whole."""
        if self.kind != "user" or (state.select is not None and "manager" not in state.select):
            return {}
        columns = {column for change in mine for column in change.columns}
        ended = {column.removeprefix("manager:") for column in columns if column.startswith("manager:")} - {manager}
        told = [{**_added_user(id), "@removed": {"reason": "deleted"}} for id in sorted(ended)]
        if "manager" in columns or "deleted_at" in columns or any(not change.columns for change in mine):
            told += [_added_user(manager)] if manager is not None else []
        return {"manager@delta": told} if told else {}

    def _members(self, tx: Any, group_id: str, mine: Sequence[Change]) -> dict[str, Any]:
        """Who joined and who left, by what he is now."""
        moved = {change.member_id: change.member_type for change in mine if change.member_id is not None}
        told = [
            _added(Membership(group_id, id, kind or ""))
            if changes.is_member(tx, group_id, id)
            else {**_added(Membership(group_id, id, kind or "")), "@removed": {"reason": "deleted"}}
            for id, kind in moved.items()
        ]
        return {"members@delta": told} if told else {}


def _names(kind: str, column: str) -> tuple[str, ...]:
    """The properties behind what the log names: a column, or `profile:jobTitle`, one property in a column."""
    column, _, inner = column.partition(":")
    return (inner,) if inner else _TOLD[kind].get(column, ())


def _added(member: Membership) -> dict[str, Any]:
    return {"@odata.type": f"#microsoft.graph.{member.member_type}", "id": member.member_id}


def _added_user(id: str | None) -> dict[str, Any]:
    return {"@odata.type": "#microsoft.graph.user", "id": id}


def _managed(manager: str | None) -> dict[str, Any]:
    return {} if manager is None else {"manager@delta": [_added_user(manager)]}


def _known(item: Item) -> dict[str, Any]:
    """`id` and what was ever set; delta alone leaves the rest out (graph G18)."""
    return {"id": item.id} | {name: value for name, value in item.body.items() if _is_set(value)}


def _is_set(value: Any) -> bool:
    if isinstance(value, Mapping):
        return any(inner is not None for inner in value.values())
    return value is not None and value != [] and value != ()
