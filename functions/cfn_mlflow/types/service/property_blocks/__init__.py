"""What can be asked of the service, block by block? properties.py joins the blocks."""
