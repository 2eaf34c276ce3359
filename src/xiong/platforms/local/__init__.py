"""Plain processes on one Linux machine, everything from wheels."""
