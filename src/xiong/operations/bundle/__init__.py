"""`xiong bundle`: one archive for whoever helps."""
