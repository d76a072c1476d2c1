"""Application Load Balancers: their API, their sockets, the health of their targets."""
