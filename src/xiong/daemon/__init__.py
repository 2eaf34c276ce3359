"""`xiong watch`: one leader that looks at everything in turns, shows what it saw, and acts on it."""
