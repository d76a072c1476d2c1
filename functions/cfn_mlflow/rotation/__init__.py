"""How does the standby login get a new password, and the service move to it?"""
