"""The process supervisor of the local platform: starts, watches, restarts and stops plain processes.

`client` and `starting` are for the platform; `daemon` is the supervisor, `guard` what brings it back.
"""

from xiong.platforms.local.supervision.spec import ChildState, ChildStatus, Probe, ProcessSpec

__all__ = ["ChildState", "ChildStatus", "Probe", "ProcessSpec"]
