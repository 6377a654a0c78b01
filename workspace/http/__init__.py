"""HTTP: routes, request bodies, authentication, errors, and the OpenAPI description."""
