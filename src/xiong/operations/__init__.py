"""One verb, one module, one implementation for all platforms."""
