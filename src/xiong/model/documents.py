"""Frozen dataclasses to JSON documents and back; used for records and for --json."""

from __future__ import annotations

from dataclasses import asdict, is_dataclass
from datetime import datetime
from enum import Enum
from pathlib import Path
from typing import Any, TypeVar

from pydantic import TypeAdapter

T = TypeVar("T")


def to_document(value: Any) -> Any:
    """Plain JSON values: times as ISO 8601, enums by value, tuples as lists."""
    if is_dataclass(value) and not isinstance(value, type):
        return to_document(asdict(value))
    if isinstance(value, dict):
        return {str(k): to_document(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [to_document(v) for v in value]
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, Path):
        return str(value)
    return value


def from_document(kind: type[T], document: Any) -> T:
    """The dataclass that `to_document` made this document from."""
    return TypeAdapter(kind).validate_python(document)
