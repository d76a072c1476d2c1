"""`cfn-mlflow-watch`: a stack's operation as it goes, and what each MLflow resource waits for."""
