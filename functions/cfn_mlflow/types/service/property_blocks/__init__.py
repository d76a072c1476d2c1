"""What of the service is asked by which block of properties? properties.py joins them."""
