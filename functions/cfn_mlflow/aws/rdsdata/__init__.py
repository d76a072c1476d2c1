"""The RDS Data API: how does SQL reach an Aurora cluster, and why does it fail?"""
