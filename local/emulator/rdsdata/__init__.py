"""The RDS Data API on the real PostgreSQL of a cluster."""
