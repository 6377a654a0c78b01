"""What a pipeline and a person do about drift: the issue of the nightly job, a stack-file change, an `up`."""
