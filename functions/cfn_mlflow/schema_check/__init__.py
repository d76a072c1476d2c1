"""Is a database's schema what an MLflow release declares? It is found out by reading only."""
