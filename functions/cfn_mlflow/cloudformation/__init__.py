"""How does a request come in, and how does its answer go out? No resource type is known here."""
