"""Tells operators of rollouts that ended badly; called by `xiong watch` with the receipts that it saw."""

from __future__ import annotations

from collections.abc import Sequence

from xiong.config.settings import Settings
from xiong.model.receipt import Outcome, Receipt
from xiong.operations.notices import tell
from xiong.platforms.base import Platform
from xiong.tools.clock import Clock

_SEEN = ("state", "rollouts-told")
_VERBS = {
    "deploy": "部署",
    "rollback": "退回舊版",
    "scale": "調整副本數",
    "up": "啟動",
    "secrets rotate": "更換密鑰",
}
_BAD = {
    Outcome.ROLLED_BACK: ("沒有通過", "was refused"),
    Outcome.INTERRUPTED_UNDONE: ("中途被打斷", "was interrupted"),
    Outcome.FAILED: ("失敗", "failed"),
}


async def tell_of_rollouts(
    platform: Platform, settings: Settings, clock: Clock, receipts: Sequence[Receipt]
) -> None:
    """One notice for each that is new and ended badly; what ended before the first call is not told.

    Args:
        platform: whose records remember how far we got.
        settings: of this copy.
        clock: whose time counts.
        receipts: all rollouts, oldest first.

    Raises:
        XiongError: a notice cannot be recorded; it is tried again with the next call.
    """
    newest = max((receipt.id for receipt in receipts), default="")
    kept = await platform.records.read(*_SEEN)
    if kept is not None:
        for receipt in receipts:
            known = receipt.verb in _VERBS  # a drill deploys what must be refused
            if receipt.id > kept["receipt"] and known and receipt.outcome in _BAD:
                title, body = _words(receipt)
                await tell(platform, settings, clock, title, body, f"rollout {receipt.id}")
    if kept is None or kept["receipt"] != newest:
        await platform.records.write(*_SEEN, {"receipt": newest})


def _words(receipt: Receipt) -> tuple[str, str]:
    verb, (bad, english) = _VERBS[receipt.verb], _BAD[receipt.outcome]
    now = f"現在由 {receipt.previous} 服務。" if receipt.previous else "現在沒有版本在服務。"
    serves = f"{receipt.previous} serves." if receipt.previous else "no release serves."
    body = (
        f"{verb} {receipt.release} {bad}。{now}\n"
        f"原因：{receipt.reason or '沒有記錄'}\n"
        f"操作者：{receipt.by}。詳情請執行：xiong history\n\n"
        f"{receipt.verb} of {receipt.release} {english}; {serves} See: xiong history"
    )
    return f"雄i聊：{verb}{bad} / {receipt.verb} {english}", body
