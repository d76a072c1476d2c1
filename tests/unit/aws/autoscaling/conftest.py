from tests.support.objects.autoscaling_kit import scaled_service, service_to_scale

__all__ = ["scaled_service", "service_to_scale"]
