"""Ground floor of everything live: typed events, group names, publish(), the base consumer and the one error type."""
