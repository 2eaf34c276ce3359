"""The only place that starts processes, opens HTTP, reads the clock and writes files."""
