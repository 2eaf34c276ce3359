"""Fills the templates: one environment that escapes everything, and what every page needs."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from xiong.console import figures
from xiong.console.guard import FORM_FIELD, desk_of
from xiong.console.roles import Role
from xiong.console.rollbacks import Course
from xiong.console.sessions import Login
from xiong.console.words import Words, clock_time, full_time, minute, wanted, words

THEMES = ("light", "dark", "system")
STATIC = Path(str(files("xiong.console").joinpath("static")))

_environment = Environment(
    loader=PackageLoader("xiong.console"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_environment.filters |= {
    "clock": clock_time,
    "full": full_time,
    "minute": minute,
    "figure": figures.figure,
    "seconds": figures.seconds,
    "percent": figures.percent,
}


def page(
    request: Request, template: str, login: Login | None, status: int = 200, **values: Any
) -> HTMLResponse:
    """A whole page."""
    context = context_of(request, login) | values
    context["section"] = lambda name: section(name, context)
    return HTMLResponse(_environment.get_template(template).render(context), status)


def section(name: str, context: Mapping[str, Any]) -> Markup:
    """A part of the overview, which asks for its own next version."""
    inner = _environment.get_template(f"fragments/{name}.html").render(context)
    version = hashlib.sha256(inner.encode()).hexdigest()[:16]
    outer = _environment.get_template("section.html")
    every = _seconds_between(name, context)
    escaped = Markup(inner)  # noqa: S704 - by jinja
    return Markup(outer.render(name=name, version=version, every=every, inner=escaped))  # noqa: S704 - the same


def _seconds_between(name: str, context: Mapping[str, Any]) -> int:
    """How often a part asks; 0 where nothing will change any more."""
    if name != "progress":
        return 4
    run = context["run"]
    return 1 if run is not None and run.course is Course.RUNNING else 0


def fragment(request: Request, name: str, login: Login, version: str, **values: Any) -> Response:
    """One part, or nothing where the browser shows that very version already."""
    made = section(name, context_of(request, login) | values)
    return Response(status_code=204) if version and f"?v={version}" in made else HTMLResponse(made)


def context_of(request: Request, login: Login | None) -> dict[str, Any]:
    """What every template may use."""
    desk = desk_of(request)
    theme = request.cookies.get("theme")
    back = request.url.path if request.method == "GET" else "/"
    return {
        "t": words_of(request),
        "theme": theme if theme in THEMES else "system",
        "login": login,
        "may_acknowledge": login is not None and login.role.allows(Role.ACKNOWLEDGE),
        "may_operate": login is not None and login.role.allows(Role.OPERATE),
        "may_care": login is not None and login.role.allows(Role.CARE),
        "form_field": FORM_FIELD,
        "form_token": desk.sessions.form_token(login) if login else "",
        "environment": desk.settings.service.environment,
        "back": back + (f"?{request.url.query}" if request.url.query and request.method == "GET" else ""),
        "now": desk.clock.now(),
        "static": static_address,
    }


def words_of(request: Request) -> Words:
    """The language of whoever asks."""
    return words(wanted(request.cookies.get("language"), request.headers.get("accept-language", "")))


@cache
def static_address(name: str) -> str:
    """Where a file is, by its content: a browser may keep it for ever."""
    return f"/static/{name}?v={hashlib.sha256((STATIC / name).read_bytes()).hexdigest()[:12]}"
