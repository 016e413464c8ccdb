"""Answers of Graph: the object, or the error that it is (graph G22)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from readmit.client.errors import GraphError, Stopped
from readmit.client.transport import origin, retry_after

if TYPE_CHECKING:
    import httpx2


def json_object(answer: httpx2.Response) -> dict[str, Any]:
    """The body, empty if it is no JSON object."""
    try:
        body = answer.json()
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}


def refuse_redirect(answer: httpx2.Response) -> None:
    """Raises Stopped for a redirect: a token or secret never goes along (security D5)."""
    if 300 <= answer.status_code < 400:
        asked, location = origin(str(answer.url)), answer.headers.get("location", "nowhere")
        raise Stopped(f"{asked} redirects to {location}; credentials do not go along. Name that server itself.")


def checked(answer: httpx2.Response) -> Any:
    """The JSON object, None for 204; raises GraphError, or Stopped for what no Graph server answers."""
    if answer.status_code == 204:
        return None
    body = json_object(answer)
    if answer.status_code < 300 and body:
        return body
    refuse_redirect(answer)
    error = body.get("error")
    if not isinstance(error, dict):
        asked = origin(str(answer.url))
        raise Stopped(f"{asked} answers ({answer.status_code}), but not as Graph does; is it a readmit server?")
    raise _graph_error(answer, error)


def _graph_error(answer: httpx2.Response, error: dict[str, Any]) -> GraphError:
    inner = error.get("innerError")
    inside = inner.get("request-id", "") if isinstance(inner, dict) else ""
    return GraphError(
        answer.status_code,
        str(error.get("code", "")),
        str(error.get("message", "")) or answer.reason_phrase,
        request_id=answer.headers.get("request-id", "") or str(inside),
        details=[detail for detail in error.get("details") or () if isinstance(detail, dict)],
        retry_after=retry_after(answer) if answer.status_code in (429, 503) else None,
    )
