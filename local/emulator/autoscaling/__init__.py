"""Application Auto Scaling, which ministack lacks."""
