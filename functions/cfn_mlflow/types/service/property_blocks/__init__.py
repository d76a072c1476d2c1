"""Which properties does the service have, block by block? properties.py joins the blocks."""
