"""What happened that somebody outside may want to hear of: `tell` stores it, webapp.ops.notifications delivers it."""
