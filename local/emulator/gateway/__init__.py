"""The one address of all AWS APIs, and what is kept of the requests that come in."""
