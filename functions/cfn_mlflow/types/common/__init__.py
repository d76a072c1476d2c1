"""What do all types share? The way from a request to a graph, and the common properties."""
