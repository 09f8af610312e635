"""The gate in front of Django: how many connections, bytes and seconds a caller may take before anybody knows who it is."""
