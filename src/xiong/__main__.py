"""`python -m xiong`."""

from xiong.cli.main import main

main()
