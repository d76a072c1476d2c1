"""Custom::MLflow: how do bucket, database and service become one resource?"""
