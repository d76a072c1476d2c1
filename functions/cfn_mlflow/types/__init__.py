"""What is each resource type made of? Only this room knows the names of properties."""
