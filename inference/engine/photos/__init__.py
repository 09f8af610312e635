"""From a file that somebody sent to a clean photo. No Django, no torch: server and nodes share it."""
