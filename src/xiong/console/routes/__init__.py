"""The console's addresses, by what people do there."""
