"""What an AudioCast is made of: pure functions, spec in and Kubernetes objects out. They ask nobody."""
