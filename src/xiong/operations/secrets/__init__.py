"""`xiong secrets rotate`: new secrets while people write; `names.py` says which and in what order."""
