"""Containers of an image that start with their imports done (docs/local-aws.md, "Warm starts").

`warm_parents` runs in the emulator. All other modules run in the interpreter of the image and
import the standard library alone.
"""
