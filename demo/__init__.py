"""What `make demo` shows: a stack becomes an MLflow that a client logs to."""
