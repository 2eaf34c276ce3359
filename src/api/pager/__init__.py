"""The process that sends pages: `python -m api.pager`."""
