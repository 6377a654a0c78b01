"""A drift report in a terminal and as JSON. The Markdown of the nightly issue is in model_serving/delivery/drift/."""
