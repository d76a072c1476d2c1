"""CloudFormation, where ministack does otherwise: stacks, events, custom resources."""
