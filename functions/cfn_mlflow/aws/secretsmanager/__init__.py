"""Secrets Manager: which secrets are made or named, for logins and for the server?"""
