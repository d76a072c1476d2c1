"""What do all types share? The walk from a request to a graph, and what several of them ask."""
