"""ECS, where ministack does otherwise: services, deployments, tasks."""
