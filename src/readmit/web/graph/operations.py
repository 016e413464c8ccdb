"""An entry of the table of routes, and the check of rights that runs before its door (graph G10, G65 to G67)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from msgspec.structs import replace

from readmit.domain.address import InvalidAddress, domain_key
from readmit.domain.directory import Access, check_access
from readmit.domain.errors import NotFound, NotProvided, UnsupportedQuery
from readmit.domain.permission import Caller
from readmit.domain.tenant import Tenant
from readmit.flows.world import World
from readmit.storage import queries
from readmit.web.call import Call, Step
from readmit.web.graph.odata import options

Answer = Callable[[World, Call], Step]

_WITHOUT_OPTIONS = frozenset({"POST", "PATCH", "PUT", "DELETE"})
"""What is asked by these has no query options: one that comes is refused, before the body is read (graph G3, G14)."""
ANY_TOKEN = Access(frozenset(), anybody=True)
"""Known to Graph, not provided: whoever has a token hears so."""


@dataclass(frozen=True, slots=True)
class Operation:
    """One method on one path of Graph. `pattern` starts behind the version: `/users/{id}/memberOf`."""

    method: str
    pattern: str
    answer: Answer
    access: Access
    checked_by_flow: bool = False
    """The flow reads rights itself, in an order of its own (POST /invitations, graph G48)."""
    beta_only: bool = False
    """Not in v1.0 (graph G6)."""
    public: bool = False
    """Answers without a token, from nothing but the call (graph G21)."""

    @property
    def permissions(self) -> frozenset[str]:
        """Any one of these, in the token, is needed."""
        return self.access.permissions

    def door(self, world: World, call: Call, toll: Callable[[], object] | None = None) -> Step:
        """Check the caller's rights, then answer. Raises InsufficientPrivileges, NotFound, UnsupportedQuery (M22, Q6).

        `toll` is paid between tenant and rights (graph G14).
        """
        return self.answer(world, call if self.public else self.admitted(world, call, toll))

    def admitted(self, world: World, call: Call, toll: Callable[[], object] | None = None) -> Call:
        """The call with who and what it addresses, its rights checked; raises as `door`."""
        caller = caller_of(call)
        parameters = dict(call.parameters)
        tenant: Tenant | None = None
        if caller.user is not None or "tenant" in parameters:
            tenant = world.database.read(queries.tenant, caller.tenant_id)
        if "tenant" in parameters:
            _check_tenant(parameters["tenant"], tenant)
        if toll is not None:
            toll()
        if "me" in parameters:
            if caller.user is None:
                raise UnsupportedQuery("/me request is only valid with delegated authentication flow.", "BadRequest")
            parameters["id"] = caller.user.id
        if not self.checked_by_flow and self.access is not ANY_TOKEN:
            settings = tenant.settings if tenant is not None else None
            check_access(caller, self.access, settings, oneself=_is_oneself(caller, self.pattern, parameters))
        if call.query and self.method in _WITHOUT_OPTIONS and not self.checked_by_flow:
            options.refuse(call.query)
        return replace(call, parameters=parameters)


def caller_of(call: Call) -> Caller:
    """The holder of the token; `web/http.py` lets nobody in without one."""
    if call.caller is None:
        raise RuntimeError("a Graph door was opened without a caller")
    return call.caller


def not_provided(_world: World, _call: Call) -> Step:
    """M12."""
    raise NotProvided


def _is_oneself(caller: Caller, pattern: str, parameters: dict[str, str]) -> bool:
    if caller.user is None or not pattern.startswith("/users/{id}"):
        return False
    asked = parameters.get("id", "").lower()
    return asked in (caller.user.id, caller.user.upn.lower())


def _check_tenant(asked: str, tenant: Tenant | None) -> None:
    """Graph G10: the tenant in the path is the token's, by id or verified domain."""
    if tenant is None or asked.lower() == tenant.id:
        return
    try:
        if domain_key(asked) in tenant.domains:
            return
    except InvalidAddress:
        pass
    raise NotFound(asked)
