"""Saves what must not be lost: sets of sealed objects, the write-ahead log, and what is kept of both."""
