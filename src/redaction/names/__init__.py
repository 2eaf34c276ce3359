"""Names of people: Chinese by evidence, Roman script and indigenous ones by shape."""
