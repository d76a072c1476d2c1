"""Custom::MLflow: how do a bucket, a database and a service become one resource?"""
