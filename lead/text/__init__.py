"""Text encoders and the cache of what they say."""
