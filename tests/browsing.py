"""Headless Chromium for tests of the console: Debian's own, driven by playwright.

Where none is installed there is nothing to parametrize over, and pytest counts the tests as not run.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

CHROMIUMS = [
    path for name in ("chromium", "chromium-browser", "google-chrome") if (path := shutil.which(name))
][:1]
# The worst contrast of each piece of visible text against what really lies behind it, as WCAG 2 counts.
_TOO_FAINT = """
() => {
  const parse = (text) => {
    const found = text.match(/[\\d.]+/g).map(Number);
    return { r: found[0], g: found[1], b: found[2], a: found.length > 3 ? found[3] : 1 };
  };
  const over = (top, under) => ({
    r: top.r * top.a + under.r * (1 - top.a),
    g: top.g * top.a + under.g * (1 - top.a),
    b: top.b * top.a + under.b * (1 - top.a),
    a: 1,
  });
  const luminance = (c) => {
    const [r, g, b] = [c.r, c.g, c.b].map((v) => {
      const s = v / 255;
      return s <= 0.03928 ? s / 12.92 : ((s + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const behind = (element) => {
    const layers = [];
    for (let one = element; one; one = one.parentElement) {
      const colour = parse(getComputedStyle(one).backgroundColor);
      if (colour.a > 0) layers.push(colour);
      if (colour.a === 1) break;
    }
    return layers.reverse().reduce((under, top) => over(top, under), { r: 255, g: 255, b: 255, a: 1 });
  };
  const faint = [];
  let seen = 0;
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement;
    const text = walker.currentNode.textContent.trim();
    if (!text || !element.checkVisibility()) continue;
    if (element.closest("script, noscript, [hidden], .unseen, .skip")) continue;
    seen += 1;
    const style = getComputedStyle(element);
    const under = behind(element);
    const mine = over(parse(style.color), under);
    const [a, b] = [luminance(mine), luminance(under)].sort((x, y) => y - x);
    const ratio = (a + 0.05) / (b + 0.05);
    const size = parseFloat(style.fontSize);
    const large = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700);
    if (ratio < (large ? 3 : 4.5)) faint.push(`${text.slice(0, 40)}: ${ratio.toFixed(2)}`);
  }
  return { seen, faint };
}
"""


@dataclass
class Tab:
    """One page of a browser and everything that it complained about."""

    page: Page
    context: BrowserContext
    complaints: list[str] = field(default_factory=list)

    def log_in(self, url: str, token: str) -> None:
        """By the keyboard alone."""
        self.page.goto(f"{url}/login")
        expect(self.page.locator("#token")).to_be_focused()
        self.page.keyboard.type(token)
        self.page.keyboard.press("Enter")
        self.page.wait_for_selector(".verdict")

    def tab_to(self, selector: str, most: int = 120) -> None:
        """Presses Tab until that has the focus, which must be seen."""
        for _ in range(most):
            self.page.keyboard.press("Tab")
            if self.page.evaluate("s => document.activeElement.matches(s)", selector):
                outline = self.page.evaluate("() => getComputedStyle(document.activeElement).outlineStyle")
                assert outline != "none", f"{selector} has the focus and does not show it"
                return
        raise AssertionError(f"{selector} is not reached by Tab")

    def too_faint(self) -> list[str]:
        """Pieces of text with less contrast than WCAG's AA asks for."""
        found = self.page.evaluate(_TOO_FAINT)
        assert found["seen"] > 5
        return list(found["faint"])

    def too_wide(self) -> list[str]:
        """What reaches beyond the right edge of the window."""
        return list(
            self.page.evaluate(
                """() => {
                  const root = document.documentElement;
                  return [...document.querySelectorAll("body *")]
                    .filter((e) => e.checkVisibility() && !e.closest(".unseen, .skip, thead")
                      && e.getBoundingClientRect().right > root.clientWidth + 0.5)
                    .map((e) => e.outerHTML.slice(0, 80))
                    .concat(root.scrollWidth > innerWidth ? ["the page scrolls sideways"] : []);
                }"""
            )
        )


@contextmanager
def chromium(path: str) -> Iterator[Browser]:
    """A browser without a window."""
    with sync_playwright() as driver:
        arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
        browser = driver.chromium.launch(executable_path=path, args=arguments)
        try:
            yield browser
        finally:
            browser.close()


@contextmanager
def tab(browser: Browser, **options: object) -> Iterator[Tab]:
    """A fresh browser profile with one page; English and light unless `options` say otherwise."""
    context = browser.new_context(**{"locale": "en-US", "color_scheme": "light", **options})
    context.set_default_timeout(15_000)
    try:
        made = Tab(context.new_page(), context)
        made.page.on(
            "console",
            lambda m: m.type in {"error", "warning"} and made.complaints.append(f"{m.type}: {m.text}"),
        )
        made.page.on("pageerror", lambda error: made.complaints.append(str(error)))
        yield made
    finally:
        context.close()
