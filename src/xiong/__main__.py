"""`python -m xiong`."""

from xiong.cli.main import run

run()
