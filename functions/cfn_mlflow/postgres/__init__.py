"""What is inside the database? Roles, rights, logins and passwords, by the Data API."""
