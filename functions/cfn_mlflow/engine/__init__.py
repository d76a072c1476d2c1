"""How does a graph of resources become real, and how is it removed? This room does not know AWS."""
