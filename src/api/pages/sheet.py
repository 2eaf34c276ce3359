"""What a person on call sees in a browser: the page, its button, and what pressing it did. No script."""

from __future__ import annotations

from datetime import datetime
from html import escape
from importlib.resources import files
from string import Template
from zoneinfo import ZoneInfo

from fastapi.responses import HTMLResponse

from api.pages.desk import Shown
from api.pages.model import Page, PageKind, PageState
from api.risk.model import Level

TAIPEI = ZoneInfo("Asia/Taipei")
_HEADERS = {
    # the address is a key: it must not be kept, nor told to another site
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Robots-Tag": "noindex, nofollow",
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'"
    ),
}
_TEMPLATE = Template(files("api.pages").joinpath("sheet.html").read_text(encoding="utf-8"))
_KINDS = {PageKind.CRISIS: "危機呼叫", PageKind.CANARY: "演練呼叫", PageKind.NOTICE: "呼叫系統異常"}
_LEVELS = {Level.IMMINENT: "立即危險", Level.HIGH: "高風險"}
_BUTTON = '<form method="post"><button type="submit">我來處理</button></form>'
_WHERE = "前後訊息與個案聯絡方式：請登入主控台，依上面的編號開啟個案。"
_UNREADABLE = "目前讀不到這則呼叫的內容，但您仍可按下按鈕表示由您處理。"


def page(shown: Shown | None, console_url: str = "") -> HTMLResponse:
    """Shows the page, with the button while nobody took it over, and the way to its case."""
    if shown is None:
        return _sheet("呼叫", [_UNREADABLE], _BUTTON)
    taken_over = shown.page.state is PageState.ACKNOWLEDGED
    form, way = "" if taken_over else _BUTTON, _way(shown.page, console_url)
    return _sheet(_KINDS[shown.page.kind], _lines(shown.page), form, way)


def taken(shown: Shown | None, console_url: str = "") -> HTMLResponse:
    """Shows what pressing the button did, and the way to the case."""
    lines = ["已記錄，謝謝您。請依照單位的流程與當事人聯繫。"]
    if shown is None:
        return _sheet("已收到", lines, "")
    return _sheet("已收到", [*lines, *_lines(shown.page)], "", _way(shown.page, console_url))


def unknown() -> HTMLResponse:
    """Answers an address that is not ours, or too old."""
    return _sheet("無效的連結", ["這個連結無效或已過期。請使用最新一則呼叫的連結。"], "", status=404)


def failed() -> HTMLResponse:
    """Answers where nothing could be recorded."""
    return _sheet("未能記錄", ["系統現在無法記錄，請再按一次，或改用電話聯繫同仁。"], _BUTTON, status=503)


def _lines(page: Page) -> list[str]:
    lines = [f"等級：{_LEVELS.get(page.level, page.level.name)}", f"時間：{_local(page.opened_at)}"]
    if page.kind is PageKind.CRISIS:
        lines.append(f"訊息數：{page.events}")
    lines.append(f"編號：{page.id}")
    if page.acknowledged_at and page.acknowledged_by:
        lines.append(f"已由 {page.acknowledged_by} 於 {_local(page.acknowledged_at)} 接手")
    return lines


def _local(moment: datetime) -> str:
    return moment.astimezone(TAIPEI).strftime("%Y-%m-%d %H:%M:%S")


def _way(page: Page, console_url: str) -> str:
    """Where the case is: behind the console's login, since a link may fall into anybody's hands."""
    if page.kind is PageKind.NOTICE:
        return ""
    if not console_url:
        return f"<p>{_WHERE}</p>"
    return f'<p><a href="{escape(console_url)}/pages/{page.id}/case">開啟個案（需登入主控台）</a></p>'


def _sheet(title: str, lines: list[str], form: str, way: str = "", status: int = 200) -> HTMLResponse:
    paragraphs = "\n".join(f"<p>{escape(line)}</p>" for line in lines)
    return HTMLResponse(
        _TEMPLATE.substitute(title=escape(title), lines=paragraphs, form=form, way=way), status, _HEADERS
    )
