"""The web page for operators: what is wrong, who waits, and the few buttons that help."""
