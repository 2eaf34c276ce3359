"""The revisions of the schema, one file each under `versions/`, applied by `python -m api.migrate`."""
