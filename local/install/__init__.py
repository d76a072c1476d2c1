"""Installs Python environments from lock files: by uv, and by pip where uv is not to be had.

Runs on a bare Python, before anything is installed: nothing here imports a package.
"""
