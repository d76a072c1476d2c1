"""S3: which bucket is made or named, with which settings and which policy?"""
