"""A process that sends one notice to one Apprise address and says by its exit code how that went.

`tools/notices` starts it: a service that never ends its answer is then ended with the process, and what the
library logs, which may quote the address, goes nowhere. The address comes on standard input, since `ps` shows
arguments.
"""

from __future__ import annotations

import logging
import sys

import apprise
import orjson

TAKEN, REFUSED, UNKNOWN = 0, 10, 11


def main() -> int:
    """Reads `{"url", "title", "body"}`."""
    logging.disable(logging.CRITICAL)
    asked = orjson.loads(sys.stdin.buffer.read())
    memory = apprise.PersistentStoreMode.MEMORY  # nothing of an address is left on the disk
    asset = apprise.AppriseAsset(app_id="Xiong", storage_mode=memory, pgp_autogen=False, pem_autogen=False)
    post = apprise.Apprise(asset=asset)
    if not post.add(asked["url"]):
        return UNKNOWN
    taken = post.notify(title=asked["title"], body=asked["body"], body_format=apprise.NotifyFormat.TEXT)
    return TAKEN if taken else REFUSED


if __name__ == "__main__":
    sys.exit(main())
