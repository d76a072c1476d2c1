"""SNS: which topic of the user's may an alarm notify? None is ever made."""
