"""Ways in which a release can be bad, as code that is appended to a source file of the service."""

MAIN = "src/api/main.py"

CRASHES_AT_START = 'raise RuntimeError("broken on purpose")'

NAMES_ANOTHER_RELEASE = 'os.environ["RELEASE_ID"] = "another"'

_WRAPPED = """
_good_create_app = create_app


class Broken:
    def __init__(self, app):
        self.app = app

    async def __call__(self, scope, receive, send):
{body}
        await self.app(scope, receive, send)


def create_app(*arguments, **named):
    app = _good_create_app(*arguments, **named)
    app.add_middleware(Broken)
    return app
"""

HANGS_AT_START = _WRAPPED.format(
    body="""
        if scope["type"] == "lifespan":
            await asyncio.Event().wait()
"""
)

_CHAT = 'if scope.get("path") == "/api/v1/chat":'

ANSWERS_500 = _WRAPPED.format(
    body=f"""
        {_CHAT}
            await send({{"type": "http.response.start", "status": 500, "headers": []}})
            await send({{"type": "http.response.body", "body": b"broken on purpose"}})
            return
"""
)

HANGS_AT_CHAT = _WRAPPED.format(
    body=f"""
        {_CHAT}
            await asyncio.Event().wait()
"""
)

IS_SLOW = _WRAPPED.format(
    body=f"""
        {_CHAT}
            await asyncio.sleep(1.0)
"""
)

RESPONDER = "src/api/replies/build.py"

ALWAYS_THE_SAFE_REPLY = """
async def _broken(*arguments):
    raise RuntimeError("broken on purpose")


ReplyChain.reply = _broken
"""

CRASHES_ONCE_TOLD = """
if os.path.exists(os.path.join(os.environ["SPOOL_DIR"], "crash-loop")):
    raise RuntimeError("broken on purpose")
"""
