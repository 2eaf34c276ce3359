"""What the service knows: the shipped entries, their vectors, and the search over them."""
