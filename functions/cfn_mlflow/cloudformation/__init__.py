"""How does a request come in, and how does its answer go out?

This room knows no resource type.
"""
