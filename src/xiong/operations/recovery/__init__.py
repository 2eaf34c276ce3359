"""The healer: from findings to at most one guarded action, or to a call for a human."""
