"""One person's data by request: its export, its erasure, and that again after a restore."""
