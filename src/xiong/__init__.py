"""The operations tool: one set of verbs on three platforms."""

from importlib.metadata import PackageNotFoundError, version

try:
    __version__ = version("xiong")
except PackageNotFoundError:  # run from a source tree that was not installed
    __version__ = "0.0.0"
