"""How does a graph of resources become real, and how does it go? AWS is not known here."""
