"""The RDS API, where Aurora behaves otherwise than ministack does."""
