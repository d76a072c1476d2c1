"""What ministack takes for a Docker engine, and for images."""
