"""Application Auto Scaling: how many tasks may a service have, and when more or fewer?"""
