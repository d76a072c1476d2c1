"""The compute of Aurora clusters: real PostgreSQL servers."""
