"""`xiong prove`: each artifact on its real component, as a matrix; one module for each of its `areas`."""
