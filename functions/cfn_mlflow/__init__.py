"""MLflow on AWS as CloudFormation custom resources."""

__version__ = "0.1.0"
