"""The command line: parses, prints and exits; the only layer that does either."""
